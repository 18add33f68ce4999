"""SSH signatures, against the real ssh-keygen."""

import base64
from hashlib import sha256, sha512

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.errors import SignatureError, SignatureProblem
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey, SshPublicKey
from hashing.ssh_wire import wire_string
from hashing.sshsig import sign, verify
from tests.hashing.ssh import STATION_KEY, SshKeygen, signers_of
from tests.hashing.test_ssh_keys import SECURITY

MESSAGE = b"2a7d...  custody/clip.json\n"
SIGNATURE = sign(MESSAGE, STATION_KEY, Namespace.BAG)
SIGNERS = signers_of(STATION_KEY.public)


def refusal(
    signature: bytes, message: bytes = MESSAGE, namespace: Namespace = Namespace.BAG, principal: str = "station"
) -> object:
    """Return why a signature is refused, after looking at the message."""
    with pytest.raises(SignatureError) as caught:
        verify(message, signature, signers=SIGNERS, principal=principal, namespace=namespace)
    problem = caught.value.facts["problem"]
    assert str(caught.value) == f"The signature of {principal} for {namespace} was refused: {problem}."
    return problem


def test_what_we_sign_ssh_keygen_accepts(ssh_keygen: SshKeygen) -> None:
    assert ssh_keygen.accepts(MESSAGE, SIGNATURE, SIGNERS, "custody-bag")
    assert not ssh_keygen.accepts(MESSAGE + b" ", SIGNATURE, SIGNERS, "custody-bag")


def test_ssh_keygen_refuses_our_signature_for_another_purpose(ssh_keygen: SshKeygen) -> None:
    both = signers_of(STATION_KEY.public, "custody-bag", "custody-store")
    assert not ssh_keygen.accepts(MESSAGE, SIGNATURE, both, "custody-store")
    # A signature for stores, where allowed_signers allows bags only.
    for_store = sign(MESSAGE, STATION_KEY, Namespace.STORE)
    assert ssh_keygen.accepts(MESSAGE, for_store, both, "custody-store")
    assert not ssh_keygen.accepts(MESSAGE, for_store, SIGNERS, "custody-store")


def test_what_ssh_keygen_signs_we_accept_and_would_write_the_same(ssh_keygen: SshKeygen) -> None:
    theirs = ssh_keygen.sign(MESSAGE, STATION_KEY.to_openssh(), "custody-bag")
    assert verify(MESSAGE, theirs, signers=SIGNERS, principal="station", namespace=Namespace.BAG) == STATION_KEY.public
    assert theirs == SIGNATURE


@given(message=st.binary(max_size=300), seed=st.binary(min_size=32, max_size=32))
def test_any_message_and_key_verify(message: bytes, seed: bytes) -> None:
    key = SigningKey.from_seed(seed)
    signature = sign(message, key, Namespace.STORE)
    signers = signers_of(key.public, "custody-store")
    assert verify(message, signature, signers=signers, principal="station", namespace=Namespace.STORE) == key.public


def test_no_flipped_bit_of_an_armoured_signature_is_accepted() -> None:
    for position in range(len(SIGNATURE) * 8):
        damaged = bytearray(SIGNATURE)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(SignatureError):
            verify(MESSAGE, bytes(damaged), signers=SIGNERS, principal="station", namespace=Namespace.BAG)


def test_no_flipped_bit_of_the_message_is_accepted() -> None:
    for position in range(len(MESSAGE) * 8):
        damaged = bytearray(MESSAGE)
        damaged[position // 8] ^= 1 << position % 8
        assert refusal(SIGNATURE, bytes(damaged)) is SignatureProblem.BAD_SIGNATURE


@pytest.mark.parametrize(
    "armoured",
    [
        b"",
        SIGNATURE.removesuffix(b"\n"),
        SIGNATURE + b"\n",
        b"\n" + SIGNATURE,
        SIGNATURE.replace(b"\n", b"\r\n"),
        SIGNATURE.replace(b"\n", b" \n"),
        b"-----BEGIN SSH SIGNATURE-----\n"
        + b"".join(SIGNATURE.splitlines()[1:-1])
        + b"\n-----END SSH SIGNATURE-----\n",
        SIGNATURE.removeprefix(b"-----BEGIN SSH SIGNATURE-----\n"),
        SIGNATURE.replace(b"=\n", b"\n"),
    ],
)
def test_any_other_spelling_of_the_armour_is_refused(armoured: bytes) -> None:
    assert refusal(armoured) is SignatureProblem.ARMOUR


def test_a_signature_for_another_purpose_is_refused() -> None:
    assert refusal(SIGNATURE, namespace=Namespace.STORE) is SignatureProblem.NAMESPACE


def test_a_key_is_good_only_for_the_namespaces_its_line_names() -> None:
    for_store = sign(MESSAGE, STATION_KEY, Namespace.STORE)
    assert refusal(for_store, namespace=Namespace.STORE) is SignatureProblem.NOT_ALLOWED


def test_a_key_that_is_not_listed_is_refused() -> None:
    assert refusal(sign(MESSAGE, SigningKey.generate(), Namespace.BAG)) is SignatureProblem.NOT_ALLOWED
    assert refusal(SIGNATURE, principal="other") is SignatureProblem.NOT_ALLOWED


def armour(blob: bytes) -> bytes:
    """Return `blob` in the armour of ssh-keygen."""
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + 70] for start in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()


