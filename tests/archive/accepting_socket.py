"""What systemd does for a socket with Accept=yes: one process for every connection, which is its standard input."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path


class AcceptingSocket:
    """Listens at `path` and hands each connection to `serve`, one after the other, until it is closed."""

    def __init__(self, path: Path, serve: Callable[[socket.socket], None]) -> None:
        self.path = path
        self._serve = serve
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
                self._serve(connection)

    def close(self) -> None:
        """Stop listening once the connection that is served has ended."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(str(self.path))
            last.sendall(b"q")
        self._thread.join(20)
        self._listening.close()
