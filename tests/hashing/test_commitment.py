"""Commitments to names and free text."""

import re

import pytest

from hashing.commitment import commit, matches


def test_a_commitment_is_hmac_sha_256() -> None:
    # RFC 4231 §4.2 uses a 20-byte key; padded with zeros to 32 bytes HMAC is the same.
    key = bytes.fromhex("0b" * 20) + bytes(12)
    assert commit(b"Hi There", key) == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"


def test_a_commitment_matches_its_own_text_and_key_only() -> None:
    key = bytes(range(32))
    commitment = commit("张三".encode(), key)
    assert matches(commitment, text="张三".encode(), key=key)
    assert not matches(commitment, text="李四".encode(), key=key)
    assert not matches(commitment, text="张三".encode(), key=bytes(32))
    assert not matches(commitment.upper(), text="张三".encode(), key=key)
    assert not matches("不是摘要", text="张三".encode(), key=key)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=re.escape(f"a commitment key has 32 bytes, this one has {length}")):
        commit(b"text", bytes(length))
