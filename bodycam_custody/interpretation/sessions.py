"""Sessions: a recorder's clips in a row, its file splits and its interruptions (R21, A3 art. 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bodycam_custody.model import ClipId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedClip:
    """A clip whose recording time is known."""

    clip_id: ClipId
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An interruption: nothing was recorded between two clips of one session."""

    after: ClipId
    before: ClipId
    begins: datetime
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Clips of one recorder; each inner tuple of `recordings` is one recording made of file splits."""

    recordings: tuple[tuple[TimedClip, ...], ...]
    gaps: tuple[Gap, ...]

    @property
    def session_id(self) -> SessionId:
        """The id, taken from the first clip."""
        return SessionId(f"s-{self.recordings[0][0].clip_id}")

    @property
    def clips(self) -> tuple[TimedClip, ...]:
        """All clips in order of their beginning."""
        return tuple(clip for recording in self.recordings for clip in recording)


def recording_end(recording: Sequence[TimedClip]) -> datetime:
    """Return when the recording ended: the latest end of its splits."""
    return max(clip.ends for clip in recording)


def group_sessions(clips: Sequence[TimedClip], *, split_gap_s: float, session_gap_s: float) -> tuple[Session, ...]:
    """Group the clips of one recorder by their times.

    A gap of at most `split_gap_s` (or an overlap) is a file split: the clips are one recording. A longer one, up to
    `session_gap_s`, is an interruption inside a session. Anything longer begins a new session. The order of `clips`
    does not matter.
    """
    sessions: list[list[list[TimedClip]]] = []
    reached: datetime | None = None
    for clip in sorted(clips, key=lambda one: (one.begins, one.ends, one.clip_id)):
        gap = None if reached is None else clip.begins - reached
        if gap is None or gap > timedelta(seconds=session_gap_s):
            sessions.append([[clip]])
        elif gap > timedelta(seconds=split_gap_s):
            sessions[-1].append([clip])
        else:
            sessions[-1][-1].append(clip)
        reached = clip.ends if reached is None else max(reached, clip.ends)
    return tuple(_session(recordings) for recordings in sessions)


def _session(recordings: Sequence[Sequence[TimedClip]]) -> Session:
    gaps = tuple(_gap(before, after[0]) for before, after in pairwise(recordings))
    return Session(recordings=tuple(tuple(recording) for recording in recordings), gaps=gaps)


def _gap(recording: Sequence[TimedClip], resumed: TimedClip) -> Gap:
    # The clip that began last may lie inside one that went on longer.
    last = max(recording, key=lambda clip: clip.ends)
    seconds = (resumed.begins - last.ends).total_seconds()
    return Gap(after=last.clip_id, before=resumed.clip_id, begins=last.ends, seconds=seconds)
