"""Where the stores lie is looked at again: a clip is SAFE only while its copies lie on different disks (R43)."""

from pathlib import Path

from archive.physical import physical_device_of
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.reconcile import reconcile
from hashing.canonical import Json
from tests.bodycam_custody.stations import LiveStation, make_card


def enter_disks(live: LiveStation, **disks: list[Json]) -> None:
    """Enter that the stores lie on these disks, as a station does whose disks were so."""
    live.station.record.enter([Draft(kind=EntryKind.STORES_MOVED, subject="station", facts={"disks": disks})])


def true_disks(live: LiveStation) -> list[str] | None:
    disks = physical_device_of(live.primary).disks
    return sorted(disks) if disks else None


def test_clips_are_safe_no_longer_once_the_stores_lie_on_one_disk(live: LiveStation, quick_path: Path) -> None:
    # R43
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    enter_disks(live, primary=["disk-1"], backup=["disk-2"])
    assert [clip["state"] for clip in live.clips()] == ["safe"]
    reconcile(live.station)
    moved = live.entries("stores.moved")[-1]
    assert moved.facts == {"disks": {"primary": true_disks(live), "backup": true_disks(live)}}
    assert [clip["state"] for clip in live.clips()] in (["safe-one-disk"], ["safe-disks-unproven"])


def test_two_stores_that_change_places_are_apart_all_the_time(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    enter_disks(live, primary=["disk-1"], backup=["disk-2"])
    enter_disks(live, primary=["disk-2"], backup=["disk-1"])
    assert [clip["state"] for clip in live.clips()] == ["safe"]


def test_the_disks_are_looked_at_before_a_card_is_read(live: LiveStation, quick_path: Path) -> None:
    enter_disks(live, primary=["disk-1"], backup=["disk-2"])
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    kinds = [entry.kind for entry in live.station.ledger.entries()]
    assert kinds.index("clip.sealed") > len(kinds) - kinds[::-1].index("stores.moved") - 1
    assert [clip["state"] for clip in live.clips()] != ["safe"]


def test_stores_that_stay_where_they_are_make_no_entry(live: LiveStation) -> None:
    reconcile(live.station)
    assert live.entries("stores.moved") == []


def test_a_rebuilt_catalog_knows_the_disks_as_last_entered(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    enter_disks(live, primary=["disk-1"], backup=["disk-2"])
    live.station.catalog.clear()
    live.station.record.catch_up_catalog()
    assert [clip["state"] for clip in live.clips()] == ["safe"]
