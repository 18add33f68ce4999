"""HTTP/1.1 to the daemon over its Unix socket.

Apart from client.py because http.client costs 30 ms, which a command that finds no daemon need not pay.
"""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode

from bodycam_custody.operations import TABLE
from cli import wire
from cli.messages import StationProblemError
from cli.sockets import connected, not_answering


class _UnixConnection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = connected(self._path)
        self.sock.settimeout(None)  # a verification of many gigabytes takes as long as it takes


class SocketTransport:
    """HTTP over the daemon's socket."""

    def __init__(self, path: Path) -> None:
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
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as err:
            raise not_answering(self._path, err) from err
        finally:
            connection.close()
        if response.status >= 400:
            raise StationProblemError(_problem(answer))
        return answer


def _request(method: str, path: str, params: Mapping[str, object]) -> tuple[str, bytes | None]:
    rest = {name: value for name, value in params.items() if value is not None and f"{{{name}}}" not in path}
    filled = path.format_map({name: quote(str(value), safe="") for name, value in params.items()})
    if method == "GET":
        return (f"{filled}?{urlencode(rest)}" if rest else filled), None
    return filled, json.dumps(rest).encode()


def _problem(answer: object) -> wire.Problem:
    said = cast(dict[str, Any], answer) if isinstance(answer, dict) else {}
    title = said.get("detail") or said.get("title") or "?"
    return {
        "code": said.get("code", "error"),
        "template": said.get("template", str(title).replace("{", "{{").replace("}", "}}")),
        "facts": said.get("facts", {}),
    }
