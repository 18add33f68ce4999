"""What a local time without offset means: one moment, or either of two where clocks are put back or forward."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMoment:
    """The earlier moment a local time may mean, and by how many seconds the other one is later; 0 for only one."""

    at: datetime
    doubt_s: float


def local_moment(local: datetime, zone: tzinfo) -> LocalMoment:
    """Return what the naive time `local` means in `zone`.

    In the hour that comes twice, and in the one that never comes, it is doubted by the difference of both readings.

    Raises:
        OverflowError: there is no such moment in UTC.
    """
    readings = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return LocalMoment(at=min(readings), doubt_s=(max(readings) - min(readings)).total_seconds())
