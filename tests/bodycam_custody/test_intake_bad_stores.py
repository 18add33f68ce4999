"""Stores that are full, read-only or gone: the primary stops a docking, a replica does not, and nothing is lost."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bodycam_custody.copying.card_reader import AHEAD_PER_THREAD
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.reconcile import reconcile
from bodycam_custody.replication import replicate_lacking
from bodycam_custody.views import SAFE_STATES, store_views
from tests.archive.loop_filesystem import small_ext4
from tests.bodycam_custody.odd_card import ROTTEN, odd_card
from tests.bodycam_custody.stations import Docking, LiveStation, live_station, make_card

DISK_BYTES = 24 * 1024 * 1024
FILES = {f"{name}.mp4": name.encode() * 300_000 for name in "abcdef"}
NOTHING_PULLED = "the primary store cannot be written, so nothing is pulled and the card stays as it is"
# More files than are handed to a worker ahead, so that some are asked for after the disk was pulled.
MANY = {f"{number:03d}.mp4": b"%d" % number * 100 for number in range(AHEAD_PER_THREAD + 10)}


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A small ext4 of its own with one of the stores on it."""

    mount: Path
    image: Path

    def fill(self, *, leave_bytes: int) -> None:
        """Use the disk up but for `leave_bytes`, by a file of nobody's."""
        filler = self.mount / "filler"
        with filler.open("wb", buffering=0) as file:
            for block_bytes in (64 * 1024, 1024):
                with contextlib.suppress(OSError):
                    while file.write(bytes(block_bytes)):
                        pass
        size = filler.stat().st_size
        with filler.open("r+b") as file:
            file.truncate(max(0, size - leave_bytes))

    def make_room(self) -> None:
        (self.mount / "filler").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.mount)], check=True)

    def pull(self) -> None:
        """Unmount it whatever is open, as after a cable was drawn."""
        subprocess.run(["umount", "--lazy", str(self.mount)], check=True)

    def plug_in(self) -> None:
        subprocess.run(["mount", "-o", "loop", str(self.image), str(self.mount)], check=True)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A station with one store on a disk that can fail, and a card to dock."""

    live: LiveStation
    disk: Disk
    card: Path


@contextlib.contextmanager
def desk_with(tmp_path: Path, quick_path: Path, failing: str) -> Iterator[Desk]:
    image = tmp_path / "disk"
    with small_ext4(image, size_bytes=DISK_BYTES) as mount:
        sound = quick_path / "sound"
        stores = {"primary": mount, "backup": sound} if failing == "primary" else {"primary": sound, "backup": mount}
        with live_station(quick_path / "station", {"docking.workers_per_card": 1}, stores=stores) as live:
            card = make_card(quick_path / "card", FILES)
            yield Desk(live=live, disk=Disk(mount=mount, image=image), card=card)


@pytest.fixture
def failing_primary(tmp_path: Path, quick_path: Path) -> Iterator[Desk]:
    with desk_with(tmp_path, quick_path, "primary") as desk:
        yield desk


@pytest.fixture
def failing_replica(tmp_path: Path, quick_path: Path) -> Iterator[Desk]:
    with desk_with(tmp_path, quick_path, "replica") as desk:
        yield desk


def require_all_goes_in(live: LiveStation, card: Path) -> None:
    """Dock the card again and find all of it kept twice."""
    docking = live.dock(card)
    assert docking.texts == []
    assert docking.counts["sealed"] + docking.counts["known"] == len(FILES)
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    assert {clip["source_path"] for clip in live.clips()} == set(FILES)
    live.require_everything_verifies()


def require_kept_once(live: LiveStation, docking: Docking) -> None:
    """Find everything sealed on the primary, and nobody told that it is safe."""
    assert docking.counts == {"found": 6, "sealed": 6, "known": 0, "failed": 0, "unexplained": 0}
    assert "sealed" in {clip["state"] for clip in live.clips()}
    assert docking.view["safe_to_take_away"] == "no"


def require_made_safe_later(live: LiveStation) -> None:
    """Let the station do what it does every quarter of an hour, and find all of it kept twice."""
    reconcile(live.station)
    replicate_lacking(live.station)
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()


def test_a_primary_that_is_full_stops_the_docking_before_the_card_is_read(failing_primary: Desk) -> None:
    live, disk = failing_primary.live, failing_primary.disk
    disk.fill(leave_bytes=0)
    docking = live.dock(failing_primary.card)
    (text,) = docking.texts
    assert text.startswith(NOTHING_PULLED)
    assert f"{disk.mount}/." in text
    assert text.endswith(
        ": the disk is full. Nothing was lost: the recordings stay on their card. Make room or add a larger disk."
    )
    assert (docking.phase, docking.counts["found"], docking.view["safe_to_take_away"]) == ("failed", 0, "no")
    # What room there was went to the ledger, whose last entries say why nothing was taken in.
    assert live.station.record.unpublished == {}
    disk.make_room()
    require_all_goes_in(live, failing_primary.card)


def test_a_primary_that_fills_up_ends_the_docking_and_keeps_what_was_sealed(failing_primary: Desk) -> None:
    live, disk = failing_primary.live, failing_primary.disk
    disk.fill(leave_bytes=1_000_000)
    docking = live.dock(failing_primary.card)
    assert docking.texts[-1].startswith(NOTHING_PULLED)
    assert "the disk is full" in docking.texts[-1]
    assert (docking.phase, docking.view["safe_to_take_away"]) == ("failed", "no")
    assert docking.counts["sealed"] + docking.counts["unexplained"] == 6
    assert docking.counts["failed"] == 0
    disk.make_room()
    reconcile(live.station)
    require_all_goes_in(live, failing_primary.card)


def test_a_replica_that_fills_up_does_not_stop_the_docking(failing_replica: Desk) -> None:
    live, disk = failing_replica.live, failing_replica.disk
    disk.fill(leave_bytes=1_000_000)
    docking = live.dock(failing_replica.card)
    assert [text.partition(": ")[2] for text in docking.texts] == [
        "the disk is full. Nothing was lost: the recordings stay on their card. Make room or add a larger disk."
    ]
    require_kept_once(live, docking)
    disk.make_room()
    require_made_safe_later(live)


def test_a_read_only_primary_stops_the_docking(failing_primary: Desk) -> None:
    live, disk = failing_primary.live, failing_primary.disk
    disk.remount("ro")
    docking = live.dock(failing_primary.card)
    (text,) = docking.texts
    assert text.startswith(NOTHING_PULLED)
    assert "the file system is read-only; the kernel does that after disk errors." in text
    assert docking.phase == "failed"
    disk.remount("rw")
    require_all_goes_in(live, failing_primary.card)


def test_a_read_only_replica_is_left_out_and_caught_up(failing_replica: Desk) -> None:
    live, disk = failing_replica.live, failing_replica.disk
    disk.remount("ro")
    docking = live.dock(failing_replica.card)
    (text,) = docking.texts
    assert text.startswith(f"{disk.mount}")
    assert "the file system is read-only; the kernel does that after disk errors." in text
    require_kept_once(live, docking)
    disk.remount("rw")
    require_made_safe_later(live)


def test_an_unmounted_primary_is_refused_and_the_root_disk_stays_empty(failing_primary: Desk) -> None:
    # R41
    live, disk = failing_primary.live, failing_primary.disk
    disk.pull()
    docking = live.dock(failing_primary.card)
    (text,) = docking.texts
    assert text.startswith(NOTHING_PULLED)
    assert f"Store primary: the folder {disk.mount} is there, but no store is mounted on it: it lies on " in text
    assert text.endswith("Mount the store's disk; nothing was written.")
    assert list(disk.mount.iterdir()) == []
    (view, _) = store_views(live.station)
    assert view["state"] == "store-not-mounted"
    disk.plug_in()
    require_all_goes_in(live, failing_primary.card)


def test_an_unmounted_replica_is_left_out_and_the_root_disk_stays_empty(failing_replica: Desk) -> None:
    # R41, R43
    live, disk = failing_replica.live, failing_replica.disk
    disk.pull()
    docking = live.dock(failing_replica.card)
    (text,) = docking.texts
    assert text.startswith(f"Store backup: the folder {disk.mount} is there, but no store is mounted on it: ")
    assert list(disk.mount.iterdir()) == []
    require_kept_once(live, docking)
    disk.plug_in()
    require_made_safe_later(live)


class ActsOnce(Progress):
    """Does something when the first bytes of the card are counted: in the middle of a docking."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self._act: Callable[[], None] | None = act

    def add_bytes(self, count: int) -> None:
        super().add_bytes(count)
        if count and self._act is not None:
            act, self._act = self._act, None
            act()


