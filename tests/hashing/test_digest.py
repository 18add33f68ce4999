"""Digests of bytes and of streams."""

import io
import re

import pytest

from hashing.digest import CHUNK_BYTES, Digest, digest_stream

# FIPS 180-2, appendix B.1: the message "abc".
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_digest_of_abc_is_the_one_in_the_standard() -> None:
    assert Digest.of(b"abc").hex == ABC
    assert str(Digest.of(b"abc")) == ABC


def test_raw_bytes_and_hex_are_the_same_digest() -> None:
    assert Digest.from_raw(Digest.of(b"abc").raw) == Digest.of(b"abc")


@pytest.mark.parametrize("text", ["", ABC.upper(), ABC[:-1], ABC + "0", ABC[:-1] + "g", ABC + "\n"])
def test_a_text_that_is_not_64_lowercase_hex_digits_cannot_become_a_digest(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"not a SHA-256 hex digest: {text!r}")):
        Digest(hex=text)


def test_a_stream_longer_than_the_buffer_is_hashed_whole() -> None:
    data = bytes(range(256)) * 4096 + b"tail"
    assert len(data) > CHUNK_BYTES
    assert digest_stream(io.BytesIO(data)) == (Digest.of(data), len(data))


@pytest.mark.parametrize("buffer_bytes", [1, 2, 3, 10, 11])
def test_a_lent_buffer_of_any_size_gives_the_same_digest(buffer_bytes: int) -> None:
    assert digest_stream(io.BytesIO(b"0123456789"), bytearray(buffer_bytes)) == (Digest.of(b"0123456789"), 10)


def test_short_reads_do_not_leak_what_the_buffer_held_before() -> None:
    class Dribble(io.RawIOBase):
        def __init__(self) -> None:
            self.parts = [b"abcdef", b"g", b"hi"]

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # only what is used here
            part = self.parts.pop(0) if self.parts else b""
            buffer[: len(part)] = part
            return len(part)

    assert digest_stream(Dribble(), bytearray(6)) == (Digest.of(b"abcdefghi"), 9)


def test_an_empty_stream_has_the_digest_of_nothing() -> None:
    assert digest_stream(io.BytesIO()) == (Digest.of(b""), 0)


def test_an_empty_buffer_is_refused_instead_of_reading_for_ever() -> None:
    with pytest.raises(ValueError, match="an empty buffer can never reach the end of a stream"):
        digest_stream(io.BytesIO(b"abc"), bytearray())


def test_a_non_blocking_stream_without_bytes_is_not_taken_for_the_end() -> None:
    class NothingYet:
        def readinto(self, _buffer: memoryview, /) -> int | None:
            return None

    with pytest.raises(BlockingIOError, match="needs a blocking stream"):
        digest_stream(NothingYet())
