"""`custody-clear` as a test needs it: on a machine whose disks are what the test says, and killed where it says.

python -m tests.bodycam_custody.clearing.program CONFIG SYSFS KILL_AT [USB FILESYSTEM]

USB is a sysfs in which a card stands, and FILESYSTEM is taken for one that recorders have: which of those a kernel
mounts differs, and what is tried is the same for all of them.


KILL_AT names a moment: `ready` (before the daemon is told), `remove-N` (before the N-th file is removed), `removed-N`
(after it, before the daemon is told), `told-N` (after that) or `end` (before the daemon is told the end). With `wait-N`
it lives, but removes nothing after the N-th file before the daemon said that nothing more comes from it. With `hold` it
stands still, all looked at, before the daemon is told. With `refuse-N` the card refuses to remove the N-th file, with
`fail-N` it says so although the file is gone.
"""

import errno
import json
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.mounts import Host
from bodycam_custody.clearing.anchors import load_anchors
from bodycam_custody.clearing.helper import serve
from docking import card_mount


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str) -> None:
    """Let the process be killed at `moment`."""
    real_unlink, real_sendall, count = os.unlink, socket.socket.sendall, 0
    wanted, _, number = moment.partition("-")

    def unlink(*arguments: Any, **keywords: Any) -> None:
        nonlocal count
        if keywords.get("dir_fd") is None:
            real_unlink(*arguments, **keywords)
            return
        count += 1
        is_now = bool(number) and count == int(number)
        if wanted == "remove" and is_now:
            die()
        if wanted == "refuse" and is_now:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real_unlink(*arguments, **keywords)
        if wanted == "removed" and is_now:
            die()
        if wanted == "fail" and is_now:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    class Peer(socket.socket):
        def sendall(self, data: Any, *more: int) -> None:
            step = json.loads(data)["step"]
            if wanted == step and wanted in {"ready", "end"}:
                die()
            if wanted == "hold" and step == "ready":
                os.kill(os.getpid(), signal.SIGSTOP)
            real_sendall(self, data, *more)
            if step == "removed" and number and count == int(number):
                if wanted == "told":
                    die()
                elif wanted == "wait":
                    self.recv(1, socket.MSG_PEEK)

    os.unlink = unlink
    socket.socket = Peer  # type: ignore[misc]


def main(config: str, sysfs: str, kill_at: str, usb: str = "", filesystem: str = "") -> None:
    if kill_at:
        arm(kill_at)
    anchors = replace(load_anchors(Path(config), {}), host=Host(sysfs=Path(sysfs)))
    if usb:
        anchors = replace(anchors, sysfs=Path(usb))
        card_mount.CARD_FILESYSTEMS = frozenset({filesystem})  # type: ignore[misc]  # see above
    with socket.socket(fileno=os.dup(0)) as peer:
        serve(peer, anchors)


if __name__ == "__main__":
    main(*sys.argv[1:])
