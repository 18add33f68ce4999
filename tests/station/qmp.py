"""QMP: how qemu is told to plug, pull, save and stop."""

import json
import socket
from typing import Any

# Saving a machine's memory is the longest thing it is asked for, and that is polled.
_ANSWER_WITHIN_S = 300.0


class QmpError(Exception):
    """qemu refused a command."""


class Qmp:
    """One connection to qemu's monitor. Events are kept until somebody waits for them."""

    def __init__(self, connection: socket.socket) -> None:
        """Greet qemu over an open connection."""
        connection.settimeout(_ANSWER_WITHIN_S)
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._events: list[dict[str, Any]] = []
        self._read()  # its greeting
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Carry out a command and return its answer; `_` in names of arguments stands for `-`.

        Raises:
            QmpError: qemu refused, with its reason.
        """
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._connection.sendall(json.dumps({"execute": command, "arguments": named}).encode() + b"\n")
        while True:
            answer = self._read()
            if "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self._events.append(answer)

    def wait_for(self, event: str, **data: Any) -> dict[str, Any]:
        """Return the next event of this name with this data, which may have come already."""
        while True:
            for seen in self._events:
                if seen.get("event") == event and data.items() <= seen.get("data", {}).items():
                    self._events.remove(seen)
                    return seen
            self._events.append(self._read())

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._connection.close()

    def _read(self) -> dict[str, Any]:
        line = self._lines.readline()
        if not line:
            raise QmpError("qemu hung up")
        message: dict[str, Any] = json.loads(line)
        return message
