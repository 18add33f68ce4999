"""Asking the service `custody-keep@` to make sealed bags immutable, where the filesystem can."""

import json
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from archive.answers import Answer
from archive.keep_helper import QUESTION, is_immutable

# Starting the service, then a handful of ioctls for each bag.
ANSWER_WITHIN_S = 30.0


class Keeping(StrEnum):
    """What became of a bag: immutable now, or why not."""

    KEPT = "kept"
    CANNOT = "cannot"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBag:
    """One bag and what became of it; `reason` is empty where it is kept."""

    bag: Path
    outcome: Keeping
    reason: str


def is_kept(bag: Path) -> bool:
    """Return whether the folder of the bag is immutable; False where the filesystem cannot.

    Raises:
        OSError: the folder cannot be opened.
    """
    return kept_answer(bag) is Answer.YES


def kept_answer(bag: Path) -> Answer:
    """Return whether the folder of the bag is immutable; cannot tell is a filesystem that has no such flag.

    Raises:
        OSError: the folder cannot be opened.
    """
    folder = _open_folder(bag)
    try:
        return Answer.YES if is_immutable(folder) else Answer.NO
    except OSError:
        return Answer.CANNOT_TELL
    finally:
        os.close(folder)


def keep_bags(bags: Iterable[Path], service: Path) -> Iterator[KeptBag]:
    """Yield what became of each sealed bag; those that are kept already are left alone.

    Raises:
        OSError: there is no service at that socket, or it broke off; the bags stay as they are.
    """
    connection: socket.socket | None = None
    try:
        for bag in bags:
            if is_kept(bag):
                continue
            connection = connection or _connected(service)
            yield _ask(connection, bag)
    finally:
        if connection is not None:
            connection.close()


def _connected(service: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_WITHIN_S)
    try:
        connection.connect(str(service))
    except OSError:
        connection.close()
        raise
    return connection


def _ask(connection: socket.socket, bag: Path) -> KeptBag:
    folder = _open_folder(bag)
    try:
        socket.send_fds(connection, [QUESTION], [folder])
    finally:
        os.close(folder)
    said = b""
    while not said.endswith(b"\n"):
        part = connection.recv(4096)
        if not part:
            raise ConnectionResetError("custody-keep broke off")
        said += part
    answer = json.loads(said)
    return KeptBag(bag=bag, outcome=Keeping(answer["outcome"]), reason=str(answer["reason"]))


def _open_folder(bag: Path) -> int:
    return os.open(bag, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