def envelope(
    key_blob: bytes,
    signature: bytes,
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    namespace: bytes = b"custody-bag",
    reserved: bytes = b"",
    algorithm: bytes = b"sha512",
) -> bytes:
    """Return a signature blob field by field (PROTOCOL.sshsig)."""
    fields = (key_blob, namespace, reserved, algorithm, signature)
    return magic + version.to_bytes(4, "big") + b"".join(map(wire_string, fields))


def signed_data(message: bytes, algorithm: bytes = b"sha512") -> bytes:
    """Return what a signature for bags is made over (PROTOCOL.sshsig)."""
    digest = {b"sha512": sha512, b"sha256": sha256}[algorithm](message).digest()
    return b"SSHSIG" + b"".join(map(wire_string, (b"custody-bag", b"", algorithm, digest)))


RAW = STATION_KEY.sign(signed_data(MESSAGE))
GOOD = wire_string(b"ssh-ed25519") + wire_string(RAW)
BLOB = STATION_KEY.public.blob


def test_the_envelope_of_these_tests_is_the_one_of_the_program() -> None:
    assert armour(envelope(BLOB, GOOD)) == SIGNATURE


@pytest.mark.parametrize(
    ("blob", "problem"),
    [
        (envelope(BLOB, GOOD, magic=b"SSHSIH"), SignatureProblem.STRUCTURE),
        (envelope(BLOB, GOOD, version=2), SignatureProblem.VERSION),
        (envelope(BLOB, GOOD, reserved=b"x"), SignatureProblem.STRUCTURE),
        (envelope(BLOB, GOOD, algorithm=b"sha256"), SignatureProblem.HASH_ALGORITHM),
        (
            envelope(
                BLOB,
                wire_string(b"ssh-ed25519") + wire_string(STATION_KEY.sign(signed_data(MESSAGE, b"sha256"))),
                algorithm=b"sha256",
            ),
            SignatureProblem.HASH_ALGORITHM,
        ),
        (envelope(BLOB, GOOD) + b"x", SignatureProblem.STRUCTURE),
        (envelope(BLOB, GOOD)[:-1], SignatureProblem.STRUCTURE),
        (envelope(BLOB, GOOD + b"x"), SignatureProblem.STRUCTURE),
        (envelope(BLOB, wire_string(b"ssh-rsa") + wire_string(RAW)), SignatureProblem.ALGORITHM),
        (envelope(BLOB, wire_string(b"ssh-ed25519") + wire_string(RAW + b"x")), SignatureProblem.BAD_SIGNATURE),
        (envelope(BLOB, wire_string(b"ssh-ed25519") + wire_string(b"")), SignatureProblem.BAD_SIGNATURE),
        (envelope(BLOB + b"x", GOOD), SignatureProblem.KEY),
        (envelope(wire_string(b"ssh-rsa") + wire_string(bytes(32)), GOOD), SignatureProblem.KEY),
    ],
)
def test_an_envelope_that_is_not_the_plain_one_is_refused(blob: bytes, problem: SignatureProblem) -> None:
    assert refusal(armour(blob)) is problem


def touch_signature(message: bytes, flags: int, application: str = "ssh:") -> bytes:
    """Return what a security key with the seed of the station's would sign (PROTOCOL.u2f)."""
    presence = bytes([flags]) + (7).to_bytes(4, "big")
    raw = STATION_KEY.sign(sha256(application.encode()).digest() + presence + sha256(signed_data(message)).digest())
    blob = wire_string(b"sk-ssh-ed25519@openssh.com") + wire_string(raw) + presence
    return armour(envelope(SECURITY.blob, blob))


def verify_touch(signature: bytes, message: bytes = MESSAGE) -> SshPublicKey:
    """Verify against the security key."""
    return verify(message, signature, signers=signers_of(SECURITY), principal="station", namespace=Namespace.BAG)


def test_a_touched_security_key_is_accepted_by_both(ssh_keygen: SshKeygen) -> None:
    for flags in (0x01, 0x05):
        assert verify_touch(touch_signature(MESSAGE, flags)) == SECURITY
        assert ssh_keygen.accepts(MESSAGE, touch_signature(MESSAGE, flags), signers_of(SECURITY), "custody-bag")


def test_an_untouched_security_key_is_refused_although_ssh_keygen_accepts_it(ssh_keygen: SshKeygen) -> None:
    untouched = touch_signature(MESSAGE, 0x00)
    assert ssh_keygen.accepts(MESSAGE, untouched, signers_of(SECURITY), "custody-bag")
    with pytest.raises(SignatureError, match="the security key was not touched"):
        verify_touch(untouched)


def test_a_security_key_signature_covers_flags_application_and_message() -> None:
    with pytest.raises(SignatureError, match="does not belong to these bytes"):
        verify_touch(touch_signature(MESSAGE, 0x01, application="ssh:other"))
    with pytest.raises(SignatureError, match="does not belong to these bytes"):
        verify_touch(touch_signature(MESSAGE, 0x01), message=b"other")
    with pytest.raises(SignatureError, match="its structure is damaged"):
        verify_touch(armour(envelope(SECURITY.blob, wire_string(b"sk-ssh-ed25519@openssh.com") + wire_string(RAW))))
    with pytest.raises(SignatureError, match="its algorithm does not fit its key"):
        verify_touch(armour(envelope(SECURITY.blob, wire_string(b"ssh-ed25519") + wire_string(RAW) + bytes(5))))


def test_a_plain_key_does_not_pass_for_the_security_key_of_the_same_point() -> None:
    with pytest.raises(SignatureError, match="allowed_signers does not list its key"):
        verify_touch(SIGNATURE)
