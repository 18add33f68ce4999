"""Since when a clip was at the station: nothing the station was slow with makes anybody late (R38)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.drafts import (
    Arrival,
    NumberedUnit,
    closed_draft,
    failed_draft,
    inventory_drafts,
    seen_draft,
)
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import DockingPhase
from docking.card import DockingKind
from docking.errors import SourceUnreadableError
from docking.inventory import take_inventory
from tests.bodycam_custody.recordings import recorded_name
from tests.bodycam_custody.stations import NOW, SERIAL, LiveStation, make_card

HOUR = timedelta(hours=1)
RECORDED = NOW - 20 * HOUR
PHOTO = recorded_name(RECORDED, extension="jpg")
PORT = "pci-0000:00:14.0-usb-0:2"
RECORDER = f"usb:4255:0001:{SERIAL}"
ON_TIME = ("on-time", "docked-within-hours")
LATE = ("late", "docked-after-hours")
UNPROVEN = ("undeterminable", "arrival-unproven")


@pytest.fixture
def card(quick_path: Path) -> Path:
    """A card with one photograph of twenty hours ago."""
    return make_card(quick_path / "card", {PHOTO: b"\xff\xd8\xff\xe0 a photograph"}, written_at=RECORDED)


def list_only(live: LiveStation, card: Path, **arriving: Any) -> Arrival:
    """Leave in the ledger what a power cut leaves when a card was listed and nothing of it sealed."""
    arrival = live.arrival(card, **arriving)
    profile = next(one for one in live.station.profiles if one.name == "gat-underscore")
    listed = take_inventory(card).classified_by(profile)
    drafts = inventory_drafts(
        arrival.docking_id,
        listed.files,
        listed.specials,
        [NumberedUnit(main=number, sidecars=()) for number in range(len(listed.files))],
        profile=profile.name,
        keep=lambda paths: live.station.texts.keep(paths, meaning="card-path"),
    )
    live.station.record.enter([seen_draft(arrival, rule_set_version="1"), *drafts])
    return arrival


def close(live: LiveStation, arrival: Arrival, *drafts: Draft) -> None:
    """Enter `drafts` and that reading the card ended."""
    closed = closed_draft(arrival.docking_id, outcome=DockingPhase.INTERRUPTED, code=None, counts={}, left_out={})
    live.station.record.enter([*drafts, closed])


def visited(live: LiveStation, at: datetime, recorder: str = RECORDER) -> int:
    """Enter that a locked recorder on the port was spoken to, and return the number of that entry."""
    facts = {"visited_at": rfc3339(at), "recorder": recorder, "clock_set_to": None, "holder": None}
    draft = Draft(kind=EntryKind.RECORDER_VISITED, subject=f"slot:{PORT}", facts=facts)
    return live.station.record.enter([draft])[0].seq


def dock_on_port(live: LiveStation, card: Path, at: datetime) -> None:
    arrival = live.arrival(card, docked_at=at)
    live.take_in(replace(arrival, card=replace(arrival.card, port_path=f"{PORT}:1.0")))


def verdict(live: LiveStation) -> tuple[str, str]:
    live.interpret()
    (clip,) = live.clips()
    return clip["handover"], clip["handover_reason"]


def rests_on(live: LiveStation) -> Mapping[str, Any]:
    """Return what the newest verdict rests on."""
    facts = live.entries("clip.judged")[-1].facts
    present: Mapping[str, Any] = facts["present"]  # type: ignore[assignment]
    return present


def test_a_power_cut_makes_nobody_late(live: LiveStation, card: Path) -> None:
    # R38: docked in time, listed, and then the power was away for six hours
    first = list_only(live, card)
    close(live, first)
    live.clock.advance(6 * HOUR)
    second = live.dock(card)
    assert verdict(live) == ON_TIME
    assert rests_on(live) == {
        "since": rfc3339(NOW),
        "by": "listed",
        "docking_id": first.docking_id,
        "file": 0,
        "entry": None,
    }
    (clip,) = live.clips()
    assert (clip["docked_at"], clip["handed_over_at"]) == (rfc3339(NOW + 6 * HOUR), rfc3339(NOW))
    assert clip["docking_id"] == second.docking_id, "what was sealed when is kept as it was"


def test_a_file_that_failed_first_counts_from_the_docking_that_listed_it(live: LiveStation, card: Path) -> None:
    # R38
    first = list_only(live, card)
    failed = failed_draft(first.docking_id, 0, SourceUnreadableError(path="x", reason="EIO"))
    close(live, first, failed)
    live.clock.advance(30 * HOUR)
    live.dock(card)
    assert verdict(live) == ON_TIME


def test_who_is_late_is_late_from_the_docking_that_counts(live: LiveStation, card: Path) -> None:
    close(live, list_only(live, card, docked_at=RECORDED + 25 * HOUR))
    live.dock(card, docked_at=RECORDED + 40 * HOUR)
    assert verdict(live) == LATE
    (clip,) = live.clips()
    assert clip["handed_over_at"] == rfc3339(RECORDED + 25 * HOUR)


@pytest.mark.parametrize("changed", ["size", "time", "name", "recorder", "unknown", "import"])
def test_only_the_same_file_of_the_same_recorder_was_there(
    live: LiveStation, card: Path, quick_path: Path, changed: str
) -> None:
    # R38: nothing else may claim an earlier docking
    arriving: dict[str, Any] = {}
    first: dict[str, Any] = {}
    content, written, name = b"\xff\xd8\xff\xe0 a photograph", RECORDED, PHOTO
    if changed == "size":
        content += b"!"
    elif changed == "time":
        written += timedelta(seconds=2)
    elif changed == "name":
        name = recorded_name(RECORDED, 2, extension="jpg")
    elif changed == "recorder":
        first = {"serial": "0000018"}
    elif changed == "unknown":
        first = arriving = {"serial": None}
    else:
        first = {"kind": DockingKind.IMPORT}
    other = make_card(quick_path / "other", {name: content}, written_at=written)
    close(live, list_only(live, other, **first))
    live.clock.advance(6 * HOUR)
    live.dock(card, **arriving)
    assert verdict(live) == LATE
    assert rests_on(live)["by"] == "docked"


def test_a_docking_held_for_its_serial_proves_nothing(live: LiveStation, card: Path) -> None:
    # R73: another recorder may have claimed that serial
    first = list_only(live, card)
    facts = {"code": "serial-twice", "recorder": RECORDER, "ports": [], "docking_ids": [first.docking_id]}
    alarm = {**facts, "device": None, "interface": None, "noted_at": None, "refusal": None}
    held = Draft(kind=EntryKind.DOCK_ALARMED, subject=f"recorder:{RECORDER}", facts=alarm)
    close(live, first, held)
    live.clock.advance(6 * HOUR)
    live.dock(card)
    assert verdict(live) == LATE


def test_a_docking_that_could_list_nothing_counts_for_what_was_recorded_before(live: LiveStation, card: Path) -> None:
    # R38: the primary store was away
    first = live.arrival(card)
    close(live, first, seen_draft(first, rule_set_version="1"))
    live.clock.advance(6 * HOUR)
    live.dock(card)
    assert verdict(live) == ON_TIME
    assert (rests_on(live)["by"], rests_on(live)["docking_id"]) == ("seen", first.docking_id)


def test_a_recorder_that_stood_locked_counts_from_its_first_visit(live: LiveStation, card: Path) -> None:
    # R38: nobody had entered the password
    entry = visited(live, NOW)
    visited(live, NOW + 3 * HOUR)
    visited(live, NOW + 6 * HOUR)
    dock_on_port(live, card, NOW + 6 * HOUR + timedelta(seconds=9))
    assert verdict(live) == ON_TIME
    assert rests_on(live) == {"since": rfc3339(NOW), "by": "visited", "docking_id": None, "file": None, "entry": entry}


@pytest.mark.parametrize(
    ("visit_at", "expected"),
    [
        (RECORDED - HOUR, LATE),
        (RECORDED - timedelta(seconds=121), UNPROVEN),
        (RECORDED + timedelta(seconds=120), UNPROVEN),
        (RECORDED + timedelta(seconds=121), ON_TIME),
    ],
)
def test_a_visit_before_the_recording_ended_had_it_not(
    live: LiveStation, card: Path, visit_at: datetime, expected: tuple[str, str]
) -> None:
    # R38: the clock is doubted by 121 s; who visits, records and comes back days later is not in time
    visited(live, visit_at)
    visited(live, NOW + 6 * HOUR)
    dock_on_port(live, card, NOW + 6 * HOUR + timedelta(seconds=9))
    assert verdict(live) == expected


def test_a_visit_before_a_docking_that_did_not_list_the_file_had_it_not(
    live: LiveStation, card: Path, quick_path: Path
) -> None:
    visited(live, NOW)
    empty = make_card(quick_path / "empty", {"old.jpg": b"\xff\xd8\xff\xe0"}, written_at=RECORDED)
    close(live, list_only(live, empty, docked_at=NOW + HOUR))
    visited(live, NOW + 6 * HOUR)
    dock_on_port(live, card, NOW + 6 * HOUR + timedelta(seconds=9))
    assert verdict(live) == LATE


def test_a_locked_recorder_that_names_nobody_proves_nothing_either_way(live: LiveStation, card: Path) -> None:
    # R38: perhaps it was this one, so nobody is called late
    visited(live, NOW, recorder="unknown")
    visited(live, NOW + 6 * HOUR, recorder="unknown")
    dock_on_port(live, card, NOW + 6 * HOUR + timedelta(seconds=9))
    assert verdict(live) == UNPROVEN


def test_a_visit_of_another_recorder_is_nothing(live: LiveStation, card: Path) -> None:
    visited(live, NOW, recorder="usb:4255:0001:0000018")
    visited(live, NOW + 6 * HOUR)
    dock_on_port(live, card, NOW + 6 * HOUR + timedelta(seconds=9))
    assert verdict(live) == LATE
