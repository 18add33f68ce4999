"""One clip, its copies, its session and its entries."""

from typing import NotRequired, TypedDict

from cli.wire.problems import Answer, Facts, Problem


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
    handed_over_at: str | None
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
    basis: str


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
