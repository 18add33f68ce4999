"""Everything the station has sealed becomes immutable, in every store that is there."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.keeping import is_kept
from bodycam_custody.keeping import KEEP_SOCKET, Keeper
from tests.archive.keep_service import Helper
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
