"""What a start-up makes of clearings that a crash cut short."""

import logging
from collections.abc import Collection

from bodycam_custody.clearing.drafts import failed_draft
from bodycam_custody.clearing.errors import ClearingBrokenOffError
from bodycam_custody.clearing.folding import ClearingState, Gone
from bodycam_custody.entries import DAEMON
from bodycam_custody.model import DockingId
from bodycam_custody.station import Station

logger = logging.getLogger(__name__)


def enter_interrupted_clearings(station: Station, under_way: Collection[str]) -> None:
    """Enter of each clearing without an end that it broke off, naming every file it may have removed.

    Which of them are really gone shows when the recorder is docked again. `under_way` are left alone.

    Raises:
        LedgerRefusesError: nothing may be appended.
    """
    for row in station.catalog.rows("SELECT docking_id FROM dockings WHERE clearing = ?", (ClearingState.CLEARING,)):
        docking_id = DockingId(row["docking_id"])
        if docking_id in under_way:
            continue
        files = station.catalog.rows(
            "SELECT file FROM files WHERE docking_id = ? AND cleared = ?", (docking_id, Gone.PERHAPS)
        )
        perhaps = [file["file"] for file in files]
        error = ClearingBrokenOffError(removed=0, files=len(perhaps), unknown=len(perhaps))
        logger.error("clearing was cut short docking=%s files=%s", docking_id, len(perhaps))
        station.record.enter([failed_draft(docking_id, DAEMON, error, perhaps_removed=perhaps)])
