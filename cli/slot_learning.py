"""Waiting for the next arrival in a slot that has no name yet."""

import time
from collections.abc import Callable, Sequence

from cli.wire import Slot

LOOK_EVERY_S = 0.5

_ABSENT = frozenset({"empty", "gone-early"})


def wait_for_arrival(look: Callable[[], Sequence[Slot]], *, wait_s: float) -> list[Slot]:
    """Return the slots without a name in which something arrived since now; nothing if none did within `wait_s`.

    More than one is returned when several arrive between two looks: then nobody can tell which was meant.
    """
    before = {slot["port"]: slot["arrivals"] for slot in look()}
    deadline_s = time.monotonic() + wait_s
    while True:
        new = [slot for slot in look() if slot["slot"] is None and _has_arrived(slot, before.get(slot["port"], 0))]
        left_s = deadline_s - time.monotonic()
        if new or left_s <= 0:
            return new
        time.sleep(min(LOOK_EVERY_S, left_s))


def _has_arrived(slot: Slot, arrivals_before: int) -> bool:
    return slot["arrivals"] > arrivals_before and slot["phase"] not in _ABSENT
