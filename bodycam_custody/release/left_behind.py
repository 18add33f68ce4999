"""What a docking left on its card: files that were not sealed, and folders that could not be listed (R11)."""

from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.model import FileOutcome
from docking.source import SpecialKind

# What was not even listed may hold recordings; another filesystem below the card is such a folder too.
UNLISTED = (
    SpecialKind.UNREADABLE_DIRECTORY,
    SpecialKind.UNREADABLE_ENTRY,
    SpecialKind.DIRECTORY_LOOP,
    SpecialKind.OTHER_FILESYSTEM,
)


def files_left(catalog: Catalog, docking_id: str) -> list[dict[str, Any]]:
    """Return the files of a docking that are neither sealed nor kept before, in the order of its inventory."""
    return catalog.rows(
        "SELECT file, path, size_bytes, mtime_ns, file_type, outcome, failure FROM files"
        " WHERE docking_id = ? AND outcome NOT IN (?, ?) ORDER BY file",
        (docking_id, FileOutcome.SEALED, FileOutcome.KNOWN),
    )


def folders_left(catalog: Catalog, docking_id: str) -> list[dict[str, Any]]:
    """Return what of the card could not be listed."""
    marks = ",".join("?" * len(UNLISTED))
    return catalog.rows(
        f"SELECT path, kind FROM specials WHERE docking_id = ? AND kind IN ({marks}) ORDER BY rowid",  # noqa: S608  # only marks
        (docking_id, *UNLISTED),
    )
