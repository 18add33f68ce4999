"""How the texts of a request to the register are read: moments, free texts, ratios."""

import re
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction

from bodycam_custody.clock import as_utc
from bodycam_custody.errors import RequestInvalidError

# A note is a sentence or two; what is longer belongs into a document.
TEXT_CHARACTERS = 500
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_RATIO = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?", re.ASCII)


def parse_beginning(name: str, text: str | None, *, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment from which something holds: now, a moment, or the beginning of a local day.

    Raises:
        RequestInvalidError: `text` is neither a date nor a date and time.
    """
    return now if text is None else as_utc(_parse_moment(name, text, zone))


def parse_end(name: str, text: str | None, *, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment up to which something held: now, a moment, or the end of a local day, but not after now.

    Raises:
        RequestInvalidError: `text` is neither a date nor a date and time.
    """
    if text is None:
        return now
    moment = _parse_moment(name, text, zone)
    is_day, is_past = _DAY.fullmatch(text) is not None, as_utc(moment) <= now
    return min(as_utc(moment + timedelta(days=1)), now) if is_day and is_past else as_utc(moment)


def _parse_moment(name: str, text: str, zone: tzinfo) -> datetime:
    """Return a moment, local where the text names no offset; a day is its beginning."""
    try:
        moment = datetime.fromisoformat(text)
        local = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
        # Year 1 has no hours before it that another offset could need.
        as_utc(local)
    except (ValueError, OverflowError) as err:
        raise RequestInvalidError(name=name, expected="2026-11-21 or 2026-11-21T08:30", found=text) from err
    return local


def parse_text(name: str, text: str | None) -> str | None:
    """Return a free text that can be shown on one line.

    Raises:
        RequestInvalidError: it is empty, too long, or has characters that are not for reading.
    """
    if text is not None and not (text.strip() and text.isprintable() and len(text) <= TEXT_CHARACTERS):
        expected = f"one line of 1 to {TEXT_CHARACTERS} printable characters"
        raise RequestInvalidError(name=name, expected=expected, found=ascii(text[:TEXT_CHARACTERS]))
    return text


def parse_ratio(name: str, text: str | None) -> Fraction | None:
    """Return a number of recorders per officer, such as 1 or 0.5.

    Raises:
        RequestInvalidError: it is no such number.
    """
    if text is not None and not _RATIO.fullmatch(text):
        raise RequestInvalidError(name=name, expected="a number such as 1 or 0.5", found=text)
    return None if text is None else Fraction(text)
