"""The only place that prints."""

import json
import os
import shutil
import sys
from collections.abc import Callable

from cli.language import _

_NARROWEST = 60


def prepare_streams() -> None:
    """Make sure that no file name and no message can break the output: what a terminal cannot show is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # absent when a test has put its own stream there
            reconfigure(errors="backslashreplace")


def show(value: object, text: Callable[[], str], *, as_json: bool) -> None:
    """Print `value` as JSON, or the text a person reads; the text is made only when it is wanted."""
    if as_json:
        show_json(value)
    else:
        show_text(text())


def show_text(text: str) -> None:
    """Print lines for a person."""
    print(text)


def show_json(value: object) -> None:
    """Print one JSON value, indented."""
    print(json.dumps(value, ensure_ascii=not _speaks_unicode(), indent=2))


def show_json_line(value: object) -> None:
    """Print one JSON value on one line."""
    print(json.dumps(value, ensure_ascii=not _speaks_unicode()), flush=True)


def show_screen(text: str) -> None:
    """Replace what is on the terminal by `text`; where there is none, print it and an empty line."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")
        print(text, flush=True)
    else:
        print(f"{text}\n", flush=True)


def show_note(text: str) -> None:
    """Print a line that does not belong to the result."""
    print(text, file=sys.stderr)


def show_error(message: str, problem: object, *, as_json: bool) -> None:
    """Print what went wrong; with JSON asked for, as one JSON line on standard error."""
    if as_json:
        print(json.dumps({"error": problem}, ensure_ascii=True), file=sys.stderr)
    else:
        print(_("custody: {message}").format(message=message), file=sys.stderr)


def show_progress_line(value: object) -> None:
    """Print one step of long work as a JSON line on standard error."""
    print(json.dumps(value), file=sys.stderr, flush=True)


def columns() -> int | None:
    """Return how wide the terminal is, or None when the output goes elsewhere and must not be shortened."""
    return max(shutil.get_terminal_size().columns, _NARROWEST) if sys.stdout.isatty() else None


def person_is_looking() -> bool:
    """Return whether standard error is a terminal that can show a bar."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def discard() -> None:
    """Send what is left to nowhere: the reader of our output has gone away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
