"""One docking: what was on the card, what became of it, and whether the card may go."""

from collections.abc import Mapping
from datetime import tzinfo

from cli.labels import DOCKING_KIND, HANDOVER, PHASE, SPECIAL_KIND, label
from cli.language import _
from cli.messages import told
from cli.quantities import moment, size
from cli.tables import pairs
from cli.views.clearing import clearing_lines, clearing_rows
from cli.views.comparison import acceptance_row, difference_lines, judged_rows
from cli.views.release import release_rows, take_away
from cli.views.safety import remark_line
from cli.wire import Docking, DockingDetail

_INDENT = "  "


def counts(docking: Docking) -> list[tuple[str, str]]:
    """Return what was found and what became of it; all zero differences are said too (R11)."""
    return [
        (_("Files found"), f"{docking['files_found']} ({size(docking['bytes_found'])})"),
        (_("Sealed now"), str(docking["files_sealed"])),
        (_("Already kept"), kept_before(docking["files_known"], docking["files_listed"])),
        (_("Failed"), str(docking["files_failed"])),
        (_("Unexplained"), str(docking["files_unexplained"])),
        (_("Foreign files"), str(docking["foreign_files"])),
        (_("Links, pipes, devices"), str(docking["special_files"])),
    ]


def kept_before(known: int, listed: int) -> str:
    """Return how many files were kept before, and how many of those nobody read this time."""
    if not listed:
        return str(known)
    return _("{known}, {listed} of them by the listing, not read again").format(known=known, listed=listed)


def verdicts(by_handover: Mapping[str, int]) -> str:
    """Return how many clips have which handover verdict, on one line."""
    named = [f"{label(HANDOVER, verdict)} {count}" for verdict, count in by_handover.items() if count]
    return _(", ").join(named) or "–"


def docking_text(docking: DockingDetail, zone: tzinfo) -> str:
    """Return one docking for a person: first whether the card may go."""
    rows = [
        (_("Docking"), docking["docking_id"]),
        (_("What"), label(DOCKING_KIND, docking["kind"])),
        (_("Recorder"), docking["recorder_id"]),
        (_("Officer"), docking["officer_id"] or "–"),
        (_("Docked"), f"{moment(docking['docked_at'] or docking['seen_at'], zone)} ({zone})"),
        (_("Phase"), label(PHASE, docking["phase"])),
        *counts(docking),
        (_("Handover"), verdicts(docking["handover"])),
        acceptance_row(docking, zone),
        *release_rows(docking, zone),
        *clearing_rows(docking, zone),
        *(judged_rows(docking) if docking["kind"] == "dock" else []),
    ]
    said = _("This card: {verdict}.") if docking["kind"] == "dock" else _("This folder: {verdict}.")
    verdict = said.format(verdict=take_away(docking))
    remarks = [remark_line(code) for code in docking["remarks"]]
    cleared = clearing_lines(docking["clearing"])
    about = [pairs(rows, indent=_INDENT), *cleared, *difference_lines(docking), *_problems(docking)]
    return "\n".join([verdict, *remarks, "", *about])


def _problems(docking: DockingDetail) -> list[str]:
    lines = [told(problem) for problem in docking["problems"]]
    lines += [
        f"{file['path'] or '–'}: {told(file['problem'])}" for file in docking["files"] if file["problem"] is not None
    ]
    lines += [
        _("{path}: {kind}, not opened").format(path=special["path"] or "–", kind=label(SPECIAL_KIND, special["kind"]))
        for special in docking["specials"]
    ]
    return ["", _("Needs attention"), *(f"{_INDENT}{line}" for line in lines)] if lines else []
