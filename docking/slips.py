"""Dock slips in their folder: reading only those that count, writing whole ones."""

from pathlib import Path
from typing import Final

from docking.card_mount import check_card_mount
from docking.notes import NOTE_SUFFIX, read_note, write_note
from docking.slip_format import FOLDER_FILESYSTEM, DockSlip, format_slip, parse_slip

__all__ = [
    "FOLDER_FILESYSTEM",
    "SLIP_SUFFIX",
    "DockSlip",
    "check_card_mount",
    "format_slip",
    "parse_slip",
    "read_slip",
    "write_slip",
]

SLIP_SUFFIX: Final = NOTE_SUFFIX


def read_slip(path: Path, *, trusted_uids: frozenset[int]) -> DockSlip:
    """Read the slip at `path` if only a trusted user can have written it.

    Guaranteed: what was parsed came from a regular file, not a link, owned by one of `trusted_uids`, writable by
    nobody else, of at most 16 KiB. Not checked: that the folder is as well protected, nor that the card is mounted.

    Raises:
        SlipUnreadableError: it vanished or cannot be opened.
        SlipUntrustedError: somebody else could have written it.
        SlipMalformedError: it is not a slip.
    """
    return parse_slip(read_note(path, trusted_uids=trusted_uids), path)


def write_slip(folder: Path, name: str, slip: DockSlip) -> Path:
    """Write `slip` as `<name>.json` into `folder` and return its path; readers see all of it or nothing.

    A slip of the same name is replaced. Not durable: slips live in a tmpfs and mean nothing after a restart.

    Raises:
        ValueError: `name` is not 1 to 64 letters, digits, dots, dashes and underscores.
        OSError: the folder cannot be written.
    """
    return write_note(folder, name, format_slip(slip))
