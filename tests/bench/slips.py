"""Folder cards in slots: the dock slips that announce them."""

from pathlib import Path

from bodycam_custody.clock import Clock
from config.settings import Settings
from docking.slips import FOLDER_FILESYSTEM, DockSlip, write_slip


def dock_folder(settings: Settings, card: Path, *, slot: int) -> Path:
    """Put a folder into a slot as a card of that slot's own recorder, and return its slip."""
    slip = DockSlip(
        device=None,
        diskseq=None,
        port_path=f"bench-{slot}",
        slot=f"slot {slot}",
        vendor_id="4255",
        product_id="0001",
        serial=f"BENCH{slot:02d}",
        filesystem=FOLDER_FILESYSTEM,
        mount_point=card,
        docked_at=Clock().now(),
        clock_offset_ms=None,
        clock_offset_uncertainty_ms=None,
    )
    return write_slip(settings.paths.slips, f"slot-{slot}", slip)
