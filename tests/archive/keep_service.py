"""The program `custody-keep` behind a socket, as systemd runs it."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

COMMAND = [sys.executable, "-m", "archive.keep_helper"]


class Helper:
    """What systemd does for Accept=yes: one process for every connection, which is its standard input."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connections = 0
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        self._listening.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection:
                if connection.recv(1, socket.MSG_PEEK) == b"q":
                    return
                self.connections += 1
                subprocess.run(COMMAND, stdin=connection.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(str(self.path))
            last.sendall(b"q")
        self._thread.join(20)
        self._listening.close()
