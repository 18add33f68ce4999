"""Checkpoints: signed notes as C2SP specifies them."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.checkpoint import Checkpoint, NoteSigner, NoteVerifier, parse_checkpoint
from hashing.errors import CheckpointError, CheckpointOriginError, CheckpointProblem, KeyFormatError, KeyProblem

ORIGIN = "cg.example.gov.cn/station-1/1"
SIGNER = NoteSigner.from_seed(ORIGIN, bytes(range(32)))
VERIFIER = NoteVerifier(SIGNER.vkey)
HEAD = Checkpoint(origin=ORIGIN, size=20852163, root=bytes(range(32)))
NOTE = SIGNER.sign(HEAD)


def signed(text: str, signer: NoteSigner = SIGNER) -> bytes:
    """Return a note of any text, honestly signed."""
    key_hash = bytes.fromhex(signer.vkey.split("+")[1])
    signature = base64.b64encode(key_hash + signer.private_key.sign(text.encode())).decode()
    return f"{text}\n— {signer.name} {signature}\n".encode()


def test_a_checkpoint_reads_back_as_it_was_signed() -> None:
    assert parse_checkpoint(NOTE, VERIFIER) == HEAD
    assert parse_checkpoint(NOTE, VERIFIER, origin=ORIGIN) == HEAD


@given(size=st.integers(0, 10**18 - 1), root=st.binary(min_size=32, max_size=32))
def test_any_head_reads_back(size: int, root: bytes) -> None:
    head = Checkpoint(origin=ORIGIN, size=size, root=root)
    assert parse_checkpoint(SIGNER.sign(head), VERIFIER) == head


def test_the_published_note_of_another_implementation_verifies() -> None:
    """The example of golang.org/x/mod/sumdb/note, with its private key."""
    signer = NoteSigner.from_text("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert signer.vkey == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert signed(text, signer).decode() == f"{text}\n{line}"
    blob = base64.b64decode(line.split(" ")[2])
    NoteVerifier(signer.vkey).verify(text.encode(), blob[4:])


def test_the_key_hash_of_the_go_checksum_database_is_computed_alike() -> None:
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert NoteVerifier(vkey).key_hash.hex() == "033de0ae"


def test_no_flipped_bit_of_a_note_is_accepted() -> None:
    for position in range(len(NOTE) * 8):
        damaged = bytearray(NOTE)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(CheckpointError):
            parse_checkpoint(bytes(damaged), VERIFIER)


def test_no_cut_note_is_accepted() -> None:
    for stop in range(len(NOTE)):
        with pytest.raises(CheckpointError):
            parse_checkpoint(NOTE[:stop], VERIFIER)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{ORIGIN}\n007\n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n+7\n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n-7\n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n７\n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n7 \n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n1{'0' * 18}\n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n\n{ROOT}\n", CheckpointProblem.SIZE),
        (f"{ORIGIN}\n7\n{ROOT[:-1]}\n", CheckpointProblem.ROOT),
        (f"{ORIGIN}\n7\n{ROOT[:-2]}B=\n", CheckpointProblem.ROOT),
        (f"{ORIGIN}\n7\n{base64.b64encode(bytes(31)).decode()}\n", CheckpointProblem.ROOT),
        (f"{ORIGIN}\n7\n{ROOT}\nextension\n", CheckpointProblem.BODY_LINES),
        (f"{ORIGIN}\n7\n", CheckpointProblem.BODY_LINES),
        (f"\n7\n{ROOT}\n", CheckpointProblem.ORIGIN),
        (f"two words\n7\n{ROOT}\n", CheckpointProblem.ORIGIN),
        (f"a+b\n7\n{ROOT}\n", CheckpointProblem.ORIGIN),
    ],
)
def test_a_signed_text_that_is_no_plain_checkpoint_is_refused(text: str, problem: CheckpointProblem) -> None:
    assert refusal(signed(text)) is problem


@pytest.mark.parametrize(
    ("note", "problem"),
    [
        (b"", CheckpointProblem.NO_SIGNATURE_PART),
        (HEAD.body().encode(), CheckpointProblem.NO_SIGNATURE_PART),
        (HEAD.body().encode() + b"\n", CheckpointProblem.NO_SIGNATURE_PART),
        (NOTE.removesuffix(b"\n"), CheckpointProblem.NO_SIGNATURE_PART),
        (NOTE.replace(b"\n", b"\r\n"), CheckpointProblem.NOT_TEXT),
        (NOTE + b"\xff\n", CheckpointProblem.NOT_TEXT),
        (NOTE.replace("—".encode(), b"-"), CheckpointProblem.SIGNATURE_LINE),
        (NOTE + b"\n", CheckpointProblem.NO_SIGNATURE_PART),
        (NOTE + "— other AAAA\n".encode(), CheckpointProblem.SIGNATURE_LINE),
        (NOTE + "— other AAAAAA==\n".encode(), CheckpointProblem.SIGNATURE_LINE),
        (NOTE + NOTE.splitlines(keepends=True)[-1], CheckpointProblem.DUPLICATE_SIGNATURE),
        (signed(HEAD.body(), NoteSigner.from_seed(ORIGIN, bytes(32))), CheckpointProblem.NOT_SIGNED),
        (signed(HEAD.body(), NoteSigner.from_seed("other", bytes(range(32)))), CheckpointProblem.NOT_SIGNED),
        (NOTE.replace(b"20852163", b"20852164"), CheckpointProblem.BAD_SIGNATURE),
    ],
)
def test_a_note_without_the_expected_signature_is_refused(note: bytes, problem: CheckpointProblem) -> None:
    assert refusal(note) is problem


def refusal(note: bytes) -> object:
    """Return why `note` is refused, after looking at the message."""
    with pytest.raises(CheckpointError) as caught:
        parse_checkpoint(note, VERIFIER)
    problem = caught.value.facts["problem"]
    assert str(caught.value) == f"The checkpoint was refused: {problem}. Expected key: {ORIGIN}."
    return problem


def test_signatures_of_other_keys_are_allowed_beside_ours() -> None:
    """Witnesses add their lines to the same note."""
    witness = signed(HEAD.body(), NoteSigner.generate("witness.example")).splitlines(keepends=True)[-1]
    same_name = signed(HEAD.body(), NoteSigner.generate(ORIGIN)).splitlines(keepends=True)[-1]
    assert parse_checkpoint(NOTE + witness + same_name, VERIFIER) == HEAD


def test_a_checkpoint_of_another_ledger_is_refused_even_when_signed_by_the_key() -> None:
    note = signed(f"{ORIGIN[:-1]}2\n7\n{ROOT}\n")
    with pytest.raises(CheckpointOriginError) as caught:
        parse_checkpoint(note, VERIFIER)
    assert str(caught.value) == f"The checkpoint belongs to the ledger {ORIGIN[:-1]}2, expected {ORIGIN}."
    with pytest.raises(CheckpointOriginError):
        parse_checkpoint(NOTE, VERIFIER, origin=f"{ORIGIN[:-1]}2")


def test_a_key_signs_for_its_own_ledger_only() -> None:
    with pytest.raises(ValueError, match=re.escape(f"the key of {ORIGIN} cannot sign for other")):
        SIGNER.sign(Checkpoint(origin="other", size=0, root=bytes(32)))


def test_a_private_key_reads_back_from_its_text() -> None:
    signer = NoteSigner.generate(ORIGIN)
    assert NoteSigner.from_text(signer.to_text()).vkey == signer.vkey
    assert NoteSigner.from_text(signer.to_text() + "\n").sign(HEAD) == signer.sign(HEAD)


def test_a_private_key_under_another_name_is_refused() -> None:
    with pytest.raises(KeyFormatError, match="name, key and key hash do not belong together"):
        NoteSigner.from_text(SIGNER.to_text().replace("station-1", "station-2"))


def test_a_private_key_is_not_shown_by_accident() -> None:
    secret = SIGNER.to_text().rpartition("+")[2]
    assert secret not in repr(SIGNER)
    with pytest.raises(KeyFormatError) as caught:
        NoteSigner.from_text(SIGNER.to_text() + "!")
    assert secret not in str(caught.value)


NAME, HASH, KEY = SIGNER.vkey.split("+", 2)


@pytest.mark.parametrize(
    ("vkey", "problem"),
    [
        ("", KeyProblem.MALFORMED),
        (f"{NAME}+{HASH}", KeyProblem.MALFORMED),
        (f"{NAME}+{HASH.upper()}+{KEY}", KeyProblem.MALFORMED),
        (f"two words+{HASH}+{KEY}", KeyProblem.MALFORMED),
        (f"a\u202eb+{HASH}+{KEY}", KeyProblem.MALFORMED),
        (f"{NAME}+{HASH}+{KEY}\n", KeyProblem.MALFORMED),
        (f"{NAME}+{HASH}+{KEY}=", KeyProblem.NOT_PLAIN_BASE64),
        (f"{NAME}x+{HASH}+{KEY}", KeyProblem.KEY_HASH),
        (f"{NAME}+00000000+{KEY}", KeyProblem.KEY_HASH),
        (f"{NAME}+{HASH}+B{KEY[1:]}", KeyProblem.NOT_ED25519),
        (f"{NAME}+{HASH}+{KEY[:-4]}", KeyProblem.LENGTH),
    ],
)
def test_a_text_that_is_no_checkpoint_key_is_refused(vkey: str, problem: KeyProblem) -> None:
    with pytest.raises(KeyFormatError) as caught:
        NoteVerifier(vkey)
    assert str(caught.value) == f"Expected a checkpoint key (vkey), but {problem}."


@pytest.mark.parametrize(("size", "root"), [(-1, bytes(32)), (0, bytes(31)), (10**18, bytes(32))])
def test_a_head_that_cannot_be_written_cannot_exist(size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="not a tree head"):
        Checkpoint(origin=ORIGIN, size=size, root=root)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2028b", "a\u202eb"])
def test_a_name_that_could_be_misread_cannot_name_a_ledger(name: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        Checkpoint(origin=name, size=0, root=bytes(32))
    with pytest.raises(ValueError, match="not a key name"):
        NoteSigner.generate(name)
