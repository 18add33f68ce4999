"""Whose turn it is: the most overdue card first, nobody starved, and no place held by a card that does not move."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from bodycam_custody.copying.errors import StationStoppingError
from bodycam_custody.copying.turns import FEWEST_BLOCKS, LOOK_BACK_S, OLD_HAND, TURN_S, Turn, Turns, Waiting, next_turn
from tests.bodycam_custody.stations import NOW

HOUR = timedelta(hours=1)


def waiting(due: datetime | None, *, docked_at: datetime = NOW, since_s: float = 0) -> Waiting:
    return Waiting(due=due, docked_at=docked_at, since_s=since_s)


def order_of(cards: list[Waiting], *, now: datetime = NOW) -> list[int]:
    """Return the cards in the order of their turns, where none is given to the longest waiting."""
    left, turns = list(cards), []
    while left:
        turns.append(next_turn(left, given=0, now=now))
        left.remove(turns[-1])
    return [cards.index(card) for card in turns]


def test_the_card_that_is_due_first_comes_first() -> None:
    # R38, R45
    cards = [waiting(NOW + hours * HOUR) for hours in (2, -1, 1, -3)]
    assert order_of(cards) == [3, 1, 2, 0]


def test_a_card_nobody_can_tell_about_comes_after_the_overdue_and_before_those_that_have_time() -> None:
    # R45: it may be overdue
    late, due_now, has_time = waiting(NOW - HOUR), waiting(NOW), waiting(NOW + HOUR)
    untold, docked_later = waiting(None, docked_at=NOW - 5 * HOUR), waiting(None, docked_at=NOW - 4 * HOUR)
    assert order_of([has_time, docked_later, due_now, untold, late]) == [4, 2, 3, 1, 0]


def test_every_fourth_place_goes_to_the_longest_waiting_so_that_nobody_starves() -> None:
    old = waiting(None, since_s=1)
    given_to_old = [
        next_turn([waiting(NOW - HOUR, since_s=number + 2), old], given=number, now=NOW) is old for number in range(12)
    ]
    assert given_to_old == [False, False, False, True] * 3
    assert OLD_HAND == 4


class Places:
    """Turns whose time is set by hand, asked for by threads of their own."""

    def __init__(self, places: int, pool: ThreadPoolExecutor) -> None:
        self.at_s = 0.0
        self.turns = Turns(places, monotonic_s=lambda: self.at_s)
        self.begun: list[str] = []
        self.held: dict[str, Turn] = {}
        self.stopping = threading.Event()
        self._ends: dict[str, threading.Event] = {}
        self._pool = pool

    def ask(self, name: str, *, due: datetime | None = None) -> Future[None]:
        self._ends[name] = threading.Event()
        return self._pool.submit(self._hold, name, due)

    def _hold(self, name: str, due: datetime | None) -> None:
        asked = self.turns.turn(due=due, docked_at=NOW, now=lambda: NOW, is_stopping=self.stopping.is_set)
        with asked as self.held[name]:
            self.begun.append(name)
            self._ends[name].wait(20)

    def began_last(self, name: str) -> bool:
        return self.begun[-1] == name

    def end(self, name: str) -> None:
        self._ends[name].set()

    def end_all(self) -> None:
        for end in self._ends.values():
            end.set()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.002)


def test_no_more_cards_are_copied_than_there_are_places(pool: ThreadPoolExecutor) -> None:
    places = Places(2, pool)
    for name in "abcd":
        places.ask(name)
        wait_for(lambda: len(places.begun) == min(2, len(places._ends)))
    time.sleep(0.05)
    assert len(places.begun) == 2
    places.end_all()
    wait_for(lambda: len(places.begun) == 4)


def test_a_free_place_goes_to_the_most_overdue_of_all_that_wait(pool: ThreadPoolExecutor) -> None:
    places = Places(1, pool)
    places.ask("first")
    wait_for(lambda: places.begun)
    for hours in (1, 3, 2):
        places.ask(f"{hours} h late", due=NOW - hours * HOUR)
        wait_for(lambda: places.turns.waiting == len(places._ends) - 1)
    for name in ("first", "3 h late", "2 h late", "1 h late"):
        wait_for(functools.partial(places.began_last, name))
        places.end(name)


def test_a_turn_is_over_after_a_while_but_only_when_somebody_waits(pool: ThreadPoolExecutor) -> None:
    places = Places(1, pool)
    places.ask("a")
    wait_for(lambda: places.held.get("a"))
    places.at_s += TURN_S
    places.held["a"].note(FEWEST_BLOCKS)  # it moves, so that it lends nothing
    assert not places.held["a"].is_over
    places.ask("b")
    wait_for(lambda: places.held["a"].is_over)
    places.end_all()


def test_a_turn_that_just_began_is_not_over_although_others_wait(pool: ThreadPoolExecutor) -> None:
    places = Places(1, pool)
    for name in "ab":
        places.ask(name)
    wait_for(lambda: places.turns.waiting == 1)
    places.at_s += TURN_S - 1
    assert not places.held[places.begun[0]].is_over
    places.end_all()


def test_a_card_that_does_not_move_lends_its_place_and_takes_it_back_when_it_moves(pool: ThreadPoolExecutor) -> None:
    places = Places(1, pool)
    for name in "abc":
        places.ask(name)
        wait_for(lambda: len(places.begun) + places.turns.waiting == len(places._ends))
    places.held["a"].note(FEWEST_BLOCKS - 1)
    places.at_s += LOOK_BACK_S
    wait_for(lambda: places.begun == ["a", "b"])
    # Now a moves again: no place is free before both were given back.
    places.held["a"].note(FEWEST_BLOCKS)
    places.held["b"].note(FEWEST_BLOCKS)
    places.at_s += LOOK_BACK_S
    places.end("b")
    time.sleep(0.7)  # longer than a waiting card sleeps
    assert places.begun == ["a", "b"]
    places.end("a")
    wait_for(lambda: places.begun == ["a", "b", "c"])
    places.end_all()


def test_who_waits_hears_that_the_station_stops(pool: ThreadPoolExecutor) -> None:
    places = Places(1, pool)
    places.ask("a")
    wait_for(lambda: places.begun)
    waits = places.ask("b")
    wait_for(lambda: places.turns.waiting)
    places.stopping.set()
    with pytest.raises(StationStoppingError):
        waits.result(20)
    assert places.turns.waiting == 0
    places.end_all()
