"""How dates, texts and ratios of a request are read."""

from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from bodycam_custody.errors import RequestInvalidError
from bodycam_custody.recorders.reading import parse_beginning, parse_end, parse_ratio

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        (None, NOW, NOW),
        ("2026-11-20", datetime(2026, 11, 19, 16, tzinfo=UTC), datetime(2026, 11, 20, 16, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 20, 16, tzinfo=UTC), NOW),
        *(
            (text, datetime(2026, 11, 21, 0, 30, tzinfo=UTC), datetime(2026, 11, 21, 0, 30, tzinfo=UTC))
            for text in ("2026-11-21T08:30", "2026-11-21T00:30:00Z", "2026-11-21 08:30")
        ),
        ("2026-11-22", datetime(2026, 11, 21, 16, tzinfo=UTC), datetime(2026, 11, 21, 16, tzinfo=UTC)),
    ],
)
def test_a_day_begins_and_ends_where_people_live(text: str | None, begins: datetime, ends: datetime) -> None:
    """Whoever holds a recorder on its last day holds it for all of that day, so far as it has passed."""
    assert parse_beginning("since", text, now=NOW, zone=ZONE) == begins
    assert parse_end("on", text, now=NOW, zone=ZONE) == ends


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "21.11.2026", "0001-01-01"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(RequestInvalidError) as refused:
        parse_beginning("since", text, now=NOW, zone=ZONE)
    assert str(refused.value) == f"parameter since: expected 2026-11-21 or 2026-11-21T08:30, found {text}"


def test_a_ratio_is_exact() -> None:
    assert parse_ratio("minimum", None) is None
    assert parse_ratio("minimum", "1") == Fraction(1)
    assert parse_ratio("minimum", "0.1") == Fraction(1, 10)
    for text in ("1e3", "-1", "1/2", "", "nan", "١"):
        with pytest.raises(RequestInvalidError, match=r"minimum: expected a number such as 1 or 0\.5, found"):
            parse_ratio("minimum", text)
