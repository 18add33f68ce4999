"""What is asked of the register."""

from dataclasses import dataclass, field

from bodycam_custody.recorders.rules import RecorderState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderPage:
    """Which recorders: of one state, or all."""

    limit: int = 500
    after: str | None = None
    state: str | None = field(default=None, metadata={"one_of": RecorderState})


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRecorder:
    """A recorder by its id or by a serial that only it has."""

    recorder_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRecorder:
    """A recorder to register, by a custodian."""

    recorder_id: str
    by: str
    model: str | None = None
    unit: str | None = None
    capacity_gb: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRecorder:
    """To whom a recorder is issued, from when (now); without an operator the officer operates it."""

    recorder_id: str
    by: str
    officer: str
    operator: str | None = None
    since: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRecorder:
    """That a recorder came back, and when (now)."""

    recorder_id: str
    by: str
    on: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRecorder:
    """That a recorder is faulty or retired, since when (now), and why."""

    recorder_id: str
    by: str
    note: str
    on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecorders:
    """What to hold the register against: recorders per officer, and since when each should have been docked."""

    minimum: str | None = None
    since: str | None = None
