"""What a listing tells again: a file that was sealed before and looks the same is not read, and nobody says it was."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.dockings.progress import Progress
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.handover.receipt_issue import issue_receipt
from bodycam_custody.operations import Caller, OneDocking
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.alarms import serial_twice_draft
from docking.card import DockingKind
from docking.clearing import ReceiptedFile, require_unchanged
from docking.clearing_errors import FileNotReceiptedError
from docking.presence import open_card
from hashing.digest import Digest
from tests.bodycam_custody.odd_card import FLIPPED, PULLED, UNREADABLE, odd_card
from tests.bodycam_custody.stations import Docking, LiveStation, live_station, make_card
from tests.docking.exfat_card import make_image, plugged_in

FILES = {"DCIM/a.mp4": b"first clip", "DCIM/a.xml": b"<a/>", "DCIM/b.mp4": b"second clip"}


@pytest.fixture
def one_by_one(quick_path: Path) -> Iterator[LiveStation]:
    """A station that copies one file of a card after the other."""
    with live_station(quick_path / "station", {"docking.workers_per_card": 1}) as live:
        yield live


@pytest.fixture
def card(quick_path: Path) -> Path:
    return make_card(quick_path / "card", FILES)


def bases(docking: Docking) -> dict[str, str | None]:
    """Return on what it rests that each file is kept."""
    return {str(file["path"]): file["basis"] for file in docking.files}


def require_read(docking: Docking) -> None:
    assert set(bases(docking).values()) == {"read"}
    assert docking.view["files_listed"] == 0


def test_a_card_that_was_sealed_whole_is_known_by_its_listing(live: LiveStation, card: Path, quick_path: Path) -> None:
    # R8, R40
    first = live.dock(card)
    require_read(first)
    # Nothing can be read there any more, so nothing is.
    with odd_card(card, UNREADABLE, "DCIM/a.mp4") as unreadable:
        progress = Progress()
        again = live.take_in(live.arrival(unreadable), progress)
    assert (again.phase, again.texts, progress.bytes_done) == ("interpreting", [], 0)
    assert again.counts == {"found": 3, "sealed": 0, "known": 3, "failed": 0, "unexplained": 0}
    assert (again.view["files_listed"], again.view["safe_to_take_away"]) == (3, "yes")
    assert set(bases(again).values()) == {"listed"}
    assert [clip["sightings"] for clip in live.clips()] == [2, 2]
    live.require_everything_verifies()


def test_the_ledger_says_what_was_listed_and_on_which_reading_that_rests(live: LiveStation, card: Path) -> None:
    # R8, R40
    first, again = live.dock(card), live.dock(card)
    sighted = sorted(live.entries("clip.sighted"), key=lambda entry: (entry.facts["basis"] == "listed", entry.subject))
    read, listed = sighted[:2], sighted[2:]
    assert [(entry.facts["basis"], "relies_on" in entry.facts) for entry in read] == [("read", False)] * 2
    for before, entry in zip(read, listed, strict=True):
        assert (entry.facts["basis"], entry.facts["newly_sealed"]) == ("listed", False)
        assert entry.facts["relies_on"] == {"docking_id": first.docking_id, "file": before.facts["file"]}
        assert (entry.facts["docking_id"], entry.clip_id) == (again.docking_id, before.clip_id)
        assert entry.facts["sidecars"] == before.facts["sidecars"]
    closed = live.entries("dock.closed")
    assert [(entry.facts["known"], entry.facts["listed"]) for entry in closed] == [(0, 0), (3, 3)]
    # A listing rests on a reading, never on another listing.
    live.dock(card)
    assert {entry.facts["relies_on"]["docking_id"] for entry in live.entries("clip.sighted")[4:]} == {  # type: ignore[index,call-overload]
        first.docking_id
    }


def test_a_docking_that_broke_off_is_resumed_without_reading_what_it_sealed(
    one_by_one: LiveStation, quick_path: Path
) -> None:
    # R40, R43: the replica is away, so that no clip is safe, and what was sealed still need not be read
    card = make_card(quick_path / "card", {f"{name}.mp4": name.encode() * 1000 for name in "abcd"})
    away = one_by_one.backup.rename(one_by_one.backup.with_name("away"))
    with odd_card(card, PULLED, "c.mp4") as pulled:
        assert one_by_one.dock(pulled).counts == {"found": 4, "sealed": 2, "known": 0, "failed": 0, "unexplained": 2}
    with odd_card(card, UNREADABLE, "a.mp4") as resumed:
        again = one_by_one.dock(resumed)
    assert bases(again) == {"a.mp4": "listed", "b.mp4": "listed", "c.mp4": "read", "d.mp4": "read"}
    assert again.counts == {"found": 4, "sealed": 2, "known": 2, "failed": 0, "unexplained": 0}
    # This docking was whole, so that what it read is known only once it is safe.
    assert bases(one_by_one.dock(card)) == {"a.mp4": "listed", "b.mp4": "listed", "c.mp4": "read", "d.mp4": "read"}
    away.rename(one_by_one.backup)


def test_other_bytes_that_look_the_same_are_not_found_by_a_listing_and_are_found_when_they_are_read(
    live: LiveStation, card: Path
) -> None:
    # R40: this is what a listing does not prove, and why clearing reads
    first = live.dock(card)
    with odd_card(card, FLIPPED, "DCIM/b.mp4") as flipped:
        again = live.dock(flipped)
        assert again.file("DCIM/b.mp4")["basis"] == "listed"
        root = open_card(flipped)
        kept = ReceiptedFile(
            number=2,
            path=b"DCIM/b.mp4",
            size_bytes=len(FILES["DCIM/b.mp4"]),
            mtime_ns=(card / "DCIM/b.mp4").stat().st_mtime_ns,
            sha256=Digest.of(FILES["DCIM/b.mp4"]),
        )
        with pytest.raises(FileNotReceiptedError, match="the receipt says sha256"):
            require_unchanged(root, [kept], on_file=lambda _: None)
        os.close(root)
        # Once a clearing has failed nothing is known by a listing any more, so that the other bytes are sealed too.
        live.clock.advance(timedelta(minutes=1))
        live.station.record.enter([clearing_failed(again.docking_id)])
        third = live.dock(flipped)
    require_read(third)
    assert (third.counts["sealed"], third.counts["known"]) == (1, 2)
    assert third.file("DCIM/b.mp4")["clip_id"] != first.file("DCIM/b.mp4")["clip_id"]
    # From now on that one listing stands for two contents, and tells nothing.
    live.clock.advance(timedelta(minutes=1))
    assert bases(live.dock(card)) == {"DCIM/a.mp4": "listed", "DCIM/a.xml": "listed", "DCIM/b.mp4": "read"}


def clearing_failed(docking_id: str) -> Draft:
    facts: Mapping[str, Any] = {
        "docking_id": docking_id,
        "person": "custodian-1",
        "card": "whole",
        "removed": [],
        "perhaps_removed": [],
    }
    return Draft(kind=EntryKind.CARD_CLEARING_FAILED, subject=f"docking:{docking_id}", facts=facts)


def test_the_receipt_says_which_files_were_read_and_which_only_listed(live: LiveStation, card: Path) -> None:
    # R39, R40
    live.dock(card)
    make_card(card, {"DCIM/c.mp4": b"third clip"})
    again = live.dock(card)
    live.interpret()
    runtime = Runtime(live.station, mode="test")
    receipt = issue_receipt(runtime, OneDocking(docking_id=again.docking_id), Caller(uid=os.geteuid()))
    runtime.close()
    document = json.loads(receipt["canonical"])
    assert {file["name"]: file["basis"] for file in document["files"]} == {
        "DCIM/a.mp4": "listed",
        "DCIM/a.xml": "listed",
        "DCIM/b.mp4": "listed",
        "DCIM/c.mp4": "read",
    }
    assert (document["counts"]["known"], document["counts"]["listed"], document["counts"]["sealed"]) == (3, 3, 1)
    assert all(file["sha256"] for file in document["files"])


@pytest.mark.parametrize("what", ["time of change", "time of writing", "size", "name"])
def test_a_file_that_looks_different_in_anything_is_read(live: LiveStation, quick_path: Path, what: str) -> None:
    # R8, R40
    card = make_card(quick_path / "card", {"a.mp4": b"first clip"})
    first = live.dock(card)
    file = card / "a.mp4"
    written_ns = file.stat().st_mtime_ns
    if what == "time of change":
        file.chmod(0o600)
    elif what == "time of writing":
        os.utime(file, ns=(written_ns, written_ns + 1))
    elif what == "size":
        file.write_bytes(b"longer than the first clip")
        os.utime(file, ns=(written_ns, written_ns))
    else:
        file = file.rename(card / "a_IMP.mp4")
    if what != "time of change":
        # On FAT the time of change says nothing of its own: the others must do.
        with live.station.catalog._writing() as db:
            changed = (str(file.stat().st_ctime_ns), first.docking_id)
            db.execute("UPDATE files SET changed_ns = ? WHERE docking_id = ?", changed)
    require_read(live.dock(card))


def test_a_clip_whose_accompanying_file_changed_is_read_with_it(live: LiveStation, card: Path) -> None:
    live.dock(card)
    make_card(card, {"DCIM/a.xml": b"<b/>"})
    again = live.dock(card)
    assert bases(again) == {"DCIM/a.mp4": "read", "DCIM/a.xml": "read", "DCIM/b.mp4": "listed"}
    assert again.counts == {"found": 3, "sealed": 1, "known": 2, "failed": 0, "unexplained": 0}
    (card / "DCIM/a.xml").unlink()
    assert bases(live.dock(card)) == {"DCIM/a.mp4": "read", "DCIM/b.mp4": "listed"}
    live.require_everything_verifies()


@pytest.mark.parametrize("serial", ["0000018", None])
def test_another_recorder_or_one_without_a_name_is_read(live: LiveStation, card: Path, serial: str | None) -> None:
    live.dock(card, serial=serial)
    require_read(live.dock(card, serial=serial and "0000019"))


def test_a_folder_that_is_imported_is_read(live: LiveStation, card: Path) -> None:
    live.dock(card)
    require_read(live.dock(card, kind=DockingKind.IMPORT))


def test_a_card_with_another_filesystem_is_read(live: LiveStation, card: Path) -> None:
    live.dock(card)
    require_read(live.dock(card, filesystem="exfat"))


def test_a_recorder_whose_serial_stands_in_two_slots_is_read(live: LiveStation, card: Path) -> None:
    # R73
    live.dock(card)
    arrivals = [live.arrival(card), live.arrival(card)]
    arrivals[1] = replace(arrivals[1], card=replace(arrivals[1].card, port_path="port-2"))
    live.station.record.enter([serial_twice_draft(arrivals)])
    require_read(live.take_in(arrivals[0]))


def test_a_file_from_a_factory_date_is_read(live: LiveStation, quick_path: Path) -> None:
    # with a dead battery names and times begin again
    files = {"a.mp4": b"first clip"}
    card = make_card(quick_path / "card", files, written_at=datetime(2012, 1, 1, tzinfo=UTC))
    live.dock(card)
    require_read(live.dock(card))


def test_a_clip_that_is_not_safe_or_is_damaged_is_read(live: LiveStation, card: Path, quick_path: Path) -> None:
    # R43
    away = live.backup.rename(live.backup.with_name("away"))
    live.dock(card)
    require_read(live.dock(card))
    away.rename(live.backup)
    other = make_card(quick_path / "other", {"a.mp4": b"another clip"})
    (file,) = live.dock(other).files
    (clip,) = live.rows("SELECT bag_path FROM clips WHERE clip_id = ?", file["clip_id"])
    facts = {"store_id": "primary", "bag_path": clip["bag_path"]}
    live.station.record.enter([Draft(kind=EntryKind.COPY_MISSING, subject=f"clip:{file['clip_id']}", facts=facts)])
    require_read(live.dock(other))


def test_a_real_exfat_card_looks_the_same_each_time_it_is_plugged_in(live: LiveStation, tmp_path: Path) -> None:
    # R40: what its filesystem says of a file must not change with the mount
    image = make_image(tmp_path, FILES)
    for basis in ("read", "listed"):
        with plugged_in(image) as plugged:
            assert set(bases(live.dock(plugged, filesystem="exfat")).values()) == {basis}
    with plugged_in(image, "rw") as plugged:
        overwritten = plugged / "DCIM" / "b.mp4"
        overwritten.write_bytes(b"third clip!")
        # Later by more than the steps of exFAT; a recorder is not docked, taken out and used within one of them.
        later = overwritten.stat().st_mtime + 10
        os.utime(overwritten, (later, later))
    with plugged_in(image) as plugged:
        again = live.dock(plugged, filesystem="exfat")
    assert bases(again) == {"DCIM/a.mp4": "listed", "DCIM/a.xml": "listed", "DCIM/b.mp4": "read"}


def test_a_file_that_failed_is_read_again(one_by_one: LiveStation, quick_path: Path) -> None:
    # R11
    card = make_card(quick_path / "card", {"a.mp4": b"first clip", "b.mp4": b"second clip"})
    with odd_card(card, UNREADABLE, "a.mp4") as bad:
        assert bases(one_by_one.dock(bad)) == {"a.mp4": None, "b.mp4": "read"}
    assert bases(one_by_one.dock(card)) == {"a.mp4": "read", "b.mp4": "listed"}


def test_a_unit_that_wants_everything_read_gets_it(quick_path: Path, card: Path) -> None:
    with live_station(quick_path / "station", {"docking.read_sealed_again": True}) as live:
        live.dock(card)
        require_read(live.dock(card))


def test_a_missing_file_is_missed_although_the_others_were_only_listed(live: LiveStation, card: Path) -> None:
    # R40
    live.dock(card)
    live.clock.advance(timedelta(minutes=1))
    (card / "DCIM/b.mp4").unlink()
    again = live.dock(card)
    assert (again.view["files_missing"], again.view["files_reappeared"]) == (1, 0)
    live.clock.advance(timedelta(minutes=1))
    make_card(card, {"DCIM/b.mp4": FILES["DCIM/b.mp4"]})
    assert live.dock(card).view["files_reappeared"] == 1


def test_dockings_entered_before_there_were_listings_are_no_base_for_one(live: LiveStation, card: Path) -> None:
    """Their inventories have no time of change."""
    first = live.dock(card)
    with live.station.catalog._writing() as db:
        db.execute("UPDATE files SET changed_ns = NULL WHERE docking_id = ?", (first.docking_id,))
    require_read(live.dock(card))
