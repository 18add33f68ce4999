"""Whose turn it is: which docked cards are copied now, and which wait.

Every card is listed as soon as it arrives; only copying takes a place, and there are as many places as the disks
carry (`docking.cards_at_once`). The rules, in this order:

- A place that comes free goes to the card whose oldest recording is due first. Recordings known to be overdue come
  before cards whose due time cannot be told (those in the order of their docking), and these before cards that still
  have time.
- Every fourth place goes to the card that has waited longest, whatever it holds. So nobody starves: among n waiting
  cards each has its turn within 4 n places.
- Nobody keeps a place for long while others wait: after `TURN_S` a card finishes the files it is at, and waits again.
- A card that hardly moves (slow, dying, hung) keeps working and lends its place: it does not count as one of those the
  disks carry until it moves again.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bodycam_custody.copying.errors import StationStoppingError

# How long a card may copy while others wait. Long enough that beginning again costs nothing beside it.
TURN_S: Final = 60.0
# A card is judged by what it moved in this time...
LOOK_BACK_S: Final = 10.0
# ...and lends its place below this many blocks of at most 512 KiB, read from it or read back: about 1 MiB/s.
FEWEST_BLOCKS: Final = 20
# One place in so many goes to the longest waiting.
OLD_HAND: Final = 4
# How long a waiting card may fail to notice that the station stops, or that another became slow.
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A card that asks for its turn; `due` is None where nobody can tell, `since_s` is monotonic."""

    due: datetime | None
    docked_at: datetime
    since_s: float


def next_turn(waiting: Sequence[Waiting], *, given: int, now: datetime) -> Waiting:
    """Return which of the `waiting`, at least one, gets the next place after `given` places went to one of several."""
    if given % OLD_HAND == OLD_HAND - 1:
        return min(waiting, key=lambda one: one.since_s)
    return min(waiting, key=lambda one: _order(one, now))


def _order(one: Waiting, now: datetime) -> tuple[int, datetime, float]:
    if one.due is None:
        return 1, one.docked_at, one.since_s
    return 0 if one.due <= now else 2, one.due, one.since_s


class Turn:
    """A place one card has now."""

    def __init__(self, turns: "Turns", began_s: float) -> None:
        self._turns = turns
        self._began_s = self._since_s = began_s
        self._blocks = 0
        self._is_slow = False
        self._counting = threading.Lock()

    @property
    def is_over(self) -> bool:
        """Whether the card should finish what it is at and let another have its place."""
        return self._turns.is_over(self._began_s)

    def note(self, blocks: int) -> None:
        """Count blocks that were moved."""
        with self._counting:
            self._blocks += blocks

    def is_slow_at(self, now_s: float) -> bool:
        """Return whether the card hardly moved in the last whole time it was judged by."""
        with self._counting:
            if now_s - self._since_s >= LOOK_BACK_S:
                self._is_slow = self._blocks < FEWEST_BLOCKS
                self._since_s, self._blocks = now_s, 0
            return self._is_slow


class Turns:
    """Gives the places of one station. All methods may be called from any thread."""

    def __init__(self, places: int, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._places = places
        self._monotonic_s = monotonic_s
        self._waiting: list[Waiting] = []
        self._running: list[Turn] = []
        self._given = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(
        self, *, due: datetime | None, docked_at: datetime, now: Callable[[], datetime], is_stopping: Callable[[], bool]
    ) -> Iterator[Turn]:
        """Wait for a place and hold it; see the module for the order.

        Raises:
            StationStoppingError: the station stopped while the card waited, noticed within about half a second.
        """
        asked = Waiting(due=due, docked_at=docked_at, since_s=self._monotonic_s())
        turn = self._begin(asked, now, is_stopping)
        try:
            yield turn
        finally:
            with self._changed:
                self._running.remove(turn)
                self._changed.notify_all()

    @property
    def waiting(self) -> int:
        """How many cards wait for their turn."""
        with self._changed:
            return len(self._waiting)

    def is_over(self, began_s: float) -> bool:
        """Return whether a turn that began then is over: only while somebody waits."""
        with self._changed:
            return bool(self._waiting) and self._monotonic_s() - began_s >= TURN_S

    def _begin(self, asked: Waiting, now: Callable[[], datetime], is_stopping: Callable[[], bool]) -> Turn:
        with self._changed:
            self._waiting.append(asked)
            try:
                while not self._may_begin(asked, now()):
                    if is_stopping():
                        raise StationStoppingError
                    self._changed.wait(_LOOK_S)
                if len(self._waiting) > 1:
                    self._given += 1
                turn = Turn(self, self._monotonic_s())
                self._running.append(turn)
            finally:
                # By identity: two cards may ask for the same at the same moment.
                self._waiting = [one for one in self._waiting if one is not asked]
                self._changed.notify_all()
            return turn

    def _may_begin(self, asked: Waiting, now: datetime) -> bool:
        at_s = self._monotonic_s()
        # Every turn is looked at: a look also begins the time it is judged by next.
        slow = [turn.is_slow_at(at_s) for turn in self._running]
        return slow.count(False) < self._places and next_turn(self._waiting, given=self._given, now=now) is asked
