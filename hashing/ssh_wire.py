"""The SSH wire format (RFC 4251 §5), as far as keys and signatures need it."""

import struct


class WireReader:
    """Takes fields off the front of `data`; ValueError when they are not there."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        stop = self._position + count
        if stop > len(self._data):
            raise ValueError(f"{count} bytes expected at {self._position}, {len(self._data) - self._position} left")
        taken = self._data[self._position : stop]
        self._position = stop
        return taken

    def take_uint32(self) -> int:
        """Return the next number."""
        return int.from_bytes(self.take(4), "big")

    def take_string(self) -> bytes:
        """Return the next length-prefixed bytes."""
        return self.take(self.take_uint32())

    def finish(self) -> None:
        """Require that nothing is left."""
        if self._position != len(self._data):
            raise ValueError(f"{len(self._data) - self._position} bytes too many")


def wire_string(data: bytes) -> bytes:
    """Return `data` with its length in front."""
    return struct.pack(">I", len(data)) + data
