"""The daemon's side of `custody-clear`: reaching it, following it, and what is known when it breaks off."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bodycam_custody.clearing.errors import ClearHelperMissingError
from bodycam_custody.clearing.request import ClearRequest, HelperError, Lines, numbers_in
from bodycam_custody.copying.errors import StationStoppingError
from bodycam_custody.errors import StatedError
from config.settings import Settings

# Beside the station's own socket; what answers there is the service custody-clear@.
CLEAR_SOCKET: Final = "clear"
# How long the end of the station may go unnoticed while a card is read.
_STOP_LOOK_S: Final = 0.5
# After the file of this moment the helper ends; the whole stop of the station must end within 10 s.
_FAREWELL_S: Final = 4.0


@dataclass(slots=True)
class Followed:
    """What the helper told so far. `order` are the files in the order in which they are removed."""

    order: tuple[int, ...]
    has_begun: bool = False
    has_ended: bool = False
    is_flushed: bool = False
    told: set[int] = field(default_factory=set)
    doubted: set[int] = field(default_factory=set)
    residue: dict[str, Any] | None = None
    problem: StatedError | None = None

    @property
    def removed(self) -> set[int]:
        """The files that are gone for good."""
        return self.told if self.is_flushed else set()

    @property
    def perhaps_removed(self) -> set[int]:
        """The files that may be gone: not flushed, failed half-way, or next when the helper fell silent."""
        if self.is_flushed:
            return self.doubted
        left = [number for number in self.order if number not in self.told]
        return self.told | self.doubted | set(left[:1] if self.has_begun and not self.has_ended else ())


def follow(
    settings: Settings, request: ClearRequest, enter: Callable[[], int], *, is_stopping: Callable[[], bool]
) -> Followed:
    """Have the card cleared; `enter` is called when the helper is ready and returns the number of the entry.

    On return the helper has ended or is given up, and what it told is known; it never goes on by itself for longer than
    one file.

    Raises:
        ClearHelperMissingError: it cannot be reached; nothing was removed.
        StatedError: it refused, or `enter` did; nothing was removed.
    """
    followed = Followed(order=tuple(one.file.number for one in request.files))
    with _connected(settings) as connection:
        connection.settimeout(_STOP_LOOK_S)
        lines = Lines(connection)
        try:
            connection.settimeout(None)
            lines.send(request.to_json())
            connection.settimeout(_STOP_LOOK_S)
            for said in _told(lines, followed, is_stopping):
                _take(said, lines, followed, enter)
        except (EOFError, ConnectionError) as err:
            if not followed.has_begun:
                raise ClearHelperMissingError(reason=str(err) or type(err).__name__) from err
    return followed


def _told(lines: Lines, followed: Followed, is_stopping: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    while True:
        try:
            said = lines.receive()
        except TimeoutError:
            if not is_stopping():
                continue
            if not followed.has_begun:
                raise StationStoppingError from None
            if lines.finish(_FAREWELL_S):
                continue
            return
        yield said
        if said["step"] in {"end", "refused"}:
            return


def _take(said: dict[str, Any], lines: Lines, followed: Followed, enter: Callable[[], int]) -> None:
    step = said["step"]
    if step == "refused":
        error = HelperError(**said["problem"])
        if not followed.has_begun:
            raise error
        followed.problem, followed.has_ended = error, True
    elif step == "ready":
        entry = enter()
        # From here on the helper may remove a file at any moment.
        followed.has_begun = True
        lines.send({"entry": entry})
    elif step == "removed":
        followed.told.add(int(said["number"]))
    elif step == "end":
        followed.told |= numbers_in(said["removed"])
        followed.doubted = numbers_in(said["perhaps_removed"])
        followed.has_ended, followed.is_flushed = True, bool(said["is_flushed"])
        followed.residue = said["residue"]
        followed.problem = None if said["problem"] is None else HelperError(**said["problem"])


@contextmanager
def _connected(settings: Settings) -> Iterator[socket.socket]:
    """Give a connection to the service, or to a process of our own where there is none."""
    place = settings.paths.socket.with_name(CLEAR_SOCKET)
    if place.is_socket():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            _connect(connection, place)
            yield connection
        return
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-I", "-m", "bodycam_custody.clearing.helper", "--config", str(settings.file)]
    with ours:
        with theirs:
            process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        try:
            yield ours
        finally:
            ours.close()
            # It ends when its peer has gone; a hung card may keep it in a read that nobody can interrupt.
            try:
                process.wait(_FAREWELL_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _connect(connection: socket.socket, place: Path) -> None:
    folder = os.open(place.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # sun_path holds 107 bytes (unix(7)); through the open folder any path is short enough.
        connection.connect(f"/proc/self/fd/{folder}/{place.name}")
    except OSError as err:
        raise ClearHelperMissingError(reason=os.strerror(err.errno or 0)) from err
    finally:
        os.close(folder)
