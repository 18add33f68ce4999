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
