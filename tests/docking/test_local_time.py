"""A local time means one moment, or two where the clocks are changed (R32)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from docking.local_time import LocalMoment, local_moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("local", "zone", "at", "doubt_s"),
    [
        ("2026-11-21T20:00", ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 21, 12, tzinfo=UTC), 0),
        ("2026-10-25T02:30", BERLIN, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 3600),
        ("2026-10-25T03:00", BERLIN, datetime(2026, 10, 25, 2, tzinfo=UTC), 0),
        ("2026-03-29T02:30", BERLIN, datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 3600),
        # Shanghai had summer time until 1991.
        ("1990-09-16T01:30", ZoneInfo("Asia/Shanghai"), datetime(1990, 9, 15, 16, 30, tzinfo=UTC), 3600),
    ],
)
def test_only_where_clocks_are_changed_there_is_doubt(local: str, zone: ZoneInfo, at: datetime, doubt_s: float) -> None:
    assert local_moment(datetime.fromisoformat(local), zone) == LocalMoment(at=at, doubt_s=doubt_s)