def test_a_replica_pulled_while_the_card_is_read_does_not_stop_the_docking(failing_replica: Desk) -> None:
    # R41, R43
    live, disk = failing_replica.live, failing_replica.disk
    many = make_card(failing_replica.card.with_name("many"), MANY)
    docking = live.take_in(live.arrival(many), ActsOnce(disk.pull))
    assert docking.phase == "interpreting", docking.texts
    assert docking.counts == {"found": len(MANY), "sealed": len(MANY), "known": 0, "failed": 0, "unexplained": 0}
    assert docking.view["safe_to_take_away"] == "no"
    assert [path for path in disk.mount.rglob("*") if path.is_file()] == []
    assert len(docking.texts) == 1
    disk.plug_in()
    require_made_safe_later(live)


def test_a_primary_pulled_while_the_card_is_read_stops_the_docking(failing_primary: Desk) -> None:
    # R41
    live, disk = failing_primary.live, failing_primary.disk
    many = make_card(failing_primary.card.with_name("many"), MANY)
    docking = live.take_in(live.arrival(many), ActsOnce(disk.pull))
    assert (docking.phase, docking.counts["failed"]) == ("failed", 0)
    assert [path for path in disk.mount.rglob("*") if path.is_file()] == []
    disk.plug_in()
    live.reopen()
    reconcile(live.station)
    docking = live.dock(many)
    assert docking.texts == []
    assert docking.counts["sealed"] + docking.counts["known"] == len(MANY)
    live.require_everything_verifies()


