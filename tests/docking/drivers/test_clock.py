import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docking.drivers.clock import ClockMeasurement, ClockSource, measure, measurement_facts, parse_measurement
from docking.drivers.errors import ClockNotReadableError, ClockProofError
from tests.docking.drivers.fake_recorders import START, ZONE, Hands

SHOWN = datetime.fromisoformat("2026-11-21 12:00:03")


def measured(shown: datetime = SHOWN, *, zone: ZoneInfo = ZONE, hands: Hands | None = None) -> ClockMeasurement:
    hands = hands or Hands()

    def look() -> datetime:
        hands.pass_time(0.2)
        return shown

    time = replace(hands.station_time(), zone=zone)
    return measure(recorder="usb:1234:5678:B", source=ClockSource.CHANNEL, look=look, time=time)


def test_the_offset_is_the_middle_and_the_uncertainty_half_the_width() -> None:
    """Shown 12:00:03 means up to 12:00:04; the question went out at .250, the answer came at .450."""
    one = measured()
    assert (one.asked_at, one.answered_at) == (START, START + timedelta(seconds=0.2))
    assert (one.offset_ms, one.uncertainty_ms) == (3150, 601)


# R32: the true offset is never outside what is claimed.
@given(
    offset_ms=st.integers(-(10**8), 10**8),
    there_ms=st.integers(0, 3000),
    back_ms=st.integers(0, 3000),
    begun_us=st.integers(0, 999_999),
)
def test_the_true_offset_lies_within_the_uncertainty(
    offset_ms: int, there_ms: int, back_ms: int, begun_us: int
) -> None:
    hands = Hands(wall=START.replace(microsecond=begun_us))

    def look() -> datetime:
        hands.pass_time(there_ms / 1000)
        true = hands.wall + timedelta(milliseconds=offset_ms)
        hands.pass_time(back_ms / 1000)
        return true.astimezone(ZONE).replace(tzinfo=None, microsecond=0)

    one = measure(recorder="r", source=ClockSource.CHANNEL, look=look, time=hands.station_time())
    assert abs(one.offset_ms - offset_ms) <= one.uncertainty_ms
    assert one.uncertainty_ms <= 502 + (there_ms + back_ms) / 2


def test_a_step_of_the_stations_clock_between_question_and_answer_does_not_count() -> None:
    hands = Hands()

    def look() -> datetime:
        hands.wall += timedelta(hours=5)
        hands.steady_s += 0.2
        return SHOWN

    one = measure(recorder="r", source=ClockSource.CHANNEL, look=look, time=hands.station_time())
    assert one.offset_ms == 3150


@pytest.mark.parametrize(
    "shown", [datetime.fromisoformat("2026-10-25 02:30:00"), datetime.fromisoformat("2026-03-29 02:30:00")]
)
def test_a_local_time_that_is_not_one_moment_is_no_measurement(shown: datetime) -> None:
    with pytest.raises(ClockNotReadableError, match=r"shows 2026-\d\d-\d\d 02:30:00, which is not exactly one moment"):
        measured(shown, zone=ZoneInfo("Europe/Berlin"))


def test_a_measurement_survives_its_way_through_the_report() -> None:
    one = measured()
    assert parse_measurement(json.dumps(measurement_facts(one)).encode() + b"\n") == one


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"offset_ms": "3150"}, "offset_ms"),
        ({"offset_ms": True}, "offset_ms"),
        ({"recorder": None}, "recorder"),
        ({"extra": 1}, "extra"),
        ({"asked_at": "2026-11-21T04:00:00"}, r"\(value\)"),
        ({"answered_at": "2026-11-21T03:00:00+00:00"}, r"\(value\)"),
        ({"recorder_time": "2026-11-21T12:00:00+08:00"}, r"\(value\)"),
        ({"source": "guess"}, r"\(value\)"),
        ({"uncertainty_ms": -1}, r"\(value\)"),
    ],
)
def test_what_is_no_measurement_is_no_proof(change: dict[str, object], field: str) -> None:
    data = json.dumps({**measurement_facts(measured()), **change}).encode()
    with pytest.raises(ClockProofError, match=f"see field {field}"):
        parse_measurement(data)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"a":1}{"a":1}'])
def test_bytes_that_are_no_measurement_are_no_proof(data: bytes) -> None:
    with pytest.raises(ClockProofError):
        parse_measurement(data)


def test_a_measurement_made_up_of_local_times_cannot_exist() -> None:
    with pytest.raises(ValueError, match="carry a zone"):
        replace(measured(), asked_at=datetime.fromisoformat("2026-11-21 04:00:00"))
    with pytest.raises(ValueError, match="before its question"):
        replace(measured(), asked_at=datetime(2027, 1, 1, tzinfo=UTC))
