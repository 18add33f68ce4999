"""What a check of the recorder register found, always with what it is counted of."""

from datetime import tzinfo

from cli.labels import RECORDER_FINDING, RECORDER_STATE, label
from cli.language import _
from cli.quantities import minute, moment
from cli.wire import Recorder, RecorderCheck, RecorderCount, RecordersPerOfficer

_INDENT = "  "


def recorder_check_text(check: RecorderCheck, zone: tzinfo) -> str:
    """Return the findings for a person: missing first."""
    since = _("not docked since {since}").format(since=moment(check["since"], zone))
    never = _("never docked since the issue, and {hours} hours are over").format(hours=check["handover_hours"])
    overdue = _("neither issued nor docked within {hours} hours").format(hours=check["handover_hours"])
    lines = [
        *_counted("missing", check["missing"], since if check["since"] else never, _("issued"), zone),
        *_counted("overdue", check["overdue"], overdue, _("issued"), zone),
        *_counted("faulty", check["faulty"], _("not usable"), _("registered and not retired"), zone),
        *_counted(
            "withdrawn",
            check["withdrawn"],
            _("files of it were never kept (A3 art. 7)"),
            _("registered or ever docked"),
            zone,
        ),
        *_counted(
            "unregistered",
            check["unregistered"],
            _("sealed and held; cannot be filed until registered (A3 art. 3)"),
            _("ever docked"),
            zone,
        ),
        *_officers(check),
        "",
        _("Checked {at}; times in {zone}. Nothing was entered.").format(at=moment(check["at"], zone), zone=zone),
    ]
    return "\n".join(lines)


def _counted(code: str, found: RecorderCount, why: str, of: str, zone: tzinfo) -> list[str]:
    line = _("{finding}: {count} of {total} ({of}) – {why}").format(
        finding=label(RECORDER_FINDING, code), count=found["count"], total=found["of"], of=of, why=why
    )
    return [line, *(f"{_INDENT}{_named(one, zone)}" for one in found["items"])]


def _named(one: Recorder, zone: tzinfo) -> str:
    told = _("{recorder}  officer {officer} since {since}, last docked {docked}")
    return told.format(
        recorder=one["recorder_id"],
        officer=one["officer_id"] or "–",
        since=minute(one["held_since"], zone),
        docked=minute(one["last_docked_at"], zone),
    )


def _officers(check: RecorderCheck) -> list[str]:
    without, ratio = check["officers_without"], check["per_officer"]
    lines = [
        _("{finding}: {count} of {total}").format(
            finding=label(RECORDER_FINDING, "officers-without"), count=without["count"], total=without["of"]
        ),
        *(f"{_INDENT}{officer}" for officer in without["items"]),
        _("Recorders in service for each officer: {ratio} ({recorders} for {officers})").format(
            ratio="–" if ratio["ratio"] is None else f"{ratio['ratio']:g}",
            recorders=ratio["recorders"],
            officers=ratio["officers"],
        ),
    ]
    if ratio["minimum"] is not None:
        said = _("Minimum {minimum:g} for each officer: {verdict}")
        lines.append(said.format(minimum=ratio["minimum"], verdict=_verdict(ratio)))
    return lines


def _verdict(ratio: RecordersPerOfficer) -> str:
    verdicts = {"yes": _("met"), "no": _("NOT met"), "cannot-tell": _("cannot tell: no officer is appointed")}
    return verdicts[str(ratio["enough"])]


def check_headers() -> list[str]:
    """Return the first line of the findings as a file."""
    return [
        *(_("Finding"), _("Recorder"), _("State"), _("Officer"), _("Operator"), _("Since"), _("Last docked")),
        *(_("Count"), _("Of")),
    ]


def check_rows(check: RecorderCheck, zone: tzinfo) -> list[list[str | int | None]]:
    """Return the findings as lines of a file: each finding's count and what it is counted of, then its recorders."""
    counted: list[tuple[str, RecorderCount]] = [
        ("missing", check["missing"]),
        ("overdue", check["overdue"]),
        ("faulty", check["faulty"]),
        ("withdrawn", check["withdrawn"]),
        ("unregistered", check["unregistered"]),
    ]
    rows: list[list[str | int | None]] = []
    for code, found in counted:
        finding = label(RECORDER_FINDING, code)
        rows.append([finding, *[None] * 6, found["count"], found["of"]])
        rows += [[finding, *_row(one, zone), None, None] for one in found["items"]]
    without = check["officers_without"]
    finding = label(RECORDER_FINDING, "officers-without")
    rows.append([finding, *[None] * 6, without["count"], without["of"]])
    rows += [[finding, None, None, officer, *[None] * 5] for officer in without["items"]]
    ratio = check["per_officer"]
    rows.append([label(RECORDER_FINDING, "per-officer"), *[None] * 6, ratio["recorders"], ratio["officers"]])
    if ratio["minimum"] is not None:
        rows.append(
            [label(RECORDER_FINDING, "minimum"), None, _verdict(ratio), *[None] * 4, f"{ratio['minimum']:g}", 1]
        )
    return rows


def _row(one: Recorder, zone: tzinfo) -> list[str | int | None]:
    return [
        one["recorder_id"],
        label(RECORDER_STATE, one["state"]),
        one["officer_id"],
        one["operator_id"],
        one["held_since"] and moment(one["held_since"], zone),
        one["last_docked_at"] and moment(one["last_docked_at"], zone),
    ]
