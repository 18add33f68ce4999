"""The receipt for a docking (移交清单) as bytes to sign: what docs/receipt-format.md describes (R38, R39)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bodycam_custody.clock import rfc3339
from bodycam_custody.model import Basis, ClipId, DockingId, FileOutcome, Handover, HandoverReason
from hashing.canonical import Json, canonical_bytes
from hashing.digest import Digest

RECEIPT_VERSION = 1
RECEIPT_KIND = "custody-receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHandover:
    """What is known of a recording's handover; a file that accompanies another has none of its own."""

    recorded_from: str | None
    recorded_to: str | None
    due: str | None
    verdict: Handover
    reason: HandoverReason
    late_ms: int | None
    """By how much it was handed over late, None where it was not."""

    def to_facts(self) -> dict[str, Json]:
        """Return it as it stands in the receipt."""
        return {
            "recorded_from": self.recorded_from,
            "recorded_to": self.recorded_to,
            "due": self.due,
            "verdict": self.verdict.value,
            "reason": self.reason.value,
            "late_ms": self.late_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFile:
    """One file of the card, which the station keeps; `name` is None where its text was erased.

    `sha256` is of the bytes the station keeps. With the basis `listed` they were not compared with the card this time.
    """

    clip_id: ClipId
    name: str | None
    size_bytes: int
    sha256: str | None
    file_type: str
    outcome: FileOutcome
    basis: Basis
    sightings: int
    handover: FileHandover | None

    def to_facts(self) -> dict[str, Json]:
        """Return the file as it stands in the receipt."""
        return {
            "clip_id": self.clip_id,
            "name": self.name,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
            "file_type": self.file_type,
            "outcome": self.outcome.value,
            "basis": self.basis.value,
            "sightings": self.sightings,
            "handover": None if self.handover is None else self.handover.to_facts(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLeft:
    """One file of the card that is not taken over."""

    name: str | None
    size_bytes: int
    file_type: str
    outcome: FileOutcome

    def to_facts(self) -> dict[str, Json]:
        """Return the file as it stands in the receipt."""
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "file_type": self.file_type,
            "outcome": self.outcome.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is not taken over, and whose decision it was that the recorder leaves all the same."""

    act: str
    at: str
    by: str
    reason: str | None
    card_was_listed_whole: bool
    files: Sequence[FileLeft]
    folders: Sequence[str | None]

    def to_facts(self) -> dict[str, Json]:
        """Return it as it stands in the receipt."""
        return {
            "act": self.act,
            "at": self.at,
            "by": self.by,
            "reason": self.reason,
            "card_was_listed_whole": self.card_was_listed_whole,
            "files": [file.to_facts() for file in self.files],
            "folders": list(self.folders),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Everything a receipt says: `files` are taken over, `left` is not (None: there is nothing of that).

    Counts are of files on the card: one clip seen twice counts twice.
    """

    issued_at: datetime
    station: Mapping[str, Json]
    rules: Mapping[str, Json]
    docking_id: DockingId
    docking: Mapping[str, Json]
    files: Sequence[ReceiptFile]
    checkpoint: Mapping[str, Json]
    left: Left | None = None

    @property
    def late(self) -> int:
        """How many files were handed over late."""
        return self._judged(Handover.LATE)

    def to_facts(self) -> dict[str, Json]:
        """Return the receipt as one JSON object."""
        left = [] if self.left is None else self.left.files
        longest = max((file.handover.late_ms or 0 for file in self.files if file.handover), default=0)
        return {
            "v": RECEIPT_VERSION,
            "kind": RECEIPT_KIND,
            "issued_at": rfc3339(self.issued_at),
            "station": dict(self.station),
            "rules": dict(self.rules),
            "docking": {"docking_id": self.docking_id, **self.docking},
            "counts": {
                "found": len(self.files) + len(left),
                "sealed": self._with_outcome(FileOutcome.SEALED),
                "known": self._with_outcome(FileOutcome.KNOWN),
                "listed": sum(file.basis is Basis.LISTED for file in self.files),
                "failed": sum(file.outcome is FileOutcome.FAILED for file in left),
                "foreign": sum(file.file_type == "foreign" for file in (*self.files, *left)),
                "on_time": self._judged(Handover.ON_TIME),
                "late": self.late,
                "undeterminable": self._judged(Handover.UNDETERMINABLE),
                "bytes": sum(file.size_bytes for file in (*self.files, *left)),
            },
            "longest_late_ms": longest or None,
            "files": [file.to_facts() for file in self.files],
            "left": None if self.left is None else self.left.to_facts(),
            "checkpoint": dict(self.checkpoint),
        }

    def to_bytes(self) -> bytes:
        """Return what is hashed and signed: the canonical JSON, without a line end."""
        return canonical_bytes(self.to_facts())

    def _with_outcome(self, outcome: FileOutcome) -> int:
        return sum(file.outcome is outcome for file in self.files)

    def _judged(self, verdict: Handover) -> int:
        return sum(file.handover is not None and file.handover.verdict is verdict for file in self.files)


def receipt_digest(data: bytes) -> str:
    """Return the digest by which the ledger names a receipt."""
    return Digest.of(data).hex
