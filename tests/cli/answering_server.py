"""A small station's Unix socket: requests in, the answers of one function out, as the interface words them."""

import json
import socketserver
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ROUTES = {
    "status.show": ("GET", "/v1/status"),
    "dockings.list": ("GET", "/v1/dockings"),
    "dockings.show": ("GET", "/v1/dockings/{docking_id}"),
    "dockings.receipt": ("POST", "/v1/dockings/{docking_id}/receipt"),
    "dockings.accept": ("POST", "/v1/dockings/{docking_id}/accept"),
    "dockings.clear": ("POST", "/v1/clearings"),
    "dockings.withdraw": ("POST", "/v1/withdrawals"),
    "dockings.release": ("POST", "/v1/releases"),
    "slots.list": ("GET", "/v1/slots"),
    "slots.learn": ("POST", "/v1/slots"),
    "alarms.list": ("GET", "/v1/alarms"),
    "alarms.acknowledge": ("POST", "/v1/alarms"),
    "imports.start": ("POST", "/v1/imports"),
    "clips.list": ("GET", "/v1/clips"),
    "clips.show": ("GET", "/v1/clips/{clip_id}"),
    "clips.history": ("GET", "/v1/clips/{clip_id}/history"),
    "clips.verify": ("POST", "/v1/clips/{clip_id}/verify"),
    "stores.list": ("GET", "/v1/stores"),
    "stores.sweep": ("POST", "/v1/stores/sweep"),
    "stores.rebuild": ("POST", "/v1/stores/rebuild"),
    "audit.checkpoint": ("POST", "/v1/audit/checkpoint"),
    "keys.show": ("GET", "/v1/keys"),
}

Answering = Callable[[str, dict[str, Any]], object]


class StatedProblemError(Exception):
    """The station answers with this problem."""

    def __init__(self, status: int, code: str, template: str, **facts: object) -> None:
        super().__init__(template.format(**facts))
        self.status = status
        self.problem = {
            "type": f"urn:bodycam-custody:problem:{code}",
            "title": code,
            "status": status,
            "detail": template.format(**facts),
            "code": code,
            "template": template,
            "facts": facts,
        }


class AnsweringServer(socketserver.ThreadingUnixStreamServer):
    """Answers at `path` what `answer` gives for an operation and its parameters."""

    daemon_threads = True

    def __init__(self, path: str, answer: Answering) -> None:
        self.answer = answer
        super().__init__(path, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: AnsweringServer

    def do_GET(self) -> None:
        self._serve("GET", dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._serve("POST", json.loads(body or b"{}"))

    def _serve(self, method: str, params: dict[str, Any]) -> None:
        name, found = _route(method, urlsplit(self.path).path)
        try:
            self._send(200, "application/json", self.server.answer(name, params | found))
        except StatedProblemError as error:
            self._send(error.status, "application/problem+json", error.problem)

    def _send(self, status: int, content_type: str, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # the name is http.server's
        """Say nothing."""


def _route(method: str, path: str) -> tuple[str, dict[str, str]]:
    for name, (verb, template) in ROUTES.items():
        pieces, wanted = path.split("/"), template.split("/")
        if verb == method and len(pieces) == len(wanted):
            named = {want[1:-1]: piece for piece, want in zip(pieces, wanted, strict=True) if want.startswith("{")}
            if all(want.startswith("{") or want == piece for piece, want in zip(pieces, wanted, strict=True)):
                return name, named
    raise StatedProblemError(404, "operation-unknown", "no operation {operation}", operation=path)
