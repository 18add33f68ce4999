"""Whatever a name contains, the output does not break."""

import io
import json
import sys

import pytest

from cli import output


def test_a_name_that_the_terminal_cannot_show_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.prepare_streams()
    output.show_text("片段 \udcff")
    sys.stdout.flush()
    assert raw.getvalue() == b"\\u7247\\u6bb5 \\udcff\n"


def test_json_is_valid_whatever_the_terminal_can_show(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.prepare_streams()
    output.show_json({"name": "片段\U0001f3a5"})
    sys.stdout.flush()
    assert json.loads(raw.getvalue()) == {"name": "片段\U0001f3a5"}


def test_the_text_is_not_made_when_json_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([1], lambda: pytest.fail("made"), as_json=True)
    assert json.loads(capsys.readouterr().out) == [1]
