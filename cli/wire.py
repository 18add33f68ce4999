"""What the station answers, as its interface has it; one class per JSON object.

These are descriptions for the type checker: nothing is checked at run time, since both ends are one release. Times are
RFC 3339 UTC text. Keys are a format: additive only.
"""

from typing import Any, Literal, NotRequired, TypedDict

# The facts of an error or an entry differ by its code; their values are JSON.
Facts = dict[str, Any]
Answer = Literal["yes", "no", "cannot-tell"]


class Problem(TypedDict):
    """One thing that is wrong: a template (message id) and what fills it."""

    code: str
    template: str
    facts: Facts


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
    remarks: list[str]
    problems: list[Problem]
    handover: dict[str, int]


class DockedFile(TypedDict):
    """What became of one file of a card."""

    path: str | None
    size_bytes: int
    file_type: str
    outcome: str
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


class Receipt(TypedDict):
    """A signed receipt: `canonical` is the JSON document that `signature` covers."""

    docking_id: str
    canonical: str
    sha256: str
    signature: str
    entry: int


class ReceiptHandover(TypedDict):
    """When a recording was handed over, and the verdict on that."""

    recorded_from: str | None
    recorded_to: str | None
    due: str | None
    verdict: str
    reason: str
    late_ms: int | None


class ReceiptFile(TypedDict):
    """One file of the card on a receipt."""

    clip_id: str
    name: str | None
    size_bytes: int
    sha256: str | None
    file_type: str
    outcome: str
    sightings: int
    handover: ReceiptHandover | None


class ReceiptDocument(TypedDict):
    """What a receipt says (docs/receipt-format.md)."""

    issued_at: str
    station: dict[str, str]
    rules: Facts
    docking: Facts
    counts: dict[str, int]
    longest_late_ms: int | None
    files: list[ReceiptFile]
    checkpoint: Facts


class Copy(TypedDict):
    """One copy of a clip, and when it was last re-read."""

    store_id: str
    role: str
    reread: str
    verified_at: str | None


class Clip(TypedDict):
    """One clip as it is listed."""

    clip_id: str
    recorder_id: str
    officer_id: str | None
    operator_id: str | None
    source_path: str | None  # None once the name is erased
    size_bytes: int
    sha256: str
    file_type: str
    recorded_from: str | None
    recorded_to: str | None
    handover_due: str | None
    handover: str
    handover_reason: str
    state: str
    copies: list[Copy]
    sightings: int
    sealed_at: str
    docked_at: str | None
    docking_id: str
    session_id: str | None
    device_id: str | None
    remarks: list[str]


class Gap(TypedDict):
    """An interruption between two clips of a session."""

    after: str
    before: str
    begins: str
    seconds: float


class Session(TypedDict):
    """Clips of one recorder in a row, and the interruptions between them."""

    session_id: str
    gaps: list[Gap]


class Sighting(TypedDict):
    """One time the clip was seen on a card."""

    docking_id: str
    path: str | None
    mtime: str | None
    seen_at: str


class ClipDetail(Clip):
    """Everything that is known of one clip."""

    bag_path: str
    sightings_detail: list[Sighting]
    copies_detail: NotRequired[list[Facts]]
    media: Facts | None
    times: Facts | None
    session: Session | None


class Proof(TypedDict):
    """The place of an entry in the tree."""

    tree_size: int
    inclusion: list[str]


class HistoryEntry(TypedDict):
    """One ledger entry about a clip."""

    seq: int
    at: str
    kind: str
    actor: Facts
    facts: Facts
    leaf: str
    proof: Proof


class CopyCheck(TypedDict):
    """What re-reading one copy gave."""

    store_id: str
    answer: Answer
    findings: list[Problem]


class ClipCheck(TypedDict):
    """What re-reading every copy of a clip gave."""

    clip_id: str
    copies: list[CopyCheck]
    answer: Answer


class Store(TypedDict):
    """One store and how it is."""

    store_id: str
    role: str
    path: str
    state: str
    problem: Problem | None
    free_bytes: int | None
    total_bytes: int | None
    disks: list[str] | None
    copies: int


class Stores(TypedDict):
    """Every store, and whether they are on different physical disks."""

    items: list[Store]
    disks_apart: Answer


class Rebuilt(TypedDict):
    """What a rebuild of the catalog read."""

    entries: int
    clips: int
    bags_read: int
    seconds: float
    problems: list[Problem]


class SignedHead(TypedDict):
    """A checkpoint just made."""

    note: str
    size: int
    origin: str
    path: str


class Keys(TypedDict):
    """The station's public keys and where its trust begins."""

    checkpoint_vkey: str
    bag_key: str
    bag_key_fingerprint: str
    allowed_signers: str
    genesis: str


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
    unregistered: RecorderCount
    officers_without: OfficerCount
    per_officer: RecordersPerOfficer


class StationFacts(TypedDict):
    """Who the station is and which rules it serves."""

    origin: str
    name: str
    unit: str
    time_zone: str
    rule_set_version: str
    handover_hours: int
    handover_point: str


class DaemonFacts(TypedDict):
    """Who answered."""

    mode: str
    pid: int
    since: str | None


class LedgerFacts(TypedDict):
    """How the ledger is."""

    size: int
    newest_at: str | None
    writable: bool
    problem: Problem | None


class ClipCounts(TypedDict):
    """How many clips are in which state."""

    total: int
    by_state: dict[str, int]
    by_handover: dict[str, int]


class Backlog(TypedDict):
    """What still waits (R45)."""

    not_safe: int
    oldest_not_safe_at: str | None
    interpretation_waiting: int
    foreign_files: int
    failed_files: int


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


class Learnt(TypedDict):
    """A slot that has a name now."""

    slot: str
    port: str
    before: str | None


class Alarm(TypedDict):
    """Something wrong at the dock that nothing has settled yet."""

    at: str
    code: str
    recorder_id: str | None
    slots: list[str]
    docking_ids: list[str]
    problem: Problem


class Status(TypedDict):
    """The station at a glance."""

    station: StationFacts
    daemon: DaemonFacts
    ledger: LedgerFacts
    stores: list[Store]
    disks_apart: Answer
    slots: list[Slot]
    alarms: list[Alarm]
    dockings: list[Docking]
    clips: ClipCounts
    backlog: Backlog
    remarks: list[str]
