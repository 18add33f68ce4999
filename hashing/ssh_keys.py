"""SSH keys: public ones as `type base64 [comment]` lines, the station's own private one as an OpenSSH file.

Accepted are Ed25519 keys in software and on FIDO security keys. The latter are parsed here: `cryptography` would read
them as plain Ed25519 and forget the application they are bound to.
"""

import base64
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from hashing.base64_text import decode_base64, encode_base64
from hashing.errors import KeyForm, KeyFormatError, KeyProblem
from hashing.ssh_wire import WireReader, wire_string

_KEY_BYTES = 32


class KeyType(StrEnum):
    """The key types accepted; the text is the one SSH uses."""

    ED25519 = "ssh-ed25519"
    SK_ED25519 = "sk-ssh-ed25519@openssh.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshPublicKey:
    """A public key; equal when type and key are equal, whatever the comment."""

    key_type: KeyType
    ed25519: bytes
    """The 32 bytes of the Ed25519 public key."""
    application: str | None = None
    """The FIDO application of a security key (usually `ssh:`), None for a key in software."""
    comment: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if len(self.ed25519) != _KEY_BYTES or (self.application is None) != (self.key_type is KeyType.ED25519):
            raise ValueError(f"these parts do not make a key of type {self.key_type}")

    @classmethod
    def parse(cls, line: str) -> Self:
        """Return the key of a line `type base64 [comment]`, as in a `.pub` file; one line end is allowed.

        Raises:
            KeyFormatError: it is another kind of key, or not written in its one way.
        """
        body = line.removesuffix("\n")
        fields = body.split(" ", 2)
        if len(fields) < 2 or not body.isprintable():
            raise KeyFormatError(expected=KeyForm.SSH_PUBLIC, problem=KeyProblem.MALFORMED)
        try:
            blob = decode_base64(fields[1])
        except ValueError as err:
            raise KeyFormatError(expected=KeyForm.SSH_PUBLIC, problem=KeyProblem.NOT_PLAIN_BASE64) from err
        key = cls.from_blob(blob, comment=fields[2] if len(fields) > 2 else "")
        if key.key_type != fields[0]:
            raise KeyFormatError(expected=KeyForm.SSH_PUBLIC, problem=KeyProblem.TYPE_DIFFERS)
        return key

    @classmethod
    def from_blob(cls, blob: bytes, *, comment: str = "") -> Self:
        """Return the key of its SSH wire form.

        Raises:
            KeyFormatError: it is another kind of key, or bytes are missing or left over.
        """
        reader = WireReader(blob)
        try:
            key_type = _key_type(reader.take_string())
            ed25519 = reader.take_string()
            application = reader.take_string().decode() if key_type is KeyType.SK_ED25519 else None
            reader.finish()
        except ValueError as err:
            raise KeyFormatError(expected=KeyForm.SSH_PUBLIC, problem=KeyProblem.MALFORMED) from err
        if len(ed25519) != _KEY_BYTES:
            raise KeyFormatError(expected=KeyForm.SSH_PUBLIC, problem=KeyProblem.LENGTH)
        return cls(key_type=key_type, ed25519=ed25519, application=application, comment=comment)

    @property
    def blob(self) -> bytes:
        """The key in SSH wire form."""
        blob = wire_string(self.key_type.encode()) + wire_string(self.ed25519)
        return blob if self.application is None else blob + wire_string(self.application.encode())

    @property
    def text(self) -> str:
        """The key as `type base64`, without comment: how the ledger and allowed_signers name it."""
        return f"{self.key_type} {encode_base64(self.blob)}"

    @property
    def line(self) -> str:
        """The key as `type base64 comment`, as in a `.pub` file but without a line end."""
        return f"{self.text} {self.comment}" if self.comment else self.text

    @property
    def fingerprint(self) -> str:
        """The fingerprint as `ssh-keygen -l` shows it: `SHA256:` and base64 without padding."""
        return "SHA256:" + base64.b64encode(sha256(self.blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SigningKey:
    """The station's private Ed25519 key for SSH signatures."""

    private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Return a new key."""
        return cls(private_key=Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Return the key of a 32-byte seed."""
        return cls(private_key=Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_openssh(cls, pem: bytes) -> Self:
        """Return the key of an OpenSSH private key file.

        Raises:
            KeyFormatError: it is not one, is of another type, or needs a passphrase; the message holds nothing of it.
        """
        try:
            private_key = load_ssh_private_key(pem, password=None)
        except TypeError as err:
            raise KeyFormatError(expected=KeyForm.SSH_PRIVATE, problem=KeyProblem.ENCRYPTED) from err
        except (ValueError, UnsupportedAlgorithm) as err:
            raise KeyFormatError(expected=KeyForm.SSH_PRIVATE, problem=KeyProblem.MALFORMED) from err
        if not isinstance(private_key, Ed25519PrivateKey):
            raise KeyFormatError(expected=KeyForm.SSH_PRIVATE, problem=KeyProblem.NOT_ED25519)
        return cls(private_key=private_key)

    def to_openssh(self) -> bytes:
        """Return the OpenSSH private key file, without passphrase. Secret; not the same bytes each time."""
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())

    @property
    def public(self) -> SshPublicKey:
        """The public key, without comment."""
        return SshPublicKey(key_type=KeyType.ED25519, ed25519=self.private_key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature of `data`; equal data gives equal signatures."""
        return self.private_key.sign(data)


def _key_type(text: bytes) -> KeyType:
    try:
        return KeyType(text.decode())
    except ValueError as err:
        raise KeyFormatError(expected=KeyForm.SSH_PUBLIC, problem=KeyProblem.UNKNOWN_TYPE) from err
