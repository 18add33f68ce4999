"""What the auditor trusts: the station's keys, its genesis, and the heads kept outside. From arguments only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bodycam_custody.audit.codes import ANCHOR_UNSIGNED, NO_ANCHOR, SEEN_UNSIGNED
from bodycam_custody.audit.errors import TrustUnusableError
from bodycam_custody.audit.files import NotPermittedError, UnreadableError, read_regular
from bodycam_custody.audit.findings import Findings
from bodycam_custody.audit.seen_receipts import MAX_RECEIPT_BYTES, head_in_receipt, is_receipt, read_seen
from hashing.allowed_signers import AllowedSigners
from hashing.checkpoint import Checkpoint, NoteVerifier, parse_checkpoint
from hashing.errors import N_, CheckpointError, HashingError, shown
from hashing.namespaces import Namespace
from hashing.sshsig import verify

STATION = "station"
"""The principal under which allowed_signers lists the station's bag key."""

# Keys, a hash, a head: nothing in a trust folder is longer.
MAX_TRUST_FILE_BYTES = 64 * 1024

_LEAF = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideHead:
    """A signed head that the station cannot take back; `path` is printable."""

    path: str
    is_anchor: bool
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Everything a verification trusts."""

    signers: AllowedSigners
    verifier: NoteVerifier
    genesis: bytes
    outside_heads: tuple[OutsideHead, ...]

    def verify_bag(self, tagmanifest: bytes, signature: bytes) -> None:
        """Return if the station signed this tagmanifest.

        Raises:
            SignatureError: it is not shown that it did.
        """
        verify(tagmanifest, signature, signers=self.signers, principal=STATION, namespace=Namespace.BAG)

    def verify_marker(self, marker: bytes, signature: bytes) -> None:
        """Return if the station signed this store marker.

        Raises:
            SignatureError: it is not shown that it did.
        """
        verify(marker, signature, signers=self.signers, principal=STATION, namespace=Namespace.STORE)


def load_trust(folder: Path, seen: Sequence[Path], findings: Findings) -> Trust:
    """Return what `folder` and the heads and receipts in `seen` say is to be trusted.

    A head or receipt that is not signed with the station's key is a finding, and so is a missing anchor.

    Raises:
        TrustUnusableError: a file is missing or is not what it must be; a key without `namespaces=` is refused.
        SeenUnreadableError: a file of `seen`, or the signature of a receipt, cannot be read.
    """
    signers = _parsed_signers(folder / "allowed_signers")
    verifier = _parsed_verifier(folder / "station.vkey")
    genesis = _parsed_genesis(folder / "genesis")
    heads = [_anchor(folder / "checkpoint", verifier, findings)]
    heads += [_seen(path, signers, verifier, findings) for path in seen]
    return Trust(
        signers=signers,
        verifier=verifier,
        genesis=genesis,
        outside_heads=tuple(head for head in heads if head is not None),
    )


def _parsed_signers(path: Path) -> AllowedSigners:
    expected = N_("the station's bag key as an allowed_signers line with namespaces=")
    try:
        signers = AllowedSigners.parse(_read(path, expected))
    except HashingError as err:
        raise TrustUnusableError(path=shown(path), expected=expected, reason=str(err)) from err
    if not any(STATION in signer.principals for signer in signers.signers):
        raise TrustUnusableError(path=shown(path), expected=expected, reason=N_("no line for the principal station"))
    return signers


def _parsed_verifier(path: Path) -> NoteVerifier:
    expected = N_("the station's checkpoint key (vkey)")
    try:
        return NoteVerifier(_read(path, expected).decode().removesuffix("\n"))
    except (HashingError, UnicodeDecodeError) as err:
        raise TrustUnusableError(path=shown(path), expected=expected, reason=str(err)) from err


def _parsed_genesis(path: Path) -> bytes:
    expected = N_("the leaf of entry 0 as 64 hexadecimal digits")
    text = _read(path, expected).decode("ascii", "replace").removesuffix("\n")
    if not _LEAF.fullmatch(text):
        raise TrustUnusableError(path=shown(path), expected=expected, reason=repr(text[:80]))
    return bytes.fromhex(text)


def _read(path: Path, expected: str) -> bytes:
    try:
        # The auditor's own folder: a link in it is the auditor's choice.
        return read_regular(path.resolve(), MAX_TRUST_FILE_BYTES)
    except (UnreadableError, NotPermittedError) as err:
        raise TrustUnusableError(path=shown(path), expected=expected, reason=str(err)) from err


def _anchor(path: Path, verifier: NoteVerifier, findings: Findings) -> OutsideHead | None:
    if not path.is_file() and not path.is_symlink():
        findings.add(NO_ANCHOR, str(path))
        return None
    note = _read(path, N_("a checkpoint of the station, kept from an earlier visit"))
    try:
        return OutsideHead(path=shown(path), is_anchor=True, checkpoint=parse_checkpoint(note, verifier))
    except CheckpointError as err:
        findings.add(ANCHOR_UNSIGNED, str(path), reason=str(err))
        return None


def _seen(path: Path, signers: AllowedSigners, verifier: NoteVerifier, findings: Findings) -> OutsideHead | None:
    data = read_seen(path, MAX_RECEIPT_BYTES)
    if is_receipt(data):
        head = head_in_receipt(path, data, signers=signers, principal=STATION, verifier=verifier, findings=findings)
        return None if head is None else OutsideHead(path=shown(path), is_anchor=False, checkpoint=head)
    try:
        return OutsideHead(path=shown(path), is_anchor=False, checkpoint=parse_checkpoint(data, verifier))
    except CheckpointError as err:
        findings.add(SEEN_UNSIGNED, str(path), reason=str(err))
        return None
