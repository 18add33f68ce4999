"""The slip of a plain folder that stands for a card, for tests and measurements."""

from datetime import datetime
from pathlib import Path
from typing import Any

from docking.slips import FOLDER_FILESYSTEM, DockSlip


def folder_slip(folder: Path, docked_at: datetime, **differing: Any) -> DockSlip:
    """Return the slip of recorder 4255:0001 0000017 in slot 1, its clock not measured, but for what differs."""
    slip: dict[str, Any] = {
        "device": None,
        "diskseq": None,
        "port_path": "port-1",
        "slot": "slot 1",
        "vendor_id": "4255",
        "product_id": "0001",
        "serial": "0000017",
        "filesystem": FOLDER_FILESYSTEM,
        "mount_point": folder.absolute(),
        "docked_at": docked_at,
        "clock_offset_ms": None,
        "clock_offset_uncertainty_ms": None,
    }
    return DockSlip(**(slip | differing))
