"""Asking the service `custody-probe@` about one recording: it is handed the open file and nothing else.

The station's process opens the file, sends the descriptor with the number of seconds allowed over the service's socket
(SCM_RIGHTS, unix(7)), and reads one JSON object until the end. The service knows neither path nor store.
"""

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive.errors import ProbeFailedError
from archive.probe_launcher import OUTPUT_BYTES
from hashing.errors import shown

# Starting a service and its interpreter, on a station that copies at the same time.
START_S = 10.0
_PART_BYTES = 65_536


def ask_service(path: Path, *, timeout_s: float, service: Path) -> Mapping[str, Any]:
    """Return the answer of the service about the file at `path`.

    Raises:
        ProbeFailedError: the file cannot be opened, or the service gave no answer in time.
        FileNotFoundError, PermissionError, ConnectionRefusedError: there is no such service for this user.
    """
    deadline = time.monotonic() + timeout_s + START_S
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(START_S)
        connection.connect(str(service))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                socket.send_fds(connection, [f"{timeout_s:f}".encode("ascii")], [descriptor])
            finally:
                os.close(descriptor)
            answer = json.loads(_read_all(connection, deadline))
        except (OSError, ValueError) as err:
            raise ProbeFailedError(path=shown(path), reason=shown(str(err))) from err
    if not isinstance(answer, dict) or "custody_probe" not in answer:
        raise ProbeFailedError(path=shown(path), reason="no answer of custody-probe")
    return answer


def _read_all(connection: socket.socket, deadline: float) -> bytes:
    said = bytearray()
    while True:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(_PART_BYTES)
        if not part:
            return bytes(said)
        said += part
        # What ffprobe says is bounded, and so is what becomes of it as JSON.
        if len(said) > 2 * OUTPUT_BYTES:
            raise ValueError("the answer does not end")
