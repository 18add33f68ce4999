"""How far long work has come: a bar with speed and time left for a person, JSON lines for a program."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from cli import output
from cli.labels import STEP, label

# A program that follows the lines needs signs of life, not every step.
_SECONDS_BETWEEN_LINES = 1.0


class Progress(Protocol):
    """Takes the state of one piece of work."""

    def update(self, *, done: int, total: int, step: str) -> None:
        """Show that `done` of `total` are done and `step`, a code of `labels.STEP`, is going on."""


@contextmanager
def progress(*, task: str, unit: str, as_json: bool) -> Iterator[Progress]:
    """Give something to report progress of `task` to; `unit` is "bytes" or "bags"."""
    if as_json or not output.person_is_looking():
        yield _Lines(task, unit)
    else:
        with _bar(unit) as bar:
            yield bar


class _Lines:
    def __init__(self, task: str, unit: str) -> None:
        self._task, self._unit = task, unit
        self._last_step = ""
        self._last_at = float("-inf")
        self._is_finished = False

    def update(self, *, done: int, total: int, step: str) -> None:
        now = time.monotonic()
        is_finished = done >= total > 0
        is_news = step != self._last_step or is_finished != self._is_finished
        if not is_news and now - self._last_at < _SECONDS_BETWEEN_LINES:
            return
        self._last_step, self._last_at, self._is_finished = step, now, is_finished
        line = {"progress": self._task, "step": step, "unit": self._unit, "done": done, "total": total}
        output.show_progress_line(line)


@contextmanager
def _bar(unit: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as RichProgress

    amount = [DownloadColumn(binary_units=True), TransferSpeedColumn()] if unit == "bytes" else [MofNCompleteColumn()]
    text = TextColumn("{task.description}", markup=False)
    with RichProgress(
        text, BarColumn(), *amount, TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bars:
        yield _Bar(bars)


class _Bar:
    def __init__(self, bars: "RichProgress") -> None:  # type: ignore[name-defined]  # noqa: F821  # imported late
        self._bars = bars
        self._task = bars.add_task(label(STEP, "preparing"), total=None)

    def update(self, *, done: int, total: int, step: str) -> None:
        self._bars.update(self._task, completed=done, total=total or None, description=label(STEP, step))
