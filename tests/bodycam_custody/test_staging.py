"""Leftovers are swept, and nothing that somebody still writes."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.store import CANARY_PREFIX, Store
from bodycam_custody.staging import staging_area, sweep_staging
from tests.bodycam_custody.stations import LiveStation


@pytest.fixture
def store(live: LiveStation) -> Store:
    return live.station.stores.present()[0]


@contextmanager
def held_by_another_process(lock: Path) -> Iterator[None]:
    """Hold `lock` as a card worker does, in a process of its own that outlives whoever started the copy."""
    code = (
        "import fcntl,os,sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_SH); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield


def test_a_staging_area_is_gone_afterwards(store: Store) -> None:
    with staging_area([store], "docking-1") as (lock,):
        (store.staging / "docking-1" / "half.mp4").write_bytes(b"half")
        assert lock == store.staging / "docking-1.lock"
    assert list(store.staging.iterdir()) == []


def test_what_nobody_holds_is_swept(store: Store) -> None:
    (store.staging / "docking-1" / "0" / "data").mkdir(parents=True)
    (store.staging / "docking-1" / "0" / "data" / "main.mp4").write_bytes(b"half")
    (store.staging / "docking-1.lock").touch()
    (store.staging / "docking-2.lock").touch()  # a crash before its folder was made
    assert sweep_staging(store) == ["docking-1", "docking-2"]
    assert list(store.staging.iterdir()) == []


def test_a_folder_whose_lock_a_power_cut_took_is_swept(store: Store) -> None:
    (store.staging / "docking-1" / "0").mkdir(parents=True)
    (store.staging / "docking-1" / "0" / "half.mp4").write_bytes(b"half")
    (store.staging / "note").write_bytes(b"not ours, and no folder")
    assert sweep_staging(store) == ["docking-1"]
    assert [path.name for path in store.staging.iterdir()] == ["note"]


def test_a_link_in_staging_is_never_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"kept")
    (store.staging / "link").symlink_to(tmp_path)
    assert sweep_staging(store) == []
    assert (tmp_path / "kept").read_bytes() == b"kept"


def test_a_living_workers_staging_survives_until_it_dies(store: Store) -> None:
    folder = store.staging / "docking-1"
    folder.mkdir()
    (folder / "half.mp4").write_bytes(b"half")
    lock = store.staging / "docking-1.lock"
    lock.touch()
    with held_by_another_process(lock):
        assert sweep_staging(store) == []
        assert (folder / "half.mp4").read_bytes() == b"half"
    assert sweep_staging(store) == ["docking-1"]


def test_one_docking_that_ends_leaves_another_ones_staging_alone(store: Store) -> None:
    with staging_area([store], "long"):
        (store.staging / "long" / "half.mp4").write_bytes(b"half")
        with staging_area([store], "short"):
            pass
        assert (store.staging / "long" / "half.mp4").read_bytes() == b"half"


def test_a_docking_that_begins_while_another_sweeps_has_its_lock(store: Store) -> None:
    """The lock file must be the one that the area holds, or the next sweep takes the copies away."""
    done = threading.Event()

    def sweep() -> None:
        while not done.is_set():
            sweep_staging(store)

    def begin(number: int) -> None:
        for attempt in range(100):
            with staging_area([store], f"docking-{number}-{attempt}") as (lock,):
                descriptor = os.open(lock, os.O_RDWR)
                assert (store.staging / f"docking-{number}-{attempt}").is_dir()
                try:
                    with pytest.raises(BlockingIOError):
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                finally:
                    os.close(descriptor)

    with ThreadPoolExecutor(3) as pool:
        sweeper = pool.submit(sweep)
        try:
            for begun in [pool.submit(begin, number) for number in range(2)]:
                begun.result()
        finally:
            done.set()
        sweeper.result()


def test_a_store_that_cannot_be_read_is_not_swept_and_stops_nobody(store: Store) -> None:
    (store.staging / "docking-1.lock").mkdir()  # opening it for writing fails, even for root
    assert sweep_staging(store) == []


def test_a_canary_whose_writer_was_killed_is_swept(store: Store) -> None:
    (store.staging / f"{CANARY_PREFIX}4711").write_bytes(b"canary")
    assert sweep_staging(store) == []
    assert list(store.staging.iterdir()) == []
