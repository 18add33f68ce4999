"""One docking, its files and its slot."""

from typing import TypedDict

from cli.wire.problems import Answer, Problem


class Docking(TypedDict):
    """One card, from the moment it was seen to the moment nothing more can be done with it."""

    docking_id: str
    kind: str
    slot: str | None
    recorder_id: str
    officer_id: str | None
    operator_id: str | None
    phase: str
    seen_at: str
    docked_at: str | None
    closed_at: str | None
    files_found: int
    files_sealed: int
    files_known: int
    files_listed: int  # of those known: seen in the listing and not read again
    files_failed: int
    files_unexplained: int
    bytes_found: int
    bytes_done: int
    foreign_files: int
    special_files: int
    interpretation_waiting: int
    safe_to_take_away: Answer
    previous_docking_id: str | None
    files_missing: int | None
    files_missing_unkept: int | None
    files_reappeared: int | None
    sequence_gaps: int | None
    clock_offset_ms: int | None
    clock_offset_uncertainty_ms: int | None
    clock_verdict: str | None
    clock_drift_ms_per_day: int | None
    accepted_at: str | None
    accepted_by: str | None
    withdrawn_at: str | None
    withdrawn_by: str | None
    withdrawn_reason: str | None
    withdrawn_until: str | None
    released_at: str | None
    released_by: str | None
    released_reason: str | None
    remarks: list[str]
    problems: list[Problem]
    handover: dict[str, int]
    clearing: "Clearing"


class FileLeft(TypedDict):
    """A file that a clearing left on the card, because it is on no receipt."""

    path: str | None
    size_bytes: int


class Clearing(TypedDict):
    """What became of clearing a card, or in `problem` why it is not cleared."""

    state: str | None
    at: str | None
    by: str | None
    is_chosen: bool
    is_in_slot: bool
    files_removed: int
    files_perhaps_removed: int
    files_left: int | None
    left: list[FileLeft]
    problem: Problem | None


class ClearingDone(Clearing):
    """How a clearing ended."""

    docking_id: str


class DockedFile(TypedDict):
    """What became of one file of a card."""

    path: str | None
    size_bytes: int
    file_type: str
    outcome: str
    basis: str | None  # None until the file has an outcome, and for one that failed
    clip_id: str | None
    problem: Problem | None


class SpecialFile(TypedDict):
    """Something on a card that is not a file."""

    path: str | None
    kind: str


class CardDifference(TypedDict):
    """What a card shows against the same recorder's previous docking: a file, or numbers no file bears."""

    what: str
    path: str | None
    size_bytes: int | None
    kept: bool | None
    clip_id: str | None
    device_id: str | None
    first: int | None
    last: int | None


class DockingDetail(Docking):
    """A docking with every file of its card."""

    files: list[DockedFile]
    differences: list[CardDifference]
    specials: list[SpecialFile]


class Accepted(TypedDict):
    """What a custodian took over."""

    docking_id: str
    accepted_at: str
    accepted_by: str
    clips: int
    late: int
    waiting: int
    files_left: int
    entry: int


class LetGo(TypedDict):
    """A recorder that leaves although not all of it is safe: withdrawn for recovery, or released uncleared."""

    docking_id: str | None
    recorder_id: str | None
    port: str | None
    at: str
    by: str
    files_left: int | None
    folders_left: int | None
    entry: int


class Unlock(TypedDict):
    """What the recorder in a slot said of itself when it was unlocked."""

    at: str
    state: str
    family: str | None
    device_id: str | None
    police_number: str | None
    officer_name: str | None
    unit_name: str | None
    battery_percent: int | None
    clock_offset_ms: int | None
    clock_offset_uncertainty_ms: int | None
    warnings: list[str]


class Slot(TypedDict):
    """One slot and what stands in it."""

    slot: str | None  # None until its name is learnt
    port: str
    phase: str
    is_dock: bool
    arrivals: int
    recorder_id: str | None
    device: str | None
    product: str | None
    docking_id: str | None
    remarks: list[str]
    problem: Problem | None
    unlock: Unlock | None
    officer_id: str | None
    operator_id: str | None
    files_found: int
    files_kept: int
    bytes_found: int
    bytes_done: int
    handover: dict[str, int]
    safe_to_take_away: Answer | None  # None where nothing stands
    why_not: str | None


class Learnt(TypedDict):
    """A slot that has a name now."""

    slot: str
    port: str
    before: str | None


class Alarm(TypedDict):
    """Something wrong at the dock, and what became of it."""

    alarm: int
    at: str
    code: str
    recorder_id: str | None
    slots: list[str]
    docking_ids: list[str]
    problem: Problem
    is_standing: bool
    acknowledged_at: str | None
    acknowledged_by: str | None
    note: str | None


class Acknowledged(TypedDict):
    """An alarm that somebody looked into."""

    alarm: int
    at: str
    by: str
    entry: int
