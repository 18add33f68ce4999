"""The signed heads of a ledger copy: its checkpoint and every `heads/<size>`, and what they say against the entries."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bodycam_custody.audit.codes import (
    BEHIND_ANCHOR,
    BEHIND_SEEN,
    CHECKPOINT_UNSIGNED,
    HEAD_AHEAD,
    HEAD_OTHER_SIZE,
    HEAD_UNSIGNED,
    NO_CHECKPOINT,
    NOT_ANCHORED,
    NOT_AS_SEEN,
    OTHER_ROOT,
    UNREADABLE,
)
from bodycam_custody.audit.entries import Followed
from bodycam_custody.audit.files import LedgerFiles, UnreadableError, read_regular
from bodycam_custody.audit.findings import FindingKind, Findings
from bodycam_custody.audit.trust import MAX_TRUST_FILE_BYTES, OutsideHead
from hashing.checkpoint import Checkpoint, NoteVerifier, parse_checkpoint
from hashing.errors import CheckpointError

CHECKPOINT = "ledger/checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """A head in a store whose signature is good."""

    place: str
    checkpoint: Checkpoint


def read_checkpoint(ledger: Path, verifier: NoteVerifier, findings: Findings) -> StoredHead | None:
    """Return the checkpoint when its signature is good; otherwise, or when there is none, it is a finding."""
    if not os.path.lexists(ledger / "checkpoint"):
        findings.add(NO_CHECKPOINT, CHECKPOINT)
        return None
    return _read_head(ledger / "checkpoint", CHECKPOINT, CHECKPOINT_UNSIGNED, verifier, findings)


def read_heads(
    ledger: Path, files: LedgerFiles, newest: StoredHead | None, verifier: NoteVerifier, findings: Findings
) -> tuple[StoredHead, ...]:
    """Return every head with a good signature, the checkpoint `newest` last; the others become findings."""
    heads = []
    for size in files.head_sizes:
        place = f"ledger/heads/{size}"
        head = _read_head(ledger / "heads" / str(size), place, HEAD_UNSIGNED, verifier, findings)
        if head is not None and head.checkpoint.size != size:
            findings.add(HEAD_OTHER_SIZE, place, size=head.checkpoint.size)
        elif head is not None:
            heads.append(head)
    if newest is None:
        return tuple(heads)
    if heads and heads[-1].checkpoint.size > newest.checkpoint.size:
        findings.add(HEAD_AHEAD, heads[-1].place, size=newest.checkpoint.size)
    return (*heads, newest)


def _read_head(
    path: Path, place: str, unsigned: FindingKind, verifier: NoteVerifier, findings: Findings
) -> StoredHead | None:
    try:
        return StoredHead(place=place, checkpoint=parse_checkpoint(read_regular(path, MAX_TRUST_FILE_BYTES), verifier))
    except UnreadableError as err:
        findings.add(UNREADABLE, place, reason=str(err))
    except CheckpointError as err:
        findings.add(unsigned, place, reason=str(err))
    return None


def compare_heads(heads: Sequence[StoredHead], followed: Followed, findings: Findings) -> None:
    """Compare what each head signs with what the entries give; heads beyond the entries are found elsewhere."""
    for head in heads:
        root = followed.roots.get(head.checkpoint.size)
        if root is not None and root != head.checkpoint.root:
            findings.add(
                OTHER_ROOT, head.place, size=head.checkpoint.size, expected=head.checkpoint.root.hex(), found=root.hex()
            )


def compare_outside(
    outside: Sequence[OutsideHead], followed: Followed, *, signed_size: int, findings: Findings
) -> None:
    """Check that the ledger copy extends the anchor and every head that somebody saw."""
    for head in outside:
        size, root = head.checkpoint.size, followed.roots.get(head.checkpoint.size)
        if signed_size < size:
            if head.is_anchor:
                findings.add(BEHIND_ANCHOR, CHECKPOINT, size=signed_size, anchor=head.path, anchor_size=size)
            else:
                findings.add(BEHIND_SEEN, CHECKPOINT, size=signed_size, seen=head.path, seen_size=size)
        if root is not None and root != head.checkpoint.root:
            if head.is_anchor:
                findings.add(NOT_ANCHORED, CHECKPOINT, anchor=head.path, anchor_size=size)
            else:
                findings.add(NOT_AS_SEEN, CHECKPOINT, seen=head.path, seen_size=size)
