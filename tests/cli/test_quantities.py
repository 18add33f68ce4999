"""Sizes, times and ids read as people expect."""

import string
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.quantities import minute, moment, short_ids, size, span

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (2**20, "1.0 MiB"), (2**52, "4096.0 TiB")],
)
def test_a_size_is_written_in_the_unit_that_keeps_it_short(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text


def test_times_are_local_and_a_missing_time_is_a_dash() -> None:
    assert moment("2026-11-21T20:00:05.123456Z", SHANGHAI) == "2026-11-22 04:00:05"
    assert minute("2026-11-21T20:00:05.123456Z", SHANGHAI) == "2026-11-22 04:00"
    assert moment(None, SHANGHAI) == "–"


def test_a_span_says_the_second_date_only_where_it_differs() -> None:
    assert span("2026-11-21T02:00:00Z", "2026-11-21T02:01:00Z", SHANGHAI) == "2026-11-21 10:00:00 – 10:01:00"
    assert span("2026-11-21T15:59:00Z", "2026-11-21T16:01:00Z", SHANGHAI) == "2026-11-21 23:59:00 – 2026-11-22 00:01:00"
    assert span("2026-11-21T02:00:00Z", None, SHANGHAI) == "2026-11-21 10:00:00"


def test_short_ids_grow_only_where_two_would_look_alike() -> None:
    assert short_ids(["abcdefghijkl", "abcdefghijxx", "zzzzzzzzzzzz"]) == {
        "abcdefghijkl": "abcdefghijk",
        "abcdefghijxx": "abcdefghijx",
        "zzzzzzzzzzzz": "zzzzzzzz",
    }


@given(st.lists(st.text(alphabet=string.ascii_lowercase[:3], min_size=12, max_size=12)))
def test_no_short_id_stands_for_two_clips(ids: list[str]) -> None:
    short = short_ids(ids)
    for name, prefix in short.items():
        assert [other for other in short if other.startswith(prefix)] == [name]
