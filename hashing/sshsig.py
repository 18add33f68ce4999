"""SSH signatures over small messages: SSHSIG (OpenSSH, PROTOCOL.sshsig), as `ssh-keygen -Y` makes and verifies them.

Stricter than ssh-keygen where it is lax: the armour must be the one ssh-keygen writes, down to the last bit of base64
(ssh-keygen accepts some flipped bits), a security key must have been touched, and a key is good only for the
namespaces that `allowed_signers` names.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256, sha512

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hashing.allowed_signers import AllowedSigners
from hashing.errors import KeyFormatError, SignatureError, SignatureProblem
from hashing.namespaces import Namespace
from hashing.ssh_keys import KeyType, SigningKey, SshPublicKey
from hashing.ssh_wire import WireReader, wire_string

_MAGIC = b"SSHSIG"
_VERSION = 1
# The default of ssh-keygen. sha256 is allowed by the protocol; one choice leaves nothing to negotiate.
_HASH_ALGORITHM = b"sha512"
_RESERVED = b""

_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
# What ssh-keygen writes; PROTOCOL.sshsig leaves the width open.
_ARMOUR_COLUMNS = 70

# PROTOCOL.u2f: bit 0 of the flags says that a person touched the key.
_USER_PRESENT = 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """The fields of a signature blob, as they stand in it."""

    version: int
    key_blob: bytes
    namespace: bytes
    reserved: bytes
    hash_algorithm: bytes
    signature: bytes

    def encode(self) -> bytes:
        fields = (self.key_blob, self.namespace, self.reserved, self.hash_algorithm, self.signature)
        return _MAGIC + self.version.to_bytes(4, "big") + b"".join(map(wire_string, fields))


class _RefusedError(Exception):
    """Carries the reason to where principal and namespace are known."""

    def __init__(self, problem: SignatureProblem) -> None:
        super().__init__(problem)
        self.problem = problem


def sign(message: bytes, key: SigningKey, namespace: Namespace) -> bytes:
    """Return the armoured signature of `message`; equal arguments give equal bytes.

    `ssh-keygen -Y verify -n <namespace>` accepts it, and it is what `ssh-keygen -Y sign` writes for the same key.
    """
    signature = wire_string(KeyType.ED25519.encode()) + wire_string(key.sign(_signed_data(message, namespace)))
    envelope = _Envelope(
        version=_VERSION,
        key_blob=key.public.blob,
        namespace=namespace.encode(),
        reserved=_RESERVED,
        hash_algorithm=_HASH_ALGORITHM,
        signature=signature,
    )
    return _armour(envelope.encode())


def verify(
    message: bytes, armoured: bytes, *, signers: AllowedSigners, principal: str, namespace: Namespace
) -> SshPublicKey:
    """Return the key with which `principal` signed `message` for `namespace`.

    When the key was added or withdrawn is not checked: that is judged by ledger position.

    Raises:
        SignatureError: it is not shown that they did; `facts["problem"]` says why.
    """
    try:
        return _verify(message, armoured, signers, principal, namespace)
    except _RefusedError as err:
        raise SignatureError(principal=principal, namespace=namespace, problem=err.problem) from err


def _verify(
    message: bytes, armoured: bytes, signers: AllowedSigners, principal: str, namespace: Namespace
) -> SshPublicKey:
    # 1. The armour is the one spelling of its bytes.
    blob = _unarmour(armoured)
    # 2. The bytes are one envelope, with nothing left over, and of the only form this program makes.
    envelope = _parse_envelope(blob)
    # 3. It was made for this purpose.
    if envelope.namespace != namespace.encode():
        raise _RefusedError(SignatureProblem.NAMESPACE)
    # 4. The key may sign for this person and this purpose. (Deliberately before the cryptography: the envelope brings
    #    its own key, which proves nothing.)
    key = _parse_key(envelope.key_blob)
    if not signers.allows(principal=principal, namespace=namespace, key=key):
        raise _RefusedError(SignatureProblem.NOT_ALLOWED)
    # 5. The signature is of the key's own algorithm; a security key was touched.
    signature, signed_data = _parse_signature(envelope.signature, key, _signed_data(message, namespace))
    # 6. The key signed these bytes.
    try:
        Ed25519PublicKey.from_public_bytes(key.ed25519).verify(signature, signed_data)
    except InvalidSignature as err:
        raise _RefusedError(SignatureProblem.BAD_SIGNATURE) from err
    return key


def _signed_data(message: bytes, namespace: Namespace) -> bytes:
    fields = (namespace.encode(), _RESERVED, _HASH_ALGORITHM, sha512(message).digest())
    return _MAGIC + b"".join(map(wire_string, fields))


def _armour(blob: bytes) -> bytes:
    text = base64.b64encode(blob)
    lines = (text[start : start + _ARMOUR_COLUMNS] + b"\n" for start in range(0, len(text), _ARMOUR_COLUMNS))
    return _BEGIN + b"".join(lines) + _END


def _unarmour(armoured: bytes) -> bytes:
    try:
        blob = base64.b64decode(armoured.removeprefix(_BEGIN).removesuffix(_END).replace(b"\n", b""), validate=True)
    except binascii.Error as err:
        raise _RefusedError(SignatureProblem.ARMOUR) from err
    if _armour(blob) != armoured:
        raise _RefusedError(SignatureProblem.ARMOUR)
    return blob


def _parse_envelope(blob: bytes) -> _Envelope:
    reader = WireReader(blob)
    try:
        magic, version = reader.take(len(_MAGIC)), reader.take_uint32()
        key_blob, namespace, reserved, algorithm, signature = (reader.take_string() for _ in range(5))
        reader.finish()
    except ValueError as err:
        raise _RefusedError(SignatureProblem.STRUCTURE) from err
    if magic != _MAGIC or reserved != _RESERVED:
        raise _RefusedError(SignatureProblem.STRUCTURE)
    if version != _VERSION:
        raise _RefusedError(SignatureProblem.VERSION)
    if algorithm != _HASH_ALGORITHM:
        raise _RefusedError(SignatureProblem.HASH_ALGORITHM)
    return _Envelope(
        version=version,
        key_blob=key_blob,
        namespace=namespace,
        reserved=reserved,
        hash_algorithm=algorithm,
        signature=signature,
    )


def _parse_key(blob: bytes) -> SshPublicKey:
    try:
        return SshPublicKey.from_blob(blob)
    except KeyFormatError as err:
        raise _RefusedError(SignatureProblem.KEY) from err


def _parse_signature(blob: bytes, key: SshPublicKey, signed_data: bytes) -> tuple[bytes, bytes]:
    """Return the Ed25519 signature and the bytes it must be of."""
    reader = WireReader(blob)
    try:
        algorithm, signature = reader.take_string(), reader.take_string()
        # PROTOCOL.u2f: a security key signs SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(data).
        presence = reader.take(5) if key.application is not None else b""
        reader.finish()
    except ValueError as err:
        raise _RefusedError(SignatureProblem.STRUCTURE) from err
    if algorithm != key.key_type.encode():
        raise _RefusedError(SignatureProblem.ALGORITHM)
    if key.application is None:
        return signature, signed_data
    if not presence[0] & _USER_PRESENT:
        raise _RefusedError(SignatureProblem.NO_TOUCH)
    return signature, sha256(key.application.encode()).digest() + presence + sha256(signed_data).digest()
