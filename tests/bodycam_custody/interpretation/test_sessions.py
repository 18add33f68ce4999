"""File splits are one recording, interruptions are gaps in a session (R21)."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bodycam_custody.interpretation.sessions import Session, TimedClip, group_sessions, recording_end
from bodycam_custody.model import ClipId

MORNING = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
SPLIT_GAP_S = 2
SESSION_GAP_S = 30 * 60


def clip(name: str, begins_s: float, ends_s: float) -> TimedClip:
    return TimedClip(
        clip_id=ClipId(name),
        begins=MORNING + timedelta(seconds=begins_s),
        ends=MORNING + timedelta(seconds=ends_s),
    )


def group(*clips: TimedClip) -> tuple[Session, ...]:
    return group_sessions(clips, split_gap_s=SPLIT_GAP_S, session_gap_s=SESSION_GAP_S)


def names(session: Session) -> list[list[str]]:
    return [[one.clip_id for one in recording] for recording in session.recordings]


def test_three_splits_and_a_gap_of_four_minutes_are_one_interruption() -> None:
    # R21
    splits = [clip("a", 0, 300), clip("b", 300.04, 600), clip("c", 600, 900)]
    (session,) = group(*splits, clip("d", 900 + 240, 1400))
    assert names(session) == [["a", "b", "c"], ["d"]]
    (gap,) = session.gaps
    assert (gap.after, gap.before, gap.begins, gap.seconds) == ("c", "d", MORNING + timedelta(seconds=900), 240)
    assert session.session_id == "s-a"


def test_a_gap_of_just_the_split_limit_is_a_split_and_a_little_more_is_an_interruption() -> None:
    (split,) = group(clip("a", 0, 10), clip("b", 12, 20))
    (interrupted,) = group(clip("a", 0, 10), clip("b", 12.001, 20))
    assert (len(split.recordings), len(split.gaps)) == (1, 0)
    assert (len(interrupted.recordings), len(interrupted.gaps)) == (2, 1)


def test_a_gap_beyond_the_session_limit_begins_another_session() -> None:
    assert [names(one) for one in group(clip("a", 0, 10), clip("b", 10 + SESSION_GAP_S, 2000))] == [[["a"], ["b"]]]
    apart = group(clip("a", 0, 10), clip("b", 10.001 + SESSION_GAP_S, 2000))
    assert [names(one) for one in apart] == [[["a"]], [["b"]]]
    assert all(one.gaps == () for one in apart)


def test_a_gap_is_named_after_the_clip_that_ended_last_not_the_one_that_began_last() -> None:
    # A pre-recorded copy may lie inside a longer clip.
    (session,) = group(clip("long", 0, 100), clip("inside", 20, 30), clip("later", 160, 200))
    (gap,) = session.gaps
    assert (gap.after, gap.before, gap.seconds) == ("long", "later", 60)


def test_a_clip_inside_another_does_not_make_a_gap_after_itself() -> None:
    (session,) = group(clip("long", 0, 1000), clip("inside", 10, 20), clip("next", 1001, 1100))
    assert names(session) == [["long", "inside", "next"]]


def test_no_clips_make_no_sessions() -> None:
    assert group() == ()


times = st.integers(min_value=0, max_value=6 * 3600)
clips_at_random = st.lists(st.tuples(times, st.integers(min_value=0, max_value=1200)), max_size=30).map(
    lambda spans: [clip(f"c{number:02d}", begins, begins + length) for number, (begins, length) in enumerate(spans)]
)


@given(clips=clips_at_random, seed=st.integers())
def test_the_order_in_which_clips_are_found_does_not_matter(clips: list[TimedClip], seed: int) -> None:
    shuffled = random.Random(seed).sample(clips, len(clips))  # noqa: S311  # Hypothesis chose the seed
    assert group(*shuffled) == group(*clips)


@given(clips=clips_at_random)
def test_every_clip_is_in_one_recording_and_every_silence_is_told(clips: list[TimedClip]) -> None:
    sessions = group(*clips)
    assert sorted(one.clip_id for session in sessions for one in session.clips) == [one.clip_id for one in clips]
    by_id = {one.clip_id: one for one in clips}
    for session in sessions:
        assert len(session.gaps) == len(session.recordings) - 1
        for gap, before, after in zip(session.gaps, session.recordings, session.recordings[1:], strict=False):
            assert gap.begins == recording_end(before) == by_id[gap.after].ends
            assert SPLIT_GAP_S < gap.seconds <= SESSION_GAP_S
            assert gap.begins + timedelta(seconds=gap.seconds) == min(one.begins for one in after)
    for one, other in pairwise(sessions):
        silence = min(clip.begins for clip in other.clips) - recording_end(one.clips)
        assert silence > timedelta(seconds=SESSION_GAP_S)
