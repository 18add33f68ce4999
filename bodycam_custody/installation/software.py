"""Which software this is, as it signs itself in bags and entries."""

from functools import cache


@cache
def software_name() -> str:
    """Return name and version of the installed wheel."""
    # Only what writes needs it, and it is a tenth of the time of a command that only looks.
    from importlib import metadata

    return f"bodycam-custody {metadata.version('bodycam-custody')}"
