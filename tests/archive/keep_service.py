"""The program `custody-keep` behind a socket, as systemd runs it."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.archive.accepting_socket import AcceptingSocket

COMMAND = [sys.executable, "-m", "archive.keep_helper"]


class Helper(AcceptingSocket):
    """The service, and how many connections it had."""

    def __init__(self, path: Path) -> None:
        self.connections = 0
        super().__init__(path, self._keep)

    def _keep(self, connection: socket.socket) -> None:
        self.connections += 1
        subprocess.run(COMMAND, stdin=connection.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
