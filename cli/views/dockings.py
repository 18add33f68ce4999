"""Many dockings as a table."""

from collections.abc import Sequence
from datetime import tzinfo

from cli.labels import DOCKING_KIND, PHASE, label
from cli.language import _
from cli.quantities import minute
from cli.tables import table
from cli.views.clearing import card_said, waiting_lines
from cli.views.safety import remark_line
from cli.wire import Docking

_NUMBERS = frozenset({4, 5, 6})


def dockings_text(dockings: Sequence[Docking], zone: tzinfo, columns: int | None) -> str:
    """Return the dockings as a table, newest first, and what must be said beside it."""
    if not dockings:
        return _("No card has been docked yet.")
    headers = (
        _("Docking"),
        _("Docked"),
        _("Slot"),
        _("Phase"),
        _("Found"),
        _("Kept"),
        _("Left"),
        _("Card"),
        _("Officer"),
        _("Recorder"),
    )
    rows = [_row(docking, zone) for docking in dockings]
    remarks = sorted({code for docking in dockings for code in docking["remarks"]})
    closing = [
        _("Times in {zone}.").format(zone=zone),
        *(remark_line(code) for code in remarks),
        *waiting_lines(dockings),
    ]
    return "\n".join([table(headers, rows, right=_NUMBERS, columns=columns), "", *closing])


def _row(docking: Docking, zone: tzinfo) -> tuple[str, ...]:
    kept = docking["files_sealed"] + docking["files_known"]
    return (
        docking["docking_id"],
        minute(docking["docked_at"] or docking["seen_at"], zone),
        docking["slot"] or label(DOCKING_KIND, docking["kind"]),
        label(PHASE, docking["phase"]),
        str(docking["files_found"]),
        str(kept),
        str(docking["files_found"] - kept),
        card_said(docking),
        docking["officer_id"] or "–",
        docking["recorder_id"],
    )
