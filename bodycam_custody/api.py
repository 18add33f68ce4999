"""The operation table over HTTP on a Unix socket: paths from the table, callers from the kernel, errors as RFC 9457."""

import json
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from bodycam_custody.errors import (
    AmbiguousIdError,
    AuthorisationError,
    NotFoundError,
    OperationUnknownError,
    RequestInvalidError,
    StatedError,
)
from bodycam_custody.handlers import answer
from bodycam_custody.operations import TABLE, Caller, Operation
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import problem

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "urn:bodycam-custody:problem:"
# A request body is a handful of short texts.
BODY_LIMIT_BYTES = 64 * 1024
# struct ucred of unix(7): pid, uid, gid.
_UCRED = struct.Struct("3i")

_STATUS_OF: dict[type[StatedError], int] = {
    AuthorisationError: 403,
    NotFoundError: 404,
    OperationUnknownError: 404,
    AmbiguousIdError: 409,
    RequestInvalidError: 422,
}


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with the uid the kernel gives for the peer in the scope of every request."""

    def connection_made(self, transport: Any) -> None:
        """Read SO_PEERCRED once per connection: it is the uid that opened it, whatever is sent later."""
        super().connection_made(transport)
        peer: socket.socket = transport.get_extra_info("socket")
        _, uid, _ = _UCRED.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
        self.app_state = {**self.app_state, "peer_uid": uid}


def build_application(runtime: Runtime) -> Starlette:
    """Return the application that serves every operation of the table."""
    routes = [
        Route(operation.path, _endpoint(runtime, operation), methods=[operation.method], name=operation.name)
        for operation in TABLE
    ]
    return Starlette(routes=routes)


def _endpoint(runtime: Runtime, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        caller = Caller(uid=request.scope["state"]["peer_uid"])
        try:
            params = await _params(request, operation)
            value = await run_in_threadpool(answer, runtime, operation.name, params, caller)
        except StatedError as err:
            return problem_response(err)
        return JSONResponse(value)

    return endpoint


async def _params(request: Request, operation: Operation) -> dict[str, object]:
    params: dict[str, object] = dict(request.path_params)
    if operation.method == "GET":
        return params | dict(request.query_params)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            raise RequestInvalidError(name="(body)", expected=f"at most {BODY_LIMIT_BYTES} bytes", found="more")
    if not body:
        return params
    try:
        values = json.loads(body)
    except ValueError as err:
        raise RequestInvalidError(name="(body)", expected="a JSON object", found=str(err)) from err
    if not isinstance(values, dict):
        raise RequestInvalidError(name="(body)", expected="a JSON object", found=type(values).__name__)
    return params | values


def problem_response(error: StatedError) -> JSONResponse:
    """Return an error as an RFC 9457 problem; `template` and `facts` let the caller say it in their own language."""
    status = _STATUS_OF.get(type(error), 409)
    said = problem(error)
    return JSONResponse(
        {"type": PROBLEM_TYPE + error.code, "title": error.code, "status": status, "detail": str(error), **said},
        status_code=status,
        media_type="application/problem+json",
    )
