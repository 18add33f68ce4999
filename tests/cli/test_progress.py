"""Long work shows how far it is: lines for a program, a bar for a person."""

import contextlib
import json
import os
import pty
import sys
from collections.abc import Iterator

import pytest

from cli.progress import progress


def test_a_program_gets_json_lines_at_each_new_step_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(task="import", unit="bytes", as_json=True) as shown:
        shown.update(done=0, total=100, step="copying")
        shown.update(done=10, total=100, step="copying")
        shown.update(done=100, total=100, step="copying")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["done"] for line in lines] == [0, 100]
    assert lines[0] == {"progress": "import", "step": "copying", "unit": "bytes", "done": 0, "total": 100}


def _until_hangup(reader: int) -> Iterator[bytes]:
    with os.fdopen(reader, "rb", buffering=0) as terminal, contextlib.suppress(OSError):  # EIO is a terminal's end
        while block := terminal.read(65536):
            yield block


@pytest.mark.parametrize(("unit", "shown"), [("bytes", b"2.0/4.0 MiB"), ("bags", b"2097152/4194304")])
def test_a_person_gets_a_bar_with_the_amount(monkeypatch: pytest.MonkeyPatch, unit: str, shown: bytes) -> None:
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as terminal:
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stderr", terminal)
        with progress(task="import", unit=unit, as_json=False) as bar:
            bar.update(done=2 * 2**20, total=4 * 2**20, step="copying")
    seen = b"".join(_until_hangup(reader))
    assert b"copying" in seen
    assert shown in seen
    assert b"progress" not in seen
