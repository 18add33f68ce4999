"""Which software this is, as it signs itself in bags and entries."""

from functools import cache
from importlib import metadata


@cache
def software_name() -> str:
    """Return name and version of the installed wheel."""
    return f"bodycam-custody {metadata.version('bodycam-custody')}"
