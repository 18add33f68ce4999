"""Sizes, times and ids as people read them."""

from collections.abc import Iterable
from datetime import datetime, tzinfo

_STEP = 1024  # binary units, written as such
_UNITS = ("KiB", "MiB", "GiB", "TiB")
_SHORTEST_ID = 8  # enough to be unique on a station for years; the station takes prefixes from 6 on


def size(size_bytes: int) -> str:
    """Return a size in the unit that keeps it short."""
    if size_bytes < _STEP:
        return f"{size_bytes} B"
    power = min((size_bytes.bit_length() - 1) // 10, len(_UNITS))
    return f"{size_bytes / _STEP**power:.1f} {_UNITS[power - 1]}"


def moment(text: str | None, zone: tzinfo) -> str:
    """Return an RFC 3339 time as local date and time, or a dash when there is none."""
    return "–" if text is None else _local(text, zone).strftime("%Y-%m-%d %H:%M:%S")


def minute(text: str | None, zone: tzinfo) -> str:
    """Return an RFC 3339 time as local date, hour and minute, or a dash when there is none."""
    return "–" if text is None else _local(text, zone).strftime("%Y-%m-%d %H:%M")


def span(start: str | None, stop: str | None, zone: tzinfo) -> str:
    """Return two RFC 3339 times as one local stretch of time; the date of the end only where it differs."""
    if start is None or stop is None:
        return moment(start or stop, zone)
    first, last = _local(start, zone), _local(stop, zone)
    form = "%H:%M:%S" if first.date() == last.date() else "%Y-%m-%d %H:%M:%S"
    return f"{first:%Y-%m-%d %H:%M:%S} – {last.strftime(form)}"


def duration(milliseconds: int) -> str:
    """Return a length of time in hours, minutes and seconds, rounded up: what is late by a moment is not late by 0."""
    seconds = -(-milliseconds // 1000)
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def _local(text: str, zone: tzinfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)


def base_name(path: str | None) -> str:
    """Return the last part of a path on a card, or a dash when its text was erased."""
    return "–" if path is None else path.rstrip("/").rpartition("/")[2] or path


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """Return for each id its shortest prefix, of 8 characters or more, that no other of them shares."""
    ordered = sorted(set(ids))
    short: dict[str, str] = {}
    for index, name in enumerate(ordered):
        neighbours = ordered[max(0, index - 1) : index] + ordered[index + 1 : index + 2]
        length = max([_SHORTEST_ID, *(_common(name, other) + 1 for other in neighbours)])
        short[name] = name[:length]
    return short


def _common(one: str, other: str) -> int:
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))
