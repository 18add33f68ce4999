"""From a command to the station: over the socket of the daemon, or in this process when no daemon answers.

Both ways give the same values and state the same problems.
"""

import os
import socket
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import quote, urlencode

from cli import wire
from cli.language import N_
from cli.messages import StationProblemError
from config.settings import Settings

# A daemon that lives accepts at once; one that does not within this time is stuck.
_CONNECT_TIMEOUT_S = 5.0
_PAGE = 500

_NOT_ANSWERING = N_(
    "the station's daemon at {socket} broke off ({reason}); nothing is lost; look at `journalctl -u bodycam-custody` "
    "and try again"
)
_NOT_PERMITTED = N_(
    "the station's socket {socket} is closed to you (uid {uid}): expected the station's own user or root; run the "
    "command as one of these"
)


class Transport(Protocol):
    """One way to reach the station."""

    def call(self, name: str, params: Mapping[str, object]) -> object:
        """Return the answer to the operation `name`."""


class Station:
    """The station's operations with the types of their answers."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def status(self) -> wire.Status:
        """Return the station at a glance."""
        return cast(wire.Status, self._call("status.show", {}))

    def dockings(self, *, limit: int) -> list[wire.Docking]:
        """Return the newest dockings."""
        page = cast(dict[str, Any], self._call("dockings.list", {"limit": limit}))
        return cast(list[wire.Docking], page["items"])

    def docking(self, docking_id: str) -> wire.DockingDetail:
        """Return one docking with its files."""
        return cast(wire.DockingDetail, self._call("dockings.show", {"docking_id": docking_id}))

    def start_import(self, folder: Path) -> str:
        """Start the import of a folder and return its docking id."""
        return cast(dict[str, str], self._call("imports.start", {"path": str(folder)}))["docking_id"]

    def clips(self, *, state: str | None, docking_id: str | None) -> list[wire.Clip]:
        """Return every clip of that state and docking, all pages."""
        found: list[wire.Clip] = []
        after: str | None = None
        while True:
            wanted = {"limit": _PAGE, "after": after, "state": state, "docking_id": docking_id}
            page = cast(dict[str, Any], self._call("clips.list", wanted))
            found.extend(page["items"])
            after = page["next"]
            if after is None:
                return found

    def clip(self, clip_id: str) -> wire.ClipDetail:
        """Return everything known of one clip."""
        return cast(wire.ClipDetail, self._call("clips.show", {"clip_id": clip_id}))

    def sessions_of(self, clips: Iterable[wire.Clip]) -> list[wire.Session]:
        """Return the sessions these clips belong to, each once."""
        first = {clip["session_id"]: clip["clip_id"] for clip in clips if clip["session_id"] is not None}
        sessions = [self.clip(clip_id)["session"] for clip_id in first.values()]
        return [session for session in sessions if session is not None]

    def history(self, clip_id: str) -> list[wire.HistoryEntry]:
        """Return every ledger entry about one clip."""
        answer = cast(dict[str, Any], self._call("clips.history", {"clip_id": clip_id}))
        return cast(list[wire.HistoryEntry], answer["items"])

    def verify_clip(self, clip_id: str) -> wire.ClipCheck:
        """Re-read every copy of one clip; the act enters the ledger."""
        return cast(wire.ClipCheck, self._call("clips.verify", {"clip_id": clip_id}))

    def stores(self) -> wire.Stores:
        """Return every store and how it is."""
        return cast(wire.Stores, self._call("stores.list", {}))

    def rebuild_catalog(self) -> wire.Rebuilt:
        """Build the catalog again from ledger and bags."""
        return cast(wire.Rebuilt, self._call("stores.rebuild", {}))

    def checkpoint(self) -> wire.SignedHead:
        """Sign the ledger's head now."""
        return cast(wire.SignedHead, self._call("audit.checkpoint", {}))

    def keys(self) -> wire.Keys:
        """Return the station's public keys."""
        return cast(wire.Keys, self._call("keys.show", {}))


@contextmanager
def connect(settings: Settings) -> Iterator[Station]:
    """Give the station: the daemon's when one answers, else opened in this process.

    Raises:
        StationProblemError: a daemon is there but closed to this user.
        StatedError: no daemon answers and the station cannot be opened here; the text says why.
    """
    if _is_answering(settings.paths.socket):
        yield Station(SocketTransport(settings.paths.socket))
        return
    from bodycam_custody.local import open_local

    with open_local(settings) as local:
        yield Station(local)


def _is_answering(path: Path) -> bool:
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return False
        _connected(path).close()
    except PermissionError as err:
        raise _stated("socket-not-permitted", _NOT_PERMITTED, socket=str(path), uid=os.geteuid()) from err
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return False
    except OSError as err:
        raise _stated("station-not-answering", _NOT_ANSWERING, socket=str(path), reason=str(err)) from err
    return True


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_CONNECT_TIMEOUT_S)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # sun_path holds 107 bytes (unix(7)); through the open folder any path is short enough.
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = _connected(self._path)
        self.sock.settimeout(None)  # a verification of many gigabytes takes as long as it takes


class SocketTransport:
    """HTTP over the daemon's socket."""

    def __init__(self, path: Path) -> None:
        from bodycam_custody.operations import TABLE

        self._path = path
        self._operations = {operation.name: operation for operation in TABLE}

    def call(self, name: str, params: Mapping[str, object]) -> object:
        """Return the answer to the operation `name`.

        Raises:
            StationProblemError: the station stated a problem, or broke off.
        """
        operation = self._operations[name]
        path, body = _request(operation.method, operation.path, params)
        connection = _UnixConnection(self._path)
        try:
            connection.request(operation.method, path, body=body, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = _parsed(response.read())
        except (OSError, HTTPException, ValueError) as err:
            reason = str(err) or type(err).__name__
            raise _stated("station-not-answering", _NOT_ANSWERING, socket=str(self._path), reason=reason) from err
        finally:
            connection.close()
        if response.status >= 400:
            raise StationProblemError(_problem(answer))
        return answer


def _request(method: str, path: str, params: Mapping[str, object]) -> tuple[str, bytes | None]:
    import json

    rest = {name: value for name, value in params.items() if value is not None and f"{{{name}}}" not in path}
    filled = path.format_map({name: quote(str(value), safe="") for name, value in params.items()})
    if method == "GET":
        return (f"{filled}?{urlencode(rest)}" if rest else filled), None
    return filled, json.dumps(rest).encode()


def _parsed(body: bytes) -> object:
    import json

    return json.loads(body)


def _problem(answer: object) -> wire.Problem:
    said = cast(dict[str, Any], answer) if isinstance(answer, dict) else {}
    title = said.get("detail") or said.get("title") or "?"
    return {
        "code": said.get("code", "error"),
        "template": said.get("template", str(title).replace("{", "{{").replace("}", "}}")),
        "facts": said.get("facts", {}),
    }


def _stated(code: str, template: str, **facts: object) -> StationProblemError:
    return StationProblemError({"code": code, "template": template, "facts": facts})
