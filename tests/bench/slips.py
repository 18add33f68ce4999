"""Folder cards in slots: the dock slips that announce them."""

from pathlib import Path

from bodycam_custody.clock import Clock
from config.settings import Settings
from docking.slips import write_slip
from tests.docking.folder_slips import folder_slip


def dock_folder(settings: Settings, card: Path, *, slot: int) -> Path:
    """Put a folder into a slot as a card of that slot's own recorder, and return its slip."""
    slip = folder_slip(card, Clock().now(), port_path=f"bench-{slot}", slot=f"slot {slot}", serial=f"BENCH{slot:02d}")
    return write_slip(settings.paths.slips, f"slot-{slot}", slip)
