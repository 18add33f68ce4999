"""Signed heads of the ledger: C2SP tlog-checkpoint in a C2SP signed-note, with Ed25519 keys.

A note is text, an empty line, and signature lines; the key name is the origin of the ledger.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hashing.base64_text import decode_base64, encode_base64
from hashing.errors import (
    CheckpointError,
    CheckpointOriginError,
    CheckpointProblem,
    KeyForm,
    KeyFormatError,
    KeyProblem,
)

# signed-note: signature type 0x01 is Ed25519.
_ED25519_TYPE = b"\x01"
_KEY_BYTES = 32
_KEY_HASH_BYTES = 4
_ROOT_BYTES = 32

# signed-note: key names are "non-empty and not have any Unicode spaces or plus (U+002B) characters".
_KEY_NAME = re.compile(r"[^\s+]+")
# tlog-checkpoint: "ASCII decimal with no leading zeroes"; 18 digits stay below 2^63.
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) (\S+)")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)")
_PRIVATE_KEY = re.compile(r"PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The head of a ledger: how many entries it has and the root over them."""

    origin: str
    """Names the ledger: `<agency>/<station>/<epoch>`."""
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.origin):
            raise ValueError(f"not an origin: {self.origin!r}")
        if not _SIZE.fullmatch(str(self.size)) or len(self.root) != _ROOT_BYTES:
            raise ValueError(f"not a tree head: size {self.size}, root of {len(self.root)} bytes")

    def body(self) -> str:
        """Return the text that is signed: three lines, no extension lines."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public checkpoint key, from its one-line text `<name>+<hash>+<key>`.

    Raises:
        KeyFormatError: `vkey` is not such a text.
    """

    vkey: str
    name: str = field(init=False)
    key_hash: bytes = field(init=False, repr=False)
    public_key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        name, key_hash, key = _key_parts(_VKEY, self.vkey, KeyForm.CHECKPOINT_PUBLIC)
        if key_hash != note_key_hash(name, key):
            raise KeyFormatError(expected=KeyForm.CHECKPOINT_PUBLIC, problem=KeyProblem.KEY_HASH)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "key_hash", key_hash)
        object.__setattr__(self, "public_key", key)

    def verify(self, text: bytes, signature: bytes) -> None:
        """Return if this key signed `text`.

        Raises:
            CheckpointError: it did not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
        except InvalidSignature as err:
            raise CheckpointError(problem=CheckpointProblem.BAD_SIGNATURE, key_name=self.name) from err


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoteSigner:
    """The private checkpoint key of a station; its name is the origin it signs for."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise ValueError(f"not a key name: {self.name!r}")

    @classmethod
    def generate(cls, name: str) -> Self:
        """Return a new key."""
        return cls(name=name, private_key=Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> Self:
        """Return the key of a 32-byte seed."""
        return cls(name=name, private_key=Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the key that `to_text` wrote; one line end is allowed.

        Raises:
            KeyFormatError: it is not such a text; the message holds nothing of it.
        """
        name, key_hash, seed = _key_parts(_PRIVATE_KEY, text.removesuffix("\n"), KeyForm.CHECKPOINT_PRIVATE)
        signer = cls.from_seed(name, seed)
        if key_hash != note_key_hash(name, signer._public_bytes()):
            raise KeyFormatError(expected=KeyForm.CHECKPOINT_PRIVATE, problem=KeyProblem.KEY_HASH)
        return signer

    def to_text(self) -> str:
        """Return `PRIVATE+KEY+<name>+<hash>+<seed>` without a line end. Secret."""
        key_hash = note_key_hash(self.name, self._public_bytes()).hex()
        seed = encode_base64(_ED25519_TYPE + self.private_key.private_bytes_raw())
        return f"PRIVATE+KEY+{self.name}+{key_hash}+{seed}"

    @property
    def vkey(self) -> str:
        """The public key as one line."""
        key = self._public_bytes()
        return f"{self.name}+{note_key_hash(self.name, key).hex()}+{encode_base64(_ED25519_TYPE + key)}"

    def sign(self, checkpoint: Checkpoint) -> bytes:
        """Return the signed note of `checkpoint`: the whole file.

        Raises:
            ValueError: the checkpoint is of another ledger.
        """
        if checkpoint.origin != self.name:
            raise ValueError(f"the key of {self.name} cannot sign for {checkpoint.origin}")
        text = checkpoint.body()
        signature = note_key_hash(self.name, self._public_bytes()) + self.private_key.sign(text.encode())
        return f"{text}\n— {self.name} {encode_base64(signature)}\n".encode()

    def _public_bytes(self) -> bytes:
        return self.private_key.public_key().public_bytes_raw()


def note_key_hash(name: str, public_key: bytes) -> bytes:
    """Return the four bytes that tell keys of one name apart (signed-note: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key))."""
    return sha256(name.encode() + b"\n" + _ED25519_TYPE + public_key).digest()[:_KEY_HASH_BYTES]


def is_key_name(name: str) -> bool:
    """Return whether `name` can name a key and a ledger."""
    return bool(_KEY_NAME.fullmatch(name)) and name.isprintable()


def parse_checkpoint(note: bytes, verifier: NoteVerifier, *, origin: str | None = None) -> Checkpoint:
    """Return the head that `note` carries, signed by the key of `verifier`.

    The origin must be `origin`, by default the name of the key. Signature lines of other keys must be well formed but
    are not verified. That the head is the newest, or extends another one, is not checked.

    Raises:
        CheckpointError: the note is not such a note.
    """
    # 1. Split the note into text and signature lines; every byte must have its place.
    text, signatures = _split_note(note, verifier.name)
    # 2. The expected key signed the text, before the text is looked at.
    signature = signatures.get((verifier.name, verifier.key_hash))
    if signature is None:
        raise CheckpointError(problem=CheckpointProblem.NOT_SIGNED, key_name=verifier.name)
    verifier.verify(text.encode(), signature)
    # 3. The text is one checkpoint in its one spelling.
    checkpoint = _parse_body(text, verifier.name)
    # 4. It is of the expected ledger.
    expected = verifier.name if origin is None else origin
    if not compare_digest(checkpoint.origin.encode(), expected.encode()):
        raise CheckpointOriginError(found=checkpoint.origin, expected=expected)
    return checkpoint


def _split_note(note: bytes, key_name: str) -> tuple[str, dict[tuple[str, bytes], bytes]]:
    try:
        whole = note.decode()
    except UnicodeDecodeError as err:
        raise CheckpointError(problem=CheckpointProblem.NOT_TEXT, key_name=key_name) from err
    # signed-note: the text "MUST NOT contain any ASCII control characters (those below U+0020) other than newline".
    if any(character < " " and character != "\n" for character in whole):
        raise CheckpointError(problem=CheckpointProblem.NOT_TEXT, key_name=key_name)
    text, separator, tail = whole.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise CheckpointError(problem=CheckpointProblem.NO_SIGNATURE_PART, key_name=key_name)
    signatures: dict[tuple[str, bytes], bytes] = {}
    for line in tail.removesuffix("\n").split("\n"):
        name, key_hash, signature = _parse_signature_line(line, key_name)
        if (name, key_hash) in signatures:
            raise CheckpointError(problem=CheckpointProblem.DUPLICATE_SIGNATURE, key_name=key_name)
        signatures[name, key_hash] = signature
    return text + "\n", signatures


def _parse_signature_line(line: str, key_name: str) -> tuple[str, bytes, bytes]:
    match = _SIGNATURE_LINE.fullmatch(line)
    try:
        blob = decode_base64(match[2]) if match else b""
    except ValueError:
        blob = b""
    if match is None or len(blob) <= _KEY_HASH_BYTES:
        raise CheckpointError(problem=CheckpointProblem.SIGNATURE_LINE, key_name=key_name)
    return match[1], blob[:_KEY_HASH_BYTES], blob[_KEY_HASH_BYTES:]


def _parse_body(text: str, key_name: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 3:
        raise CheckpointError(problem=CheckpointProblem.BODY_LINES, key_name=key_name)
    origin, size, root_text = lines
    if not is_key_name(origin):
        raise CheckpointError(problem=CheckpointProblem.ORIGIN, key_name=key_name)
    if not _SIZE.fullmatch(size):
        raise CheckpointError(problem=CheckpointProblem.SIZE, key_name=key_name)
    try:
        root = decode_base64(root_text)
    except ValueError as err:
        raise CheckpointError(problem=CheckpointProblem.ROOT, key_name=key_name) from err
    if len(root) != _ROOT_BYTES:
        raise CheckpointError(problem=CheckpointProblem.ROOT, key_name=key_name)
    return Checkpoint(origin=origin, size=int(size), root=root)


def _key_parts(pattern: re.Pattern[str], text: str, expected: KeyForm) -> tuple[str, bytes, bytes]:
    match = pattern.fullmatch(text)
    if match is None or not is_key_name(match[1]):
        raise KeyFormatError(expected=expected, problem=KeyProblem.MALFORMED)
    try:
        data = decode_base64(match[3])
    except ValueError as err:
        raise KeyFormatError(expected=expected, problem=KeyProblem.NOT_PLAIN_BASE64) from err
    if data[:1] != _ED25519_TYPE:
        raise KeyFormatError(expected=expected, problem=KeyProblem.NOT_ED25519)
    if len(data) != 1 + _KEY_BYTES:
        raise KeyFormatError(expected=expected, problem=KeyProblem.LENGTH)
    return match[1], bytes.fromhex(match[2]), data[1:]
