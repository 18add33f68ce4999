"""SHA-256 digests, of bytes in hand and of streams too large to hold."""

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol, Self

# Half a MiB stays in the second-level cache; fresh 4 MiB blocks took twice as long.
CHUNK_BYTES = 524_288

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class ReadableInto(Protocol):
    """A binary stream that fills a buffer the caller owns."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the start of `buffer` and return how many bytes were filled; 0 is the end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """SHA-256 of some bytes; always 64 lowercase hex digits."""

    hex: str

    def __post_init__(self) -> None:
        if not _SHA256_HEX.fullmatch(self.hex):
            raise ValueError(f"not a SHA-256 hex digest: {self.hex!r}")

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Self:
        """Return the digest of `data`."""
        return cls(hex=hashlib.sha256(data).hexdigest())

    @classmethod
    def from_raw(cls, raw: bytes) -> Self:
        """Return the digest whose 32 bytes are `raw`.

        Raises:
            ValueError: `raw` is not 32 bytes long.
        """
        return cls(hex=raw.hex())

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the digest."""
        return bytes.fromhex(self.hex)

    def __str__(self) -> str:
        return self.hex


def digest_stream(stream: ReadableInto, buffer: bytearray | memoryview | None = None) -> tuple[Digest, int]:
    """Return the digest and the length of what is left in `stream`.

    The stream is read to its end through one buffer, which the caller may lend; the stream stays open. Whether the
    bytes came from the medium or from a cache is not checked.

    Raises:
        ValueError: the lent buffer is empty.
        BlockingIOError: the stream is non-blocking and had nothing to give.
        OSError: whatever the stream raises.
    """
    view = memoryview(bytearray(CHUNK_BYTES) if buffer is None else buffer)
    if not view.nbytes:
        raise ValueError("an empty buffer can never reach the end of a stream")
    sha256, size_bytes = hashlib.sha256(), 0
    while filled := _fill(stream, view):
        sha256.update(view[:filled])
        size_bytes += filled
    return Digest(hex=sha256.hexdigest()), size_bytes


def _fill(stream: ReadableInto, view: memoryview) -> int:
    filled = stream.readinto(view)
    if filled is None:
        raise BlockingIOError("the stream has no bytes ready; digest_stream needs a blocking stream")
    return filled
