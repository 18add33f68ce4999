"""The receipt for a docking (移交清单) as a page to print and sign."""

from datetime import tzinfo

from cli.labels import FILE_TYPE, HANDOVER, HANDOVER_POINT, HANDOVER_REASON, OUTCOME, label
from cli.language import _
from cli.quantities import duration, moment, short_ids, size, span
from cli.tables import pairs
from cli.views.docking import kept_before
from cli.wire import Receipt, ReceiptDocument, ReceiptFile, ReceiptLeft

_INDENT = "  "
_LINE = "_" * 24


def receipt_text(receipt: Receipt, document: ReceiptDocument, zone: tzinfo) -> str:
    """Return the page: whose, what, every file, how late, and where to sign."""
    short = short_ids(file["clip_id"] for file in document["files"])
    files = [_file(number, file, short, zone) for number, file in enumerate(document["files"], start=1)]
    parts = [
        _("Receipt for recordings handed over (A3 art. 7)"),
        pairs(_about(document, zone)),
        pairs(_counts(document)),
        "\n".join([_("Files"), *files]),
        *_not_taken_over(document["left"], zone),
        _("Times in {zone}. The counts are of files on the card: one seen twice counts twice.").format(zone=zone),
        pairs(_proof(receipt, document)),
        _check(),
        _signatures(document),
    ]
    return "\n\n".join(parts)


def _about(document: ReceiptDocument, zone: tzinfo) -> list[tuple[str, str]]:
    station, docking = document["station"], document["docking"]
    accepted = _("not yet")
    if docking["accepted_at"] is not None:
        accepted = _("{when} by {person}").format(
            when=moment(docking["accepted_at"], zone), person=docking["accepted_by"]
        )
    return [
        (_("Unit"), station["unit"]),
        (_("Station"), f"{station['name']} ({station['origin']})"),
        (_("Docking"), docking["docking_id"]),
        (_("Recorder"), docking["recorder_id"]),
        (_("Officer"), docking["officer_id"] or "–"),
        (_("Docked"), moment(docking["docked_at"], zone)),
        (_("Finished"), moment(docking["closed_at"], zone)),
        (_("Accepted"), accepted),
        (_("Receipt of"), moment(document["issued_at"], zone)),
    ]


def _counts(document: ReceiptDocument) -> list[tuple[str, str]]:
    counts, rules = document["counts"], document["rules"]
    allowed = _("{hours} hours, until {point}").format(
        hours=rules["handover_hours"], point=label(HANDOVER_POINT, rules["handover_point"])
    )
    late = str(counts["late"])
    if document["longest_late_ms"] is not None:
        late = _("{count}, by up to {longest}").format(
            count=counts["late"], longest=duration(document["longest_late_ms"])
        )
    return [
        (_("Files found"), f"{counts['found']} ({size(counts['bytes'])})"),
        (_("Sealed now"), str(counts["sealed"])),
        (_("Already kept"), kept_before(counts["known"], counts["listed"])),
        (_("Failed"), str(counts["failed"])),
        (_("Foreign files"), str(counts["foreign"])),
        (_("Time allowed"), allowed),
        (label(HANDOVER, "on-time"), str(counts["on_time"])),
        (label(HANDOVER, "late"), late),
        (label(HANDOVER, "undeterminable"), str(counts["undeterminable"])),
    ]


def _file(number: int, file: ReceiptFile, short: dict[str, str], zone: tzinfo) -> str:
    kind = label(FILE_TYPE, file["file_type"])
    outcome = label(OUTCOME, file["outcome"])
    if file["basis"] == "listed":
        outcome = _("{outcome} (not read again)").format(outcome=outcome)
    seen = _("seen {count} times").format(count=file["sightings"])
    lines = [
        f"{number:>4}  {short[file['clip_id']]}  {file['name'] or '–'}",
        f"      {size(file['size_bytes'])} ({file['size_bytes']} B), {kind}, {outcome}, {seen}",
        f"      sha256 {file['sha256'] or '–'}",
    ]
    handover = file["handover"]
    if handover is not None:
        recorded = span(handover["recorded_from"], handover["recorded_to"], zone)
        lines.append(
            "      " + _("recorded {when}; due {due}").format(when=recorded, due=moment(handover["due"], zone))
        )
        verdict, reason = label(HANDOVER, handover["verdict"]), label(HANDOVER_REASON, handover["reason"])
        lines.append("      " + _("{verdict}: {reason}").format(verdict=verdict, reason=reason))
    return "\n".join(lines)


def _not_taken_over(left: ReceiptLeft | None, zone: tzinfo) -> list[str]:
    if left is None:
        return []
    said = {
        "withdrawn": _("Not taken over; the recorder was withdrawn for recovery by {person}, {when}: {reason}"),
        "released-uncleared": _("Not taken over; the recorder was released uncleared by {person}, {when}: {reason}"),
    }
    reason = left["reason"] or _("(reason erased)")
    lines = [said[left["act"]].format(person=left["by"], when=moment(left["at"], zone), reason=reason)]
    if not left["card_was_listed_whole"]:
        lines.append(_INDENT + _("The card was not read to its end: there may be more on it than is listed here."))
    lines += [
        f"{number:>4}  {file['name'] or '–'}  {size(file['size_bytes'])} ({file['size_bytes']} B),"
        f" {label(FILE_TYPE, file['file_type'])}, {label(OUTCOME, file['outcome'])}"
        for number, file in enumerate(left["files"], start=1)
    ]
    lines += [_INDENT + _("{folder}: could not be listed").format(folder=name or "–") for name in left["folders"]]
    return ["\n".join(lines)]


def _proof(receipt: Receipt, document: ReceiptDocument) -> list[tuple[str, str]]:
    checkpoint = document["checkpoint"]
    return [
        (_("Ledger entries covered"), str(checkpoint["size"])),
        (_("Root of the ledger"), checkpoint["root"]),
        (_("Ledger entry of this receipt"), str(receipt["entry"])),
        (_("SHA-256 of the signed form"), receipt["sha256"]),
    ]


def _check() -> str:
    # A command, not words: the same in every language.
    command = "ssh-keygen -Y verify -f allowed_signers -I station -n custody-receipt -s FILE.json.sig < FILE.json"
    return _("The signed form is checked without the station by:") + f"\n{_INDENT}{command}"


def _signatures(document: ReceiptDocument) -> str:
    docking = document["docking"]
    lines = [
        (_("Handed over by (officer)"), docking["officer_id"] or ""),
        (_("Taken over by (custodian)"), docking["accepted_by"] or ""),
    ]
    rows = [(f"{who} {person}".rstrip(), _("{line}  Date {line}").format(line=_LINE)) for who, person in lines]
    return pairs(rows)
