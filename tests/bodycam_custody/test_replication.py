"""Bags reach a store that was not there when they were sealed, and only from a copy that verifies."""

import shutil
from pathlib import Path

import pytest

from bodycam_custody.clip_answers import verify_clip
from bodycam_custody.operations import Caller, OneClip
from bodycam_custody.reconcile import reconcile
from bodycam_custody.replication import replicate_lacking
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import SAFE_STATES
from tests.bodycam_custody.stations import LiveStation, make_card


def hide(store: Path) -> Path:
    """Take a store away, as if its disk were not plugged in."""
    return store.rename(store.with_name(f"{store.name}-away"))


def bring_back(store: Path) -> None:
    store.with_name(f"{store.name}-away").rename(store)


@pytest.fixture
def sealed_once(live: LiveStation, quick_path: Path) -> LiveStation:
    """A station whose replica was away when two clips were sealed, and is back."""
    hide(live.backup)
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>", "b.mp4": b"more"}))
    assert {clip["state"] for clip in live.clips()} == {"sealed"}
    bring_back(live.backup)
    return live


def test_a_bag_that_a_replica_lacks_is_copied_read_back_and_entered(sealed_once: LiveStation) -> None:
    live = sealed_once
    assert replicate_lacking(live.station) == 2
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES  # R43
    written = [(entry.facts["store_id"], entry.facts["reread"]) for entry in live.entries("replica.written")]
    assert written == [("backup", "medium")] * 2
    live.require_everything_verifies()
    assert list((live.backup / ".staging").iterdir()) == []
    assert replicate_lacking(live.station) == 0


def test_a_store_that_is_away_is_left_for_the_next_run(live: LiveStation, quick_path: Path) -> None:
    hide(live.backup)
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    assert replicate_lacking(live.station) == 0
    assert {clip["state"] for clip in live.clips()} == {"sealed"}
    assert not live.backup.exists()


def test_a_copy_that_does_not_verify_is_not_spread(sealed_once: LiveStation) -> None:
    live = sealed_once
    bad, good = live.bags(live.primary)
    (main,) = (bad / "data").glob("main*")
    main.chmod(0o640)
    main.write_bytes(main.read_bytes().swapcase())
    assert replicate_lacking(live.station) == 1
    assert [bag.name for bag in live.bags(live.backup)] == [good.name]
    states = {clip["clip_id"]: clip["state"] for clip in live.clips()}
    assert states[bad.name] == "sealed"


def test_a_bag_that_stands_there_already_is_not_overwritten(
    sealed_once: LiveStation,
) -> None:
    live = sealed_once
    there = live.backup / live.bags(live.primary)[0].relative_to(live.primary)
    there.mkdir(parents=True)
    (there / "something").write_bytes(b"else")
    assert replicate_lacking(live.station) == 2
    (aside,) = (live.backup / ".quarantine").iterdir()
    assert [path.read_bytes() for path in aside.iterdir()] == [b"else"]
    assert len(live.entries("bag.quarantined")) == 1
    assert list((live.backup / ".staging").iterdir()) == []
    live.require_everything_verifies()


def test_a_supplement_reaches_the_replica_too_and_until_then_the_clip_is_not_safe(
    live: LiveStation, quick_path: Path
) -> None:
    # R43: every byte of the card is kept twice, or nobody says safe
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    hide(live.backup)
    make_card(card, {"a.xml": b"<newer/>"})
    docking = live.dock(card)
    assert [clip["state"] for clip in live.clips()] == ["sealed"]
    assert docking.view["safe_to_take_away"] == "no"
    bring_back(live.backup)
    assert replicate_lacking(live.station) == 1
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    assert live.docking(docking.docking_id).view["safe_to_take_away"] == "yes"
    live.require_everything_verifies()
    assert len(live.bags(live.backup)) == 2
    assert replicate_lacking(live.station) == 0


def test_a_replica_that_was_new_gets_clips_and_supplements(live: LiveStation, quick_path: Path) -> None:
    hide(live.backup)
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    make_card(card, {"a.xml": b"<newer/>"})
    live.dock(card)
    bring_back(live.backup)
    assert replicate_lacking(live.station) == 2
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()
    # The same from the ledger alone.
    live.station.catalog.clear()
    live.station.record.catch_up_catalog()
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()


def test_a_primary_that_lost_its_disk_is_filled_from_the_replica(live: LiveStation, quick_path: Path) -> None:
    """Nothing is copied over a copy the ledger says is there: a missing one is a finding first, and then made good."""
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    (bag,) = live.bags(live.primary)
    shutil.rmtree(bag)
    assert replicate_lacking(live.station) == 0
    reconcile(live.station)
    assert [clip["state"] for clip in live.clips()] == ["damaged"]
    assert replicate_lacking(live.station) == 1
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()


def damage(bag: Path) -> None:
    (main,) = (bag / "data").glob("main*")
    main.chmod(0o640)
    main.write_bytes(main.read_bytes().swapcase())


def verify(live: LiveStation) -> str:
    (clip,) = live.clips()
    runtime = Runtime(live.station, mode="test")
    return str(verify_clip(runtime, OneClip(clip_id=clip["clip_id"]), Caller(uid=0))["answer"])


@pytest.mark.parametrize("settle", [False, True], ids=["by replication alone", "after reconciliation"])
def test_a_copy_that_does_not_verify_any_more_is_set_aside_and_written_anew(
    live: LiveStation, quick_path: Path, *, settle: bool
) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    (bad,) = live.bags(live.backup)
    damage(bad)
    assert verify(live) == "no"
    if settle:
        reconcile(live.station)
    assert replicate_lacking(live.station) == 1
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    (aside,) = (live.backup / ".quarantine").iterdir()
    assert (aside / "data" / "main.mp4").read_bytes() == b"MOVING PICTURES"
    live.require_everything_verifies()


def test_where_no_copy_verifies_the_bad_ones_stay_where_replication_found_them(
    live: LiveStation, quick_path: Path
) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    bags = [*live.bags(live.primary), *live.bags(live.backup)]
    for bag in bags:
        damage(bag)
    assert verify(live) == "no"
    assert replicate_lacking(live.station) == 0
    assert all(bag.is_dir() for bag in bags)


def test_a_supplement_that_vanished_is_entered_and_its_clip_is_not_safe_until_it_is_back(
    live: LiveStation, quick_path: Path
) -> None:
    # R43
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    make_card(card, {"a.xml": b"<newer/>"})
    docking = live.dock(card)
    (row,) = live.rows("SELECT bag_path FROM supplements")
    shutil.rmtree(live.backup / row["bag_path"])
    for _ in range(2):
        reconcile(live.station)
    (entry,) = live.entries("copy.missing")
    assert entry.facts == {"store_id": "backup", "bag_path": row["bag_path"]}
    assert [clip["state"] for clip in live.clips()] == ["sealed"]
    assert live.docking(docking.docking_id).view["safe_to_take_away"] == "no"
    assert replicate_lacking(live.station) == 1
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()
