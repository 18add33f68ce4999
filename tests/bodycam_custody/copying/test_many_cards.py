"""Many cards at once, with real workers: bounded, the most overdue first, and none held up by another."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bodycam_custody.copying import turns
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.model import DockingPhase
from bodycam_custody.runtime import Runtime
from tests.bodycam_custody.odd_card import HANGS, PULLED, SLOW, UNREADABLE, odd_card
from tests.bodycam_custody.stations import NOW, LiveStation, live_station, make_card

SLOTS = 20
HOUR = timedelta(hours=1)


@pytest.fixture
def one_place(quick_path: Path) -> Iterator[LiveStation]:
    """A station whose disks carry one card at a time."""
    values = {"docking.cards_at_once": 1, "docking.workers_per_card": 1}
    with live_station(quick_path / "station", values) as live:
        yield live


@pytest.fixture
def runtime(one_place: LiveStation) -> Iterator[Runtime]:
    running = Runtime(one_place.station, mode="test")
    yield running
    one_place.station.stopping.set()
    running.close()


def wait_until(what: str, live: LiveStation, *arrivals: Arrival) -> None:
    """Wait until every one of these dockings shows this phase."""
    deadline = time.monotonic() + 30
    while not all(
        live.rows("SELECT 1 FROM dockings WHERE docking_id = ? AND phase = ?", arrival.docking_id, what)
        for arrival in arrivals
    ):
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(0.005)


def wait_until_waiting(live: LiveStation, cards: int) -> None:
    """Wait until so many cards are listed and ask for their turn."""
    deadline = time.monotonic() + 20
    while live.station.turns.waiting < cards:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def sealed_in_order(live: LiveStation) -> list[str]:
    return [str(entry.facts["docking_id"]) for entry in live.entries("clip.sealed")]


def test_every_card_is_listed_at_once_and_copied_with_the_most_overdue_first(
    one_place: LiveStation, runtime: Runtime, quick_path: Path
) -> None:
    # R38, R45
    ages = {"has time": 2, "a day over": 48, "just over": 25, "two days over": 72}
    arrivals = {}
    with one_place.station.turns.turn(due=None, docked_at=NOW, now=lambda: NOW, is_stopping=lambda: False):
        for name, hours in ages.items():
            card = make_card(quick_path / name, {"a.mp4": name.encode()}, written_at=NOW - hours * HOUR)
            arrivals[name] = one_place.arrival(card, serial=name.replace(" ", ""))
            runtime.dock(arrivals[name])
        unknown = one_place.arrival(make_card(quick_path / "u", {"a.mp4": b"u"}, written_at=NOW - 30_000 * HOUR * 24))
        arrivals["cannot be told"] = unknown
        runtime.dock(unknown)
        wait_until_waiting(one_place, len(arrivals))
        view = one_place.docking(unknown.docking_id, runtime.progress[unknown.docking_id])
        assert (view.phase, view.counts["found"]) == ("waiting", 1)
    runtime.finish()
    order = ["two days over", "a day over", "just over"]
    # The fourth place went to the longest waiting, the others by the rule.
    assert sealed_in_order(one_place)[:3] == [arrivals[name].docking_id for name in order]
    assert len(sealed_in_order(one_place)) == 5


def test_a_long_card_gives_way_between_two_files(
    one_place: LiveStation, runtime: Runtime, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TURN_S", 0.0)
    files = {f"{number:03d}.mp4": b"%d" % number * 999 for number in range(9)}
    # Overdue, so that only the turn that is over and the place for the longest waiting let another in.
    long = one_place.arrival(make_card(quick_path / "long", files, written_at=NOW - 48 * HOUR), serial="1")
    short = one_place.arrival(make_card(quick_path / "short", {"a.mp4": b"a", "a.xml": b"<a/>"}), serial="2")
    with one_place.station.turns.turn(due=None, docked_at=NOW, now=lambda: NOW, is_stopping=lambda: False):
        for number, arrival in enumerate((short, long), start=1):
            runtime.dock(arrival)
            wait_until_waiting(one_place, number)
    wait_until(DockingPhase.CLOSED, one_place, short, long)
    # Places 1 to 3 by the rule, a file in each, and the fourth to the longest waiting; then nobody else waits.
    assert sealed_in_order(one_place) == [long.docking_id] * 3 + [short.docking_id] + [long.docking_id] * 6
    assert one_place.docking(short.docking_id).counts["sealed"] == 2
    one_place.require_everything_verifies()


@pytest.mark.parametrize("kind", [SLOW, HANGS])
def test_a_card_that_hardly_moves_holds_up_nobody(
    one_place: LiveStation, runtime: Runtime, quick_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(turns, "LOOK_BACK_S", 0.2)
    odd = make_card(quick_path / "odd", {"a.mp4": b"a" * 20_000_000})
    with odd_card(odd, kind, "a.mp4") as card:
        stuck = one_place.arrival(card, serial="1")
        runtime.dock(stuck)
        wait_until(DockingPhase.COPYING, one_place, stuck)
        others = [
            one_place.arrival(make_card(quick_path / f"card-{n}", {"a.mp4": b"%d" % n}), serial=f"2{n}")
            for n in range(3)
        ]
        for arrival in others:
            runtime.dock(arrival)
        wait_until(DockingPhase.CLOSED, one_place, *others)
        wait_until(DockingPhase.COPYING, one_place, stuck)
        one_place.station.stopping.set()
        runtime.close()


def test_twenty_slots_with_broken_cards_among_them_all_come_to_their_end(quick_path: Path) -> None:
    # R11: each says its own trouble, and the sound ones know nothing of it
    values = {"docking.cards_at_once": 2, "docking.workers_per_card": 1, "docking.card_silence_s": 1}
    kinds = {3: HANGS, 7: PULLED, 11: UNREADABLE}
    with live_station(quick_path / "station", values) as live, ExitStack() as mounted:
        runtime = Runtime(live.station, mode="test")
        dockings: list[Future[None]] = []
        arrivals = []
        for slot in range(SLOTS):
            files = {f"{number}.mp4": b"%d of %d" % (number, slot) * 3000 for number in range(3)}
            card = make_card(quick_path / f"card-{slot}", files)
            if slot in kinds:
                card = mounted.enter_context(odd_card(card, kinds[slot], "1.mp4"))
            arrivals.append(live.arrival(card, serial=f"9{slot:02d}"))
        for arrival in arrivals:
            dockings.append(runtime.dock(arrival))
        done, late = wait(dockings, 60)
        assert not late
        assert [docking.exception() for docking in done] == [None] * SLOTS
        found = [live.docking(arrival.docking_id) for arrival in arrivals]
        sound = [docking for slot, docking in enumerate(found) if slot not in kinds]
        assert {docking.view["safe_to_take_away"] for docking in sound} == {"yes"}
        assert {slot: (found[slot].phase, found[slot].counts["sealed"]) for slot in kinds} == {
            3: ("failed", 1),
            7: ("failed", 1),
            11: ("interpreting", 2),
        }
        assert {found[slot].view["safe_to_take_away"] for slot in kinds} == {"no"}
        live.require_everything_verifies()
        runtime.close()
