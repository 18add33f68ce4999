"""The recorder register and what a check of it found."""

from typing import TypedDict

from cli.wire.problems import Answer


class Recorder(TypedDict):
    """One recorder as the register has it, or as it was docked without being in it."""

    recorder_id: str
    state: str
    model: str | None
    unit: str | None
    capacity_gb: int | None
    note: str | None
    officer_id: str | None
    operator_id: str | None
    held_since: str | None
    faulty_since: str | None
    withdrawn_since: str | None
    retired_at: str | None
    registered_at: str | None
    dockings: int
    first_docked_at: str | None
    last_docked_at: str | None


class Assignment(TypedDict):
    """Who answered for a recorder from when to when, and when that was entered."""

    officer_id: str
    operator_id: str
    since: str
    until: str | None
    entered_at: str


class RecorderAct(TypedDict):
    """One act on a recorder."""

    seq: int
    kind: str
    dated: str
    entered_at: str
    officer_id: str | None
    operator_id: str | None
    by: str | None
    note: str | None


class RecorderDetail(Recorder):
    """Everything the register says of one recorder."""

    assignments: list[Assignment]
    history: list[RecorderAct]


class RecorderCount(TypedDict):
    """Recorders with one finding, and out of how many."""

    count: int
    of: int
    items: list[Recorder]


class OfficerCount(TypedDict):
    """Officers with one finding, by person id, and out of how many."""

    count: int
    of: int
    items: list[str]


class RecordersPerOfficer(TypedDict):
    """How many recorders in service there are for each officer."""

    recorders: int
    officers: int
    ratio: float | None
    minimum: float | None
    enough: Answer | None


class RecorderCheck(TypedDict):
    """What a check of the register found."""

    at: str
    handover_hours: int
    since: str | None
    registered: int
    by_state: dict[str, int]
    missing: RecorderCount
    overdue: RecorderCount
    faulty: RecorderCount
    withdrawn: RecorderCount
    unregistered: RecorderCount
    officers_without: OfficerCount
    per_officer: RecordersPerOfficer
