"""The steps of a demonstration as progress."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bodycam_custody.demo.station import DemoEvent
    from cli.progress import Progress


def step_follower(shown: "Progress") -> "Callable[[DemoEvent], None]":
    """Return what shows each event of a demonstration on `shown`."""

    def follow(event: "DemoEvent") -> None:
        shown.update(done=event.done, total=event.total, step=event.step)

    return follow
