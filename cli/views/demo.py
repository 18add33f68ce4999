"""The outcome of a demonstration on one screen: found, safe, to look at, to try."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, TypedDict

from cli.labels import FILE_TYPE, REMARK, STORE_ROLE, label
from cli.language import _, ngettext
from cli.quantities import base_name, minute, moment, short_ids, size
from cli.tables import wrapped
from cli.views.safety import SAFE_STATES, remarks_on
from cli.wire import Clip, DockingDetail, Session, Status, Store

if TYPE_CHECKING:
    from bodycam_custody.demo.station import DemoOutcome

_INDENT = "  "
_COLUMNS = 100
_BROKEN_MEDIA = ("unparseable", "not-media")


class DemoValue(TypedDict):
    """What `custody demo --json` prints."""

    directory: str
    docking: DockingDetail
    status: Status
    clips: list[Clip]
    sessions: list[Session]


def demo_value(outcome: "DemoOutcome", sessions: list[Session]) -> DemoValue:
    """Return the outcome as JSON."""
    return {
        "directory": str(outcome.directory),
        "docking": outcome.docking,
        "status": outcome.status,
        "clips": outcome.clips,
        "sessions": sessions,
    }


def demo_text(demo: DemoValue, zone: tzinfo, columns: int | None) -> str:
    """Return the screen."""
    width = min(columns or _COLUMNS, _COLUMNS)
    opening = _("A station was set up in {folder} and has taken in one card. Times are local ({zone}).")
    sections = (
        (_("FOUND ON THE CARD"), _found(demo)),
        (_("SAFE"), _safe(demo)),
        (_("NEEDS ATTENTION"), _attention(demo, zone)),
    )
    lines = [wrapped(opening.format(folder=demo["directory"], zone=zone), width)]
    for title, content in sections:
        lines += ["", title, *(wrapped(line, width, indent=_INDENT, hanging=_INDENT * 2) for line in content)]
    # Commands are never wrapped: they are there to be copied.
    commands = [f"{_INDENT}{command}" for command in next_commands(demo)]
    return "\n".join([*lines, "", _("TRY NEXT"), *commands])


def _found(demo: DemoValue) -> list[str]:
    docking = demo["docking"]
    types = Counter(file["file_type"] for file in docking["files"])
    named = _(", ").join(f"{label(FILE_TYPE, file_type)} {count}" for file_type, count in types.most_common())
    found = ngettext("{count} file ({size}): {types}.", "{count} files ({size}): {types}.", docking["files_found"])
    taken = docking["files_sealed"] + docking["files_known"]
    left = docking["files_found"] - taken
    return [
        found.format(count=docking["files_found"], size=size(docking["bytes_found"]), types=named),
        _("Taken in: {taken}. Left on the card: {left}. Unexplained: {unexplained}.").format(
            taken=taken, left=left, unexplained=docking["files_unexplained"]
        ),
    ]


def _safe(demo: DemoValue) -> list[str]:
    safe = [clip for clip in demo["clips"] if clip["state"] in SAFE_STATES]
    stores = _(", ").join(_store(store) for store in demo["status"]["stores"])
    told = ngettext(
        "{count} clip: hashed and signed, written to {stores}, every copy re-read from the disk and compared.",
        "{count} clips: hashed and signed, written to {stores}, every copy re-read from the disk and compared.",
        len(safe),
    ).format(count=len(safe), stores=stores)
    ledger = _("The ledger has {size} entries and a signed head.").format(size=demo["status"]["ledger"]["size"])
    return [told, ledger, *remarks_on(clip["state"] for clip in safe)]


def _store(store: Store) -> str:
    # In Chinese the store's role is the legal word people know; its id is what commands use.
    return _("{store} ({role})").format(store=store["store_id"], role=label(STORE_ROLE, store["role"]))


def _attention(demo: DemoValue, zone: tzinfo) -> list[str]:
    lines = [f"! {line}" for clip in demo["clips"] for line in _about(clip, zone)]
    names = {clip["clip_id"]: base_name(clip["source_path"]) for clip in demo["clips"]}
    lines += [f"! {line}" for session in demo["sessions"] for line in _interruptions(session, names, zone)]
    return lines or [_("Nothing.")]


def _about(clip: Clip, zone: tzinfo) -> list[str]:
    name, lines = base_name(clip["source_path"]), []
    if clip["state"] not in SAFE_STATES:
        lines.append(_("Not safe: {name}").format(name=name))
    if clip["handover"] == "late":
        late = _("Handed over late: {name}; recorded until {ended}, due {due}, docked {docked}.")
        ended, due, docked = (minute(clip[key], zone) for key in ("recorded_to", "handover_due", "docked_at"))
        lines.append(late.format(name=name, ended=ended, due=due, docked=docked))
    if clip["file_type"] == "foreign":
        lines.append(_("Foreign file: {name}; {why}.").format(name=name, why=label(REMARK, "foreign-file")))
    elif clip["size_bytes"] == 0:
        lines.append(_("Empty file: {name}; it has no content and is kept all the same.").format(name=name))
    elif broken := [code for code in _BROKEN_MEDIA if code in clip["remarks"]]:
        lines.append(_("Damaged recording: {name}; {why}.").format(name=name, why=label(REMARK, broken[0])))
    return lines


def _interruptions(session: Session, names: Mapping[str, str], zone: tzinfo) -> Sequence[str]:
    told = _(
        "Interruption: nothing was recorded for {length} from {begins}, before {name}; "
        "a written note is due (A3 art. 5)."
    )
    return [
        told.format(
            length=_length(gap["seconds"]),
            begins=moment(gap["begins"], zone),
            name=names.get(gap["before"], gap["before"]),
        )
        for gap in session["gaps"]
    ]


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    text = _("{minutes} min {seconds} s") if rest else _("{minutes} min")
    return text.format(minutes=minutes, seconds=rest)


def next_commands(demo: DemoValue) -> list[str]:
    """Return the commands to try, ready to be copied."""
    folder = demo["directory"]
    custody = f"custody --config {shlex.quote(f'{folder}/config.toml')}"
    commands = [f"{custody} status", f"{custody} clips list"]
    if demo["clips"]:
        first = short_ids(clip["clip_id"] for clip in demo["clips"])[demo["clips"][0]["clip_id"]]
        commands += [f"{custody} clips history {first}", f"{custody} clips verify {first}"]
    stores = " ".join(shlex.quote(store["path"]) for store in demo["status"]["stores"])
    return [*commands, f"custody audit verify {stores} --trust {shlex.quote(f'{folder}/trust')}"]
