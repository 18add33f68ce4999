"""Time as custody needs it: aware UTC, passed in, and written in one form."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The station's clock: wall time in UTC, and a monotonic count that no clock step moves."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds since some fixed moment, unaffected by clock steps."""
        return time.monotonic()


class SetClock(Clock):
    """A clock that stands where it was set, for rehearsals and tests."""

    def __init__(self, now: datetime) -> None:
        self._now = as_utc(now)

    def now(self) -> datetime:
        """Return the moment the clock was last set to."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move the clock by `step`, backwards if it is negative."""
        self._now += step


def as_utc(moment: datetime) -> datetime:
    """Return `moment` in UTC; a naive datetime is a programming error, never guessed at."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime: {moment!r}")
    return moment.astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """Return the one form in which times enter ledger and interfaces: UTC, six fraction digits, Z."""
    return as_utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def parse_rfc3339(text: str) -> datetime:
    """Read an RFC 3339 time with an offset.

    Raises:
        ValueError: the text is not such a time, or names no offset.
    """
    return as_utc(datetime.fromisoformat(text))
