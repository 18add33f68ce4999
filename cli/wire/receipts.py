"""The signed receipt of a docking (docs/receipt-format.md)."""

from typing import TypedDict

from cli.wire.problems import Facts


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
    basis: str
    sightings: int
    handover: ReceiptHandover | None


class FileNotTakenOver(TypedDict):
    """One file of the card that stays on it."""

    name: str | None
    size_bytes: int
    file_type: str
    outcome: str


class ReceiptLeft(TypedDict):
    """What is not taken over, and whose decision it was that the recorder leaves all the same."""

    act: str
    at: str
    by: str
    reason: str | None
    card_was_listed_whole: bool
    files: list[FileNotTakenOver]
    folders: list[str | None]


class ReceiptDocument(TypedDict):
    """What a receipt says (docs/receipt-format.md)."""

    issued_at: str
    station: dict[str, str]
    rules: Facts
    docking: Facts
    counts: dict[str, int]
    longest_late_ms: int | None
    files: list[ReceiptFile]
    left: ReceiptLeft | None
    checkpoint: Facts
