"""Everything the station has sealed becomes immutable, in every store that is there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.keeping import is_kept
from bodycam_custody.handlers import answer
from bodycam_custody.keeping import KEEP_SOCKET, Keeper, keeping_remarks
from bodycam_custody.model import Remark
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from tests.archive.keep_service import Helper
from tests.bodycam_custody.letting_go import safe_docking
from tests.bodycam_custody.release.test_ways_out import announce
from tests.bodycam_custody.stations import LiveStation, make_card


@pytest.fixture
def service(live: LiveStation) -> Iterator[Helper]:
    if shutil.which("chattr") is None:
        pytest.skip("chattr is not installed (e2fsprogs)")
    probe = live.root / "flag"
    probe.touch()
    can = subprocess.run(["chattr", "+i", probe], capture_output=True).returncode == 0
    subprocess.run(["chattr", "-i", probe], capture_output=True)
    if not can:
        pytest.skip("needs root and a filesystem with the immutable flag for the stores")
    path = live.settings.paths.socket.with_name(KEEP_SOCKET)
    path.parent.mkdir(parents=True, exist_ok=True)
    helper = Helper(path)
    yield helper
    helper.close()
    for store in (live.primary, live.backup):
        subprocess.run(["chattr", "-R", "-i", store], capture_output=True)


def bags(store: Path) -> list[Path]:
    return sorted(store.glob("clips/*/*/*/*"))


def test_sealed_bags_are_kept_in_both_stores_and_asked_about_once(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    keeper = Keeper(live.station)
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one", "b.mp4": b"two"}))
    keeper.run()
    found = [*bags(live.primary), *bags(live.backup)]
    assert len(found) == 4
    assert all(is_kept(bag) for bag in found)
    keeper.run()
    assert service.connections == 1
    live.dock(make_card(tmp_path / "card", {"c.mp4": b"three"}))
    keeper.run()
    assert (len(bags(live.primary)), service.connections) == (3, 2)
    assert all(is_kept(bag) for bag in bags(live.primary))


def test_a_kept_bag_still_verifies_and_is_still_known(live: LiveStation, service: Helper, tmp_path: Path) -> None:
    card = make_card(tmp_path / "card", {"a.mp4": b"one"})
    live.dock(card)
    Keeper(live.station).run()
    again = live.dock(card)
    assert again.counts["known"] == 1


def test_a_copy_that_is_written_later_is_kept_too(live: LiveStation, service: Helper, tmp_path: Path) -> None:
    from bodycam_custody.replication import replicate_lacking

    away = live.backup.with_name("away")
    live.backup.rename(away)
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    keeper = Keeper(live.station)
    keeper.run()
    away.rename(live.backup)
    replicate_lacking(live.station)
    keeper.run()
    assert [is_kept(bag) for bag in bags(live.backup)] == [True]


def test_without_the_service_nothing_happens(live: LiveStation, tmp_path: Path) -> None:
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    Keeper(live.station).run()
    assert not any(is_kept(bag) for bag in bags(live.primary))


def test_a_card_may_go_only_once_its_bags_are_immutable(live: LiveStation, service: Helper, tmp_path: Path) -> None:
    # R43: safe is what the station itself can no longer change, where the machine can see to that
    card = make_card(tmp_path / "card", {"a.mp4": b"one", "a.xml": b"<record/>"})
    docked = live.dock(card)
    assert (docked.view["safe_to_take_away"], "bags-not-kept" in docked.view["remarks"]) == ("cannot-tell", True)
    keeper = Keeper(live.station)
    keeper.run()
    kept = live.docking(docked.docking_id).view
    assert (kept["safe_to_take_away"], "bags-not-kept" in kept["remarks"]) == ("yes", False)
    make_card(card, {"a.xml": b"<newer/>"})
    later = live.dock(card)
    assert later.view["safe_to_take_away"] == "cannot-tell", "its supplement is not kept yet"
    keeper.run()
    assert live.docking(later.docking_id).view["safe_to_take_away"] == "yes"
    assert keeping_remarks(live.station) == set()


def test_a_copy_that_lost_its_flag_is_noticed_after_a_restart(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    docked = live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    Keeper(live.station).run()
    (bag,) = bags(live.backup)
    subprocess.run(["chattr", "-R", "-i", bag], check=True, capture_output=True)
    live.reopen()
    assert live.docking(docked.docking_id).view["safe_to_take_away"] == "cannot-tell"
    Keeper(live.station).run()
    assert live.docking(docked.docking_id).view["safe_to_take_away"] == "yes"


def test_a_card_does_not_go_while_a_copy_of_it_is_not_in_its_place(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    # R43: seen at once, before the next sweep enters that the copy is missing
    docked = live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    Keeper(live.station).run()
    (bag,) = bags(live.backup)
    subprocess.run(["chattr", "-R", "-i", bag], check=True, capture_output=True)
    bag.rename(live.root / "stolen")
    live.reopen()
    assert live.docking(docked.docking_id).view["safe_to_take_away"] == "cannot-tell"


def test_a_store_that_cannot_keep_bags_holds_no_card_back_and_is_remarked_upon(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    # On vfat or a network file system nothing can be done, and that is said.
    docked = live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    live.station.unkeepable |= {live.primary, live.backup}
    assert live.docking(docked.docking_id).view["safe_to_take_away"] == "yes"
    assert keeping_remarks(live.station) == {Remark.BAGS_CHANGEABLE}


def test_without_the_service_a_card_may_go_and_the_station_says_what_that_means(
    live: LiveStation, tmp_path: Path
) -> None:
    docked = live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    assert docked.view["safe_to_take_away"] == "yes"
    status = answer(Runtime(live.station, mode="test"), "status.show", {}, Caller(uid=os.geteuid()))
    assert "bags-changeable" in status["remarks"]


def test_a_running_station_keeps_the_bags_of_a_docking_as_soon_as_it_is_over(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    runtime = Runtime(live.station, mode="test")
    arrival = live.arrival(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    runtime.dock(arrival).result()
    assert live.docking(arrival.docking_id).view["safe_to_take_away"] == "yes"
    runtime.close()


def test_a_slot_says_safe_as_soon_as_the_bags_are_immutable_without_any_entry(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    safe_docking(live, tmp_path)
    announce(live, tmp_path / "card")
    runtime = Runtime(live.station, mode="test", sysfs=tmp_path)
    assert [view["phase"] for view in runtime.board.views()] == []
    runtime.board.look()
    (before,) = runtime.board.views()
    size = live.station.ledger.size
    runtime.keeper.run()
    runtime.board.look()
    (after,) = runtime.board.views()
    assert (before["phase"], after["phase"], live.station.ledger.size) == ("reading", "safe", size)
    runtime.close()


def test_a_store_that_was_away_when_its_bags_were_looked_at_is_looked_at_when_it_is_back(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    docked = live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    Keeper(live.station).run()
    for bag in bags(live.backup):
        subprocess.run(["chattr", "-R", "-i", bag], check=True, capture_output=True)
    away = live.backup.with_name("away")
    live.backup.rename(away)
    live.docking(docked.docking_id)
    away.rename(live.backup)
    assert "bags-not-kept" in live.docking(docked.docking_id).view["remarks"]


def test_a_bag_written_later_is_looked_at_although_all_bags_were_immutable_before(
    live: LiveStation, service: Helper, tmp_path: Path
) -> None:
    card = make_card(tmp_path / "card", {"a.mp4": b"one", "a.xml": b"<record/>"})
    docked = live.dock(card)
    Keeper(live.station).run()
    assert live.docking(docked.docking_id).view["safe_to_take_away"] == "yes"
    make_card(card, {"a.xml": b"<newer/>"})
    live.dock(card)
    assert "bags-not-kept" in live.docking(docked.docking_id).view["remarks"], "a supplement of its clip"
