"""Dockings after which a recorder stays at the station, one scene for each reason, and the acts that let it go."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bodycam_custody.dockings.drafts import seen_draft
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.reconcile import reconcile
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.alarms import serial_twice_draft
from tests.bodycam_custody.odd_card import PULLED, UNLISTED, UNREADABLE, odd_card
from tests.bodycam_custody.stations import Docking, LiveStation, make_card

RECORDER = "usb:4255:0001:0000017"
BY = {"withdraw": "custodian-1", "release": "supervisor-1"}

Scene = Callable[[LiveStation, Path], Docking]


@contextmanager
def asking(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="test")
    try:
        yield runtime
    finally:
        runtime.close()
        live.station.stopping.clear()


def ask(live: LiveStation, operation: str, /, **params: object) -> Any:
    with asking(live) as runtime:
        return answer(runtime, operation, params, Caller(uid=os.geteuid()))


def let_go(live: LiveStation, act: str, target: str, *, person: str | None = None, reason: str = "bad sectors") -> Any:
    return ask(live, f"dockings.{act}", target=target, person=person or BY[act], reason=reason)


def unreadable_file(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"DCIM/a.mp4": b"whole", "DCIM/b.mp4": b"bad"})
    with odd_card(card, UNREADABLE, "DCIM/b.mp4") as odd:
        return live.dock(odd)


def unlisted_folder(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"DCIM/a.mp4": b"whole", "MISC/b.mp4": b"behind a bad folder"})
    with odd_card(card, UNLISTED, "MISC") as odd:
        return live.dock(odd)


def pulled_card(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"DCIM/a.mp4": b"whole", "DCIM/b.mp4": b"too late"})
    with odd_card(card, PULLED, "DCIM/b.mp4") as odd:
        return live.dock(odd)


def interrupted_station(live: LiveStation, folder: Path) -> Docking:
    arrival = live.arrival(make_card(folder / "card", {"a.mp4": b"a"}))
    live.station.record.enter([seen_draft(arrival, rule_set_version="1")])
    reconcile(live.station)
    return live.docking(arrival.docking_id)


def primary_away(live: LiveStation, folder: Path) -> Docking:
    away = live.primary.rename(live.primary.with_name("away"))
    docked = live.dock(make_card(folder / "card", {"a.mp4": b"a"}))
    away.rename(live.primary)
    return docked


def serial_in_two_slots(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"a.mp4": b"a"})
    one, other = live.arrival(card), live.arrival(card)
    live.station.record.enter([serial_twice_draft([one, other])])
    return live.take_in(one)


def backup_away(live: LiveStation, folder: Path) -> Docking:
    live.backup.rename(live.backup.with_name("away"))
    return live.dock(make_card(folder / "card", {"a.mp4": b"a"}))


def copy_lost(live: LiveStation, folder: Path) -> Docking:
    docked = live.dock(make_card(folder / "card", {"a.mp4": b"a"}))
    (bag,) = live.bags(live.backup)
    bag.rename(live.root / "stolen")
    reconcile(live.station)
    return live.docking(docked.docking_id)


# Every reason for which a card is not safe to take away. That a docking under way ends is tested in test_card_reader.
REASONS: dict[str, Scene] = {
    "a file cannot be read": unreadable_file,
    "a folder cannot be listed": unlisted_folder,
    "the card was gone before its end": pulled_card,
    "the station stopped meanwhile": interrupted_station,
    "the primary store takes no bytes": primary_away,
    "its serial stood in two slots": serial_in_two_slots,
    "a copy is not there yet": backup_away,
    "a copy is lost": copy_lost,
}


def safe_docking(live: LiveStation, folder: Path) -> Docking:
    return live.dock(make_card(folder / "card", {"a.mp4": b"a"}))