def test_a_store_with_a_strange_name_that_is_full_ends_the_docking_too(tmp_path: Path, quick_path: Path) -> None:
    with small_ext4(tmp_path / "d\u202eisk\\", size_bytes=DISK_BYTES) as mount:
        disk = Disk(mount=mount, image=tmp_path / "d\u202eisk\\")
        with live_station(quick_path / "station", stores={"primary": mount, "backup": quick_path / "b"}) as live:
            disk.fill(leave_bytes=1_000_000)
            docking = live.dock(make_card(quick_path / "card", FILES))
            assert docking.phase == "failed"
            assert "the disk is full" in docking.texts[-1]


def rotten_store(quick_path: Path, failing: str) -> contextlib.AbstractContextManager[LiveStation]:
    """Yield a station one of whose stores gives `main.mp4` back with another first byte."""

    @contextlib.contextmanager
    def opened() -> Iterator[LiveStation]:
        (quick_path / "disk").mkdir()
        with odd_card(quick_path / "disk", ROTTEN, "main.mp4") as disk:
            stores = {"primary": quick_path / "sound", "backup": disk}
            if failing == "primary":
                stores = {"primary": disk, "backup": quick_path / "sound"}
            with live_station(quick_path / "station", stores=stores) as live:
                yield live

    return opened()


def test_a_replica_that_gives_other_bytes_back_is_left_out(quick_path: Path) -> None:
    # R43: a bad copy is not counted, and costs no clip
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.wav": b"voices"})
    with rotten_store(quick_path, "replica") as live:
        docking = live.dock(card)
        (text,) = docking.texts
        assert text.startswith(
            f"{live.backup}/.staging/{docking.docking_id}/0/data/main.mp4: what the disk gives back "
        )
        assert docking.counts == {"found": 2, "sealed": 2, "known": 0, "failed": 0, "unexplained": 0}
        assert live.clip("a.mp4")["state"] == "sealed"
        assert [copy["store_id"] for copy in live.clip("a.mp4")["copies"]] == ["primary"]
        assert docking.view["safe_to_take_away"] == "no"


def test_a_primary_that_gives_other_bytes_back_seals_nothing_of_that_file(quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.wav": b"voices"})
    with rotten_store(quick_path, "primary") as live:
        docking = live.dock(card)
        assert docking.outcome_of("a.mp4") == "failed"
        assert docking.texts[0].startswith(
            f"{live.primary}/.staging/{docking.docking_id}/0/data/main.mp4: what the disk "
        )
        assert docking.view["safe_to_take_away"] == "no"
