"""Runs in the machine: carries out commands that come over a virtio serial port, one after the other.

A request is a line of JSON, `{"id", "argv", "input", "timeout_s"}`; its answer is one, `{"id", "code", "out", "err"}`,
in which a command that took too long has the code -1. Standard library only; the machine has nothing else of ours yet.
"""

import json
import subprocess
import sys
import time
from typing import Any, BinaryIO

PORT_NAME = "custody.station"
# What one command may print; a test that needs more asks for less.
_SHOWN_CHARACTERS = 4 * 1024 * 1024


def _text(data: bytes | None) -> str:
    return (data or b"").decode(errors="surrogateescape")[-_SHOWN_CHARACTERS:]


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    given = request["input"].encode(errors="surrogateescape")
    try:
        done = subprocess.run(
            request["argv"], input=given, capture_output=True, timeout=request["timeout_s"], check=False
        )
    except subprocess.TimeoutExpired as late:
        return {"id": request["id"], "code": -1, "out": _text(late.stdout), "err": _text(late.stderr)}
    except OSError as err:
        return {"id": request["id"], "code": 127, "out": "", "err": str(err)}
    return {"id": request["id"], "code": done.returncode, "out": _text(done.stdout), "err": _text(done.stderr)}


def _serve(port: BinaryIO) -> None:
    waiting = b""
    while True:
        data = port.read(65536)
        if not data:
            time.sleep(0.1)  # nobody is at the other end; the port says nothing when somebody comes
            continue
        waiting += data
        *lines, waiting = waiting.split(b"\n")
        for line in lines:
            if line.strip():
                answer = json.dumps(_answer(json.loads(line))).encode("ascii") + b"\n"
                while answer:
                    answer = answer[port.write(answer) :]


if __name__ == "__main__":
    with open(sys.argv[1], "r+b", buffering=0) as opened:
        _serve(opened)
