import contextlib
import logging
import queue
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.events import DirModifiedEvent, FileClosedNoWriteEvent, FileCreatedEvent, FileOpenedEvent

from docking.errors import SlipFolderMissingError
from docking.slips import write_slip
from docking.watch import SlipWatcher, _Wake
from tests.docking.conftest import open_descriptors
from tests.docking.test_slips import SLIP

# Longer than any test may take: what is announced then came through inotify, not through a rescan.
NEVER_S = 3600.0
SOON_S = 0.02
PATIENCE_S = 10.0


class Dock:
    """A slip folder under watch, and what was announced of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.announced: queue.Queue[tuple[str, str]] = queue.Queue()
        self._watcher: SlipWatcher | None = None

    def watch(self, rescan_s: float = NEVER_S) -> SlipWatcher:
        self._watcher = SlipWatcher(
            self.folder,
            lambda path: self.announced.put(("seen", path.name)),
            lambda path: self.announced.put(("gone", path.name)),
            rescan_s,
        )
        self._watcher.start()
        return self._watcher

    def next(self) -> tuple[str, str]:
        return self.announced.get(timeout=PATIENCE_S)

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    folder = tmp_path / "docked"
    folder.mkdir()
    dock = Dock(folder)
    yield dock
    dock.stop()


def _inotify_watches() -> set[int]:
    """Return the inodes this process watches, as the kernel tells (proc_pid_fdinfo(5))."""
    watches: set[int] = set()
    for info in Path("/proc/self/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the descriptor of this listing itself
            watches.update(
                int(inode, 16) for inode in re.findall(r"^inotify .*\bino:([0-9a-f]+)", info.read_text(), re.M)
            )
    return watches


def test_a_slip_that_is_there_at_the_start_is_announced(dock: Dock) -> None:
    write_slip(dock.folder, "a", SLIP)
    dock.watch()
    assert dock.next() == ("seen", "a.json")


def test_slips_that_come_and_go_are_announced_at_once(dock: Dock) -> None:
    write_slip(dock.folder, "a", SLIP)
    dock.watch()
    assert dock.next() == ("seen", "a.json")
    write_slip(dock.folder, "b", SLIP)
    assert dock.next() == ("seen", "b.json")
    (dock.folder / "a.json").unlink()
    assert dock.next() == ("gone", "a.json")


def test_each_slip_is_announced_once_however_often_the_folder_is_scanned(dock: Dock) -> None:
    write_slip(dock.folder, "a", SLIP)
    dock.watch(rescan_s=0.001)
    assert dock.next() == ("seen", "a.json")
    for number in range(5):
        write_slip(dock.folder, f"b{number}", SLIP)
        assert dock.next() == ("seen", f"b{number}.json")
    dock.stop()
    assert dock.announced.empty()


def test_a_replaced_slip_is_gone_and_seen_again(dock: Dock) -> None:
    write_slip(dock.folder, "a", SLIP)
    dock.watch()
    assert dock.next() == ("seen", "a.json")
    write_slip(dock.folder, "a", SLIP)
    assert [dock.next(), dock.next()] == [("gone", "a.json"), ("seen", "a.json")]


def test_only_slips_are_announced(dock: Dock) -> None:
    (dock.folder / ".hidden.json").touch()
    (dock.folder / "notes.txt").touch()
    (dock.folder / "folder.json").mkdir()
    write_slip(dock.folder, "a", SLIP)
    dock.watch()
    assert dock.next() == ("seen", "a.json")
    dock.stop()
    assert dock.announced.empty()


def test_a_missing_folder_is_a_clear_error_and_a_later_start_works(tmp_path: Path) -> None:
    dock = Dock(tmp_path / "docked")
    with pytest.raises(SlipFolderMissingError) as caught:
        dock.watch()
    assert str(caught.value) == (
        f"{tmp_path}/docked: expected the folder of dock slips, found nothing. Create it (systemd does so through "
        "tmpfiles) or correct paths.slips."
    )
    dock.folder.mkdir()
    write_slip(dock.folder, "a", SLIP)
    dock.watch()
    assert dock.next() == ("seen", "a.json")
    dock.stop()


def test_a_file_in_place_of_the_folder_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "docked").touch()
    with pytest.raises(SlipFolderMissingError, match="found something else"):
        Dock(tmp_path / "docked").watch()


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(dock: Dock) -> None:
    write_slip(dock.folder, "a", SLIP)
    dock.watch(rescan_s=SOON_S)
    assert dock.next() == ("seen", "a.json")
    shutil.rmtree(dock.folder)
    assert dock.next() == ("gone", "a.json")
    dock.folder.mkdir()
    write_slip(dock.folder, "b", SLIP)
    assert dock.next() == ("seen", "b.json")


def test_a_folder_replaced_in_one_step_is_noticed(dock: Dock) -> None:
    """The old watch stays alive and deaf: only the folder's identity tells."""
    write_slip(dock.folder, "a", SLIP)
    dock.watch(rescan_s=SOON_S)
    assert dock.next() == ("seen", "a.json")
    other = dock.folder.with_name("other")
    other.mkdir()
    write_slip(other, "b", SLIP)
    dock.folder.rename(dock.folder.with_name("old"))
    other.rename(dock.folder)
    # Between the two renames there is no folder: a scan just then announces the same two, one scan apart.
    assert [dock.next(), dock.next()] == [("gone", "a.json"), ("seen", "b.json")]
    # The slip may be listed one rescan before the watch moves over.
    deadline = time.monotonic() + PATIENCE_S
    while _inotify_watches() != {dock.folder.stat().st_ino}:
        assert time.monotonic() < deadline


