"""What the daemon and `custody-clear` say to each other: lines of JSON over one connection.

The daemon sends a request; the helper looks at everything and says `ready`; the daemon enters what is going to be
removed and sends the number of that entry; the helper tells of every file it removed, and at the end what it found. So
nothing is removed before an entry says so, and a helper that dies has told exactly how far it came.
"""

import base64
import json
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from archive.clearance import SealedBag
from bodycam_custody.errors import StatedError
from docking.clearing import ReceiptedFile
from hashing.digest import Digest
from hashing.errors import Statement

REQUEST_VERSION: Final = 1
# A card of 100,000 files with long names stays below this.
MAX_LINE_BYTES: Final = 128 * 1024 * 1024
_PIECE_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToClear:
    """A receipted file and which of the request's bags, by their numbers, may hold its bytes."""

    file: ReceiptedFile
    bags: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearRequest:
    """Which card, by the name of its slip, and which files; the entries that make it a duty done."""

    docking_id: str
    slip: str
    receipt_seq: int
    accepted_seq: int
    bags: tuple[SealedBag, ...]
    files: tuple[FileToClear, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the request as it travels."""
        return {
            "v": REQUEST_VERSION,
            "docking_id": self.docking_id,
            "slip": self.slip,
            "receipt_seq": self.receipt_seq,
            "accepted_seq": self.accepted_seq,
            "bags": [[bag.bag_path, bag.tagmanifest.hex, bag.seq] for bag in self.bags],
            "files": [
                [
                    one.file.number,
                    base64.b64encode(one.file.path).decode("ascii"),
                    one.file.size_bytes,
                    one.file.mtime_ns,
                    one.file.sha256.hex,
                    list(one.bags),
                ]
                for one in self.files
            ],
        }


def parse_request(value: Mapping[str, Any]) -> ClearRequest:
    """Return the request in `value`.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    if value["v"] != REQUEST_VERSION:
        raise ValueError(f"version {value['v']!r}, expected {REQUEST_VERSION}")
    bags = tuple(SealedBag(bag_path=path, tagmanifest=Digest(hex=tag), seq=seq) for path, tag, seq in value["bags"])
    files = tuple(
        FileToClear(
            file=ReceiptedFile(
                number=number,
                path=base64.b64decode(path, validate=True),
                size_bytes=size,
                mtime_ns=mtime,
                sha256=Digest(hex=sha256),
            ),
            bags=tuple(numbers),
        )
        for number, path, size, mtime, sha256, numbers in value["files"]
    )
    if any(not 0 <= number < len(bags) for file in files for number in file.bags):
        raise ValueError("a file names a bag that the request does not have")
    return ClearRequest(
        docking_id=str(value["docking_id"]),
        slip=str(value["slip"]),
        receipt_seq=int(value["receipt_seq"]),
        accepted_seq=int(value["accepted_seq"]),
        bags=bags,
        files=files,
    )


class Lines:
    """One line of JSON after the other over a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""
        self._is_finished = False

    def send(self, value: Mapping[str, Any]) -> None:
        """Send one line.

        Raises:
            OSError: the other end has gone.
        """
        self._connection.sendall(json.dumps(value).encode("ascii") + b"\n")

    def finish(self, wait_s: float) -> bool:
        """Say that nothing more comes from here, and wait `wait_s` for the next line; return False the second time."""
        if self._is_finished:
            return False
        self._is_finished = True
        self._connection.shutdown(socket.SHUT_WR)
        self._connection.settimeout(wait_s)
        return True

    def is_abandoned(self) -> bool:
        """Return whether the other end said that nothing more comes from it, or has gone."""
        try:
            return not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def receive(self) -> dict[str, Any]:
        """Return the next line.

        Raises:
            EOFError: the other end has gone.
            TimeoutError: nothing came within the connection's timeout; calling again is safe.
            ValueError: it is no JSON object, or too long.
        """
        while b"\n" not in self._unread:
            piece = self._connection.recv(_PIECE_BYTES)
            if not piece:
                raise EOFError
            self._unread += piece
            if len(self._unread) > MAX_LINE_BYTES:
                raise ValueError("a line without end")
        line, _, self._unread = self._unread.partition(b"\n")
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError(f"not a JSON object: {value!r}")
        return value


def problem_to_json(error: StatedError) -> dict[str, Any]:
    """Return an error as it travels: code, template and facts; a statement among them travels whole."""
    return {"code": error.code, "template": error.template, "facts": _facts_to_json(error.facts)}


def _facts_to_json(facts: Mapping[str, object]) -> dict[str, Any]:
    travelling: dict[str, Any] = {}
    for name, fact in facts.items():
        if isinstance(fact, StatedError | Statement):
            travelling[name] = {"template": fact.template, "facts": _facts_to_json(fact.facts)}
        else:
            travelling[name] = fact if isinstance(fact, int) else str(fact)
    return travelling


class HelperError(StatedError):
    """An error the helper reported; code, template and facts are those of the error over there."""

    def __init__(self, *, code: str, template: str, facts: Mapping[str, Any]) -> None:
        self.code = code  # type: ignore[misc]  # one class stands for every error the helper may report
        self.template = template  # type: ignore[misc]
        super().__init__(**{name: _fact_of(fact) for name, fact in facts.items()})


def _fact_of(fact: object) -> object:
    if isinstance(fact, dict) and "template" in fact:
        return Statement(fact["template"], **{name: _fact_of(inner) for name, inner in fact["facts"].items()})
    return fact


def ranges_of(numbers: Iterable[int]) -> list[list[int]]:
    """Return numbers as `[first, last]` pairs in order: a card's files are one or a few of them."""
    ordered = sorted(set(numbers))
    if not ordered:
        return []
    breaks = [(low, high) for low, high in pairwise(ordered) if high != low + 1]
    firsts = [ordered[0], *(high for _, high in breaks)]
    lasts = [*(low for low, _ in breaks), ordered[-1]]
    return [[first, last] for first, last in zip(firsts, lasts, strict=True)]


def numbers_in(ranges: Iterable[Sequence[int]]) -> set[int]:
    """Return the numbers that `[first, last]` pairs stand for."""
    return {number for first, last in ranges for number in range(first, last + 1)}
