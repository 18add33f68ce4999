"""Receipts that outsiders kept: each carries a signed head of the ledger (docs/receipt-format.md)."""

import json
from pathlib import Path

from bodycam_custody.audit.codes import SEEN_RECEIPT_INVALID
from bodycam_custody.audit.errors import SeenUnreadableError
from bodycam_custody.audit.files import NotPermittedError, UnreadableError, read_regular
from bodycam_custody.audit.findings import Findings
from bodycam_custody.handover.receipt import RECEIPT_KIND, RECEIPT_VERSION
from hashing.allowed_signers import AllowedSigners
from hashing.checkpoint import Checkpoint, NoteVerifier, parse_checkpoint
from hashing.errors import N_, CheckpointError, SignatureError, shown
from hashing.namespaces import Namespace
from hashing.sshsig import verify

# A card of 100,000 files, each with a name of 255 bytes.
MAX_RECEIPT_BYTES = 64 * 1024 * 1024
SIGNATURE_SUFFIX = ".sig"
# A signed head begins with its origin, which is no JSON.
_BEGINS = b"{"


def is_receipt(data: bytes) -> bool:
    """Return whether a file that somebody kept is the signed form of a receipt rather than a head."""
    return data.startswith(_BEGINS)


def head_in_receipt(
    path: Path, data: bytes, *, signers: AllowedSigners, principal: str, verifier: NoteVerifier, findings: Findings
) -> Checkpoint | None:
    """Return the head that a receipt carries if the station signed receipt and head; else that is a finding.

    The signature stands beside the receipt, in `path` with `.sig` added. Not checked: the files that the receipt names;
    their clips are held against the ledger as all others are.

    Raises:
        SeenUnreadableError: there is no signature to be read.
    """
    signature = read_seen(path.with_name(path.name + SIGNATURE_SUFFIX), MAX_RECEIPT_BYTES)
    try:
        verify(data, signature, signers=signers, principal=principal, namespace=Namespace.RECEIPT)
        return parse_checkpoint(_note_in(data), verifier)
    except (SignatureError, CheckpointError) as err:
        findings.add(SEEN_RECEIPT_INVALID, str(path), reason=str(err))
    except (ValueError, RecursionError, KeyError, TypeError):
        findings.add(SEEN_RECEIPT_INVALID, str(path), reason=N_("it is no receipt of version 1"))
    return None


def _note_in(data: bytes) -> bytes:
    receipt = json.loads(data)
    if (receipt["kind"], receipt["v"]) != (RECEIPT_KIND, RECEIPT_VERSION):
        raise ValueError("another kind or version")
    note = receipt["checkpoint"]["note"]
    if not isinstance(note, str):
        raise TypeError(note)
    return note.encode()


def read_seen(path: Path, limit_bytes: int) -> bytes:
    """Return the bytes of a file that somebody kept.

    Raises:
        SeenUnreadableError: it cannot be read, or is longer than `limit_bytes`.
    """
    try:
        # Given by the auditor: a link is the auditor's choice.
        return read_regular(path.resolve(), limit_bytes)
    except (UnreadableError, NotPermittedError) as err:
        raise SeenUnreadableError(path=shown(path), reason=str(err)) from err