def test_without_inotify_the_rescan_still_finds_slips(
    dock: Dock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_watches_left(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("docking.watch.Observer.start", no_watches_left)
    with caplog.at_level(logging.WARNING, logger="docking.watch"):
        dock.watch(rescan_s=SOON_S)
        write_slip(dock.folder, "a", SLIP)
        assert dock.next() == ("seen", "a.json")
        write_slip(dock.folder, "b", SLIP)
        assert dock.next() == ("seen", "b.json")
    ours = [record.getMessage() for record in caplog.records if record.name == "docking.watch"]
    assert ours == [f"slip folder is only rescanned folder={dock.folder} reason=[Errno 28] inotify watch limit reached"]


def test_a_callback_that_fails_does_not_make_the_watcher_deaf(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen = threading.Semaphore(0)

    def fail(path: Path) -> None:
        seen.release()
        raise RuntimeError(path.name)

    watcher = SlipWatcher(tmp_path, fail, fail, NEVER_S)
    watcher.start()
    for name in ("a", "b"):
        write_slip(tmp_path, name, SLIP)
        assert seen.acquire(timeout=PATIENCE_S)
    watcher.stop()
    # watchdog may log its own end as an error when it is stopped while an event arrives.
    ours = [record.getMessage() for record in caplog.records if record.name == "docking.watch"]
    assert ours == [f"announcing a slip failed slip={tmp_path}/{name}.json" for name in ("a", "b")]


def test_the_watchers_own_listing_does_not_wake_it() -> None:
    """Opening and closing the folder are events too; taking them for changes would spin for ever."""
    look = threading.Event()
    wake = _Wake(look)
    for event in (FileOpenedEvent("/docked"), FileClosedNoWriteEvent("/docked")):
        wake.dispatch(event)
    assert not look.is_set()
    for change in (FileCreatedEvent("/docked/a.json"), DirModifiedEvent("/docked")):
        look.clear()
        wake.dispatch(change)
        assert look.is_set()


def test_nothing_is_announced_after_stop_and_stopping_twice_is_harmless(dock: Dock) -> None:
    watcher = dock.watch(rescan_s=0.001)
    watcher.stop()
    watcher.stop()
    write_slip(dock.folder, "a", SLIP)
    assert dock.announced.empty()
    assert not [thread for thread in threading.enumerate() if thread.name == "slip-watcher"]


def test_a_stopped_watcher_can_start_again_and_announces_anew(dock: Dock) -> None:
    write_slip(dock.folder, "a", SLIP)
    watcher = dock.watch()
    assert dock.next() == ("seen", "a.json")
    watcher.stop()
    watcher.start()
    assert dock.next() == ("seen", "a.json")


def test_starting_twice_and_a_senseless_interval_are_misuse(dock: Dock) -> None:
    watcher = dock.watch()
    with pytest.raises(RuntimeError, match="runs already"):
        watcher.start()
    with pytest.raises(ValueError, match="above zero"):
        SlipWatcher(dock.folder, print, print, 0)


def test_watching_leaks_no_descriptor(dock: Dock) -> None:
    dock.watch().stop()
    before = open_descriptors()
    dock.watch().stop()
    assert open_descriptors() == before
