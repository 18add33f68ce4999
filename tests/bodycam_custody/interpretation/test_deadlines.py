"""The 24 hours: the limit itself is in time, and doubt is never counted as in time (R38)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodycam_custody.interpretation.deadlines import Verdict, judge_handover
from bodycam_custody.model import Handover, HandoverReason, Instant

ENDED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
DUE = ENDED + timedelta(hours=24)


def judge(
    handed_over_at: datetime | None, *, uncertainty_s: float | None = 0, at_dock: bool = True, hours: int = 24
) -> Verdict:
    return judge_handover(
        ended=Instant(at=ENDED, uncertainty_s=uncertainty_s),
        missing=HandoverReason.NO_RECORDING_TIME,
        handed_over_at=handed_over_at,
        at_dock=at_dock,
        hours=hours,
    )


@pytest.mark.parametrize(
    ("after", "handover", "reason"),
    [
        (timedelta(hours=23, minutes=59, seconds=59), Handover.ON_TIME, HandoverReason.DOCKED_WITHIN_HOURS),
        (timedelta(hours=24), Handover.ON_TIME, HandoverReason.DOCKED_WITHIN_HOURS),
        (timedelta(hours=24, seconds=1), Handover.LATE, HandoverReason.DOCKED_AFTER_HOURS),
    ],
)
def test_the_limit_itself_is_in_time(after: timedelta, handover: Handover, reason: HandoverReason) -> None:
    # R38
    assert judge(ENDED + after) == Verdict(handover=handover, reason=reason, due=DUE)


@pytest.mark.parametrize(
    ("seconds_past_due", "handover"),
    [
        (-120, Handover.ON_TIME),
        (-119, Handover.UNDETERMINABLE),
        (0, Handover.UNDETERMINABLE),
        (120, Handover.UNDETERMINABLE),
        (121, Handover.LATE),
    ],
)
def test_doubt_that_reaches_across_the_limit_is_undeterminable(seconds_past_due: int, handover: Handover) -> None:
    # R38: never silently on time
    verdict = judge(DUE + timedelta(seconds=seconds_past_due), uncertainty_s=120)
    assert verdict.handover is handover
    assert (verdict.reason is HandoverReason.WITHIN_CLOCK_UNCERTAINTY) == (handover is Handover.UNDETERMINABLE)


@given(
    ended_off_by=st.integers(-3600, 3600),
    doubt=st.integers(0, 3600),
    handed_over=st.integers(-7200, 7200),
    hours=st.integers(1, 8760),
)
def test_no_true_end_within_the_doubt_contradicts_the_verdict(
    ended_off_by: int, doubt: int, handed_over: int, hours: int
) -> None:
    """Whatever the recording's true end within the doubt, on time was in time and late was late."""
    handed_over_at = ENDED + timedelta(hours=hours, seconds=handed_over)
    verdict = judge(handed_over_at, uncertainty_s=doubt, hours=hours)
    true_end = ENDED + timedelta(seconds=max(-doubt, min(doubt, ended_off_by)))
    is_within = handed_over_at <= true_end + timedelta(hours=hours)
    assert verdict.handover is not (Handover.LATE if is_within else Handover.ON_TIME)


def test_a_clock_of_unknown_doubt_decides_nothing() -> None:
    assert judge(ENDED + timedelta(minutes=1), uncertainty_s=None) == Verdict(
        handover=Handover.UNDETERMINABLE, reason=HandoverReason.NO_CLOCK_UNCERTAINTY, due=DUE
    )


def test_a_doubt_of_centuries_is_undeterminable_too() -> None:
    assert judge(ENDED, uncertainty_s=1e13).reason is HandoverReason.WITHIN_CLOCK_UNCERTAINTY


def test_a_recording_without_a_time_is_undeterminable_for_its_own_reason() -> None:
    verdict = judge_handover(
        ended=None, missing=HandoverReason.CLOCK_IMPLAUSIBLE, handed_over_at=ENDED, at_dock=True, hours=24
    )
    assert verdict == Verdict(handover=Handover.UNDETERMINABLE, reason=HandoverReason.CLOCK_IMPLAUSIBLE, due=None)


def test_where_acceptance_is_the_handover_the_docking_alone_decides_nothing() -> None:
    assert judge(None, at_dock=False) == Verdict(
        handover=Handover.UNDETERMINABLE, reason=HandoverReason.AWAITING_ACCEPTANCE, due=DUE
    )
    assert judge(DUE, at_dock=False).reason is HandoverReason.ACCEPTED_WITHIN_HOURS
    assert judge(DUE + timedelta(seconds=1), at_dock=False).reason is HandoverReason.ACCEPTED_AFTER_HOURS
