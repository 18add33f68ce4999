"""R41: a store is used only when it is there, is ours and takes writes."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import pytest

from archive.errors import (
    StoreFolderTakenError,
    StoreForeignError,
    StoreFullError,
    StoreMarkerBadError,
    StoreMissingError,
    StoreNotMountedError,
    StoreReadOnlyError,
    StoreUnmarkedError,
)
from archive.store import BALLAST_NAME, Store, StoreId, StoreLocation, StoreRole, create_store, open_store
from tests.archive.loop_filesystem import small_ext4
from tests.archive.power_cut import cut_power, make_disk, power_on
from tests.archive.station import CREATED_AT, ORIGIN, Station

STATION = Station()
SMALL_BALLAST_BYTES = 64 * 1024


def location_at(path: Path, store_id: str = "primary", role: StoreRole = StoreRole.PRIMARY) -> StoreLocation:
    return StoreLocation(store_id=StoreId(store_id), path=path, role=role)


def create_at(path: Path, store_id: str = "primary") -> Store:
    return create_store(
        location_at(path, store_id),
        origin=ORIGIN,
        created_at=CREATED_AT,
        sign=STATION.sign,
        ballast_bytes=SMALL_BALLAST_BYTES,
    )


def open_at(path: Path, store_id: str = "primary", role: StoreRole = StoreRole.PRIMARY, origin: str = ORIGIN) -> Store:
    return open_store(location_at(path, store_id, role), origin=origin, verify=STATION.verify)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted disk of 4 MiB."""
    with small_ext4(tmp_path / "disk.img") as mount:
        yield mount


def test_a_new_store_is_laid_out_and_opens(tmp_path: Path) -> None:
    created = create_at(tmp_path / "store")
    opened = open_at(tmp_path / "store")
    assert opened == created
    assert opened.marker.created_at == CREATED_AT
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [
        ".ballast",
        ".quarantine",
        ".staging",
        "README.txt",
        "clips",
        "custody-store.json",
        "custody-store.json.sig",
        "ledger",
        "tombstones",
    ]


def test_nothing_in_a_store_is_open_to_others(tmp_path: Path) -> None:
    # R9
    old = os.umask(0)
    try:
        create_at(tmp_path / "store")
    finally:
        os.umask(old)
    modes = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / "store").iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o440} == {
        "README.txt",
        "custody-store.json",
        "custody-store.json.sig",
    }
    assert modes.pop(".ballast") == 0o600
    assert set(modes.values()) == {0o440, 0o750}
    assert (tmp_path / "store").stat().st_mode & 0o7777 == 0o750


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    # R9: the root of a new file system is 0755
    (tmp_path / "store").mkdir()
    (tmp_path / "store").chmod(0o755)
    create_at(tmp_path / "store")
    assert (tmp_path / "store").stat().st_mode & 0o7777 == 0o750


def test_a_store_that_was_reported_as_made_survives_a_power_cut(tmp_path: Path) -> None:
    image = make_disk(tmp_path / "disk.img")
    with power_on(image) as disk:
        create_at(disk)
        folder = os.open(disk, os.O_RDONLY)
        cut_power(folder)
        os.close(folder)
    with power_on(image) as disk:
        store = open_at(disk)
        store.check_writable()
        assert (disk / "README.txt").stat().st_size > 1000


def test_the_readme_names_the_three_checks_in_both_languages(tmp_path: Path) -> None:
    create_at(tmp_path / "store")
    text = (tmp_path / "store/README.txt").read_text(encoding="utf-8")
    english, chinese = text.split("本磁盘", 1)
    for half in (english, chinese):
        assert "ssh-keygen -Y verify -f ALLOWED_SIGNERS -I station -n custody-bag" in half
        assert "-s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt" in half
        assert "sha256sum --check --strict tagmanifest-sha256.txt" in half
        assert "sha256sum --check --strict manifest-sha256.txt" in half


def test_an_interrupted_creation_is_done_again(tmp_path: Path) -> None:
    create_at(tmp_path / "store")
    (tmp_path / "store/custody-store.json").unlink()
    (tmp_path / "store/.custody-store.json.123.new").write_bytes(b"half")
    create_at(tmp_path / "store")
    open_at(tmp_path / "store")


@pytest.mark.parametrize("taken", ["holiday.jpg", "custody-store.json", "clips/2026"])
def test_a_store_is_never_laid_over_anything(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).parent.mkdir(exist_ok=True)
    (tmp_path / taken).write_bytes(b"bytes")
    with pytest.raises(StoreFolderTakenError) as caught:
        create_at(tmp_path)
    assert str(caught.value) == (
        f"Store primary: a new store needs an empty folder, but {tmp_path} already holds {Path(taken).parts[0]}. "
        "Choose an empty folder; nothing was changed."
    )
    assert (tmp_path / taken).read_bytes() == b"bytes"
    assert not (tmp_path / "README.txt").exists()


def test_a_missing_folder_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError) as caught:
        open_at(tmp_path / "gone")
    assert str(caught.value) == (
        f"Store primary: expected the folder {tmp_path}/gone, found nothing there. "
        "Mount the disk or correct the configured path."
    )


def test_a_file_where_the_folder_should_be_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"bytes")
    with pytest.raises(StoreMissingError):
        open_at(tmp_path / "file")


def test_an_unmounted_store_is_refused_although_its_folder_is_there(tmp_path: Path) -> None:
    # R41
    with small_ext4(tmp_path / "disk.img") as disk:
        store = create_at(disk)
    with pytest.raises(StoreNotMountedError) as caught:
        open_at(disk)
    assert f"Store primary: the folder {disk} is there, but no store is mounted on it: it lies on " in str(caught.value)
    assert str(caught.value).endswith("Mount the store's disk; nothing was written.")
    with pytest.raises(StoreNotMountedError):
        store.check_writable()
    assert list(disk.iterdir()) == []


def test_another_disk_without_a_marker_is_refused(tmp_path: Path, disk: Path) -> None:
    # R41
    with pytest.raises(StoreUnmarkedError) as caught:
        open_at(disk)
    assert isinstance(caught.value, StoreForeignError)
    assert f"is mounted at {disk}, but has no custody-store.json, so it is not one of our stores." in str(caught.value)


def test_a_copy_of_a_store_on_another_file_system_is_refused(tmp_path: Path, disk: Path) -> None:
    # R41
    create_at(disk)
    shutil.copytree(disk, tmp_path / "copy", ignore=shutil.ignore_patterns("lost+found"))
    with pytest.raises(StoreForeignError) as caught:
        open_at(tmp_path / "copy")
    assert f"Store primary at {tmp_path}/copy: expected filesystem ext4 " in str(caught.value)
    assert str(caught.value).endswith("Another disk or a copy may be mounted there; nothing was written.")


def test_a_store_is_known_again_when_it_is_mounted_elsewhere(tmp_path: Path) -> None:
    with ExitStack() as stack:
        disk = stack.enter_context(small_ext4(tmp_path / "disk.img"))
        create_at(disk)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        subprocess.run(["mount", "--bind", str(disk), str(elsewhere)], check=True)
        stack.callback(subprocess.run, ["umount", "--lazy", str(elsewhere)], check=True)
        open_at(elsewhere).check_writable()


def test_the_store_of_another_id_role_or_station_is_refused(tmp_path: Path) -> None:
    create_at(tmp_path)
    with pytest.raises(StoreForeignError, match=r"Store backup at .*: expected store_id backup, found primary"):
        open_at(tmp_path, store_id="backup")
    with pytest.raises(StoreForeignError, match="expected role replica, found primary"):
        open_at(tmp_path, role=StoreRole.REPLICA)
    with pytest.raises(StoreForeignError, match=r"expected origin a/b/2, found cg\.example\.gov\.cn/station-1/1"):
        open_at(tmp_path, origin="a/b/2")


@pytest.mark.parametrize("name", ["custody-store.json", "custody-store.json.sig"])
def test_no_byte_of_marker_or_signature_can_be_changed(tmp_path: Path, name: str) -> None:
    create_at(tmp_path)
    path = tmp_path / name
    good = path.read_bytes()
    path.chmod(0o640)
    for position in range(len(good)):
        path.write_bytes(good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :])
        with pytest.raises(StoreMarkerBadError, match="is not as the station signed it"):
            open_at(tmp_path)
    for changed in (good + b"\n", good[:-1], b""):
        path.write_bytes(changed)
        with pytest.raises(StoreMarkerBadError):
            open_at(tmp_path)
    path.write_bytes(good)
    open_at(tmp_path)


def test_a_marker_with_a_signature_over_something_else_is_refused(tmp_path: Path) -> None:
    create_store(
        location_at(tmp_path), origin=ORIGIN, created_at=CREATED_AT, sign=lambda marker: STATION.sign(marker + b" ")
    )
    with pytest.raises(StoreMarkerBadError) as caught:
        open_at(tmp_path)
    assert str(caught.value).startswith(
        f"Store primary: {tmp_path}/custody-store.json is not as the station signed it ("
    )
    assert str(caught.value).endswith("Do not use this disk before somebody has found out why; nothing was written.")


def test_a_marker_without_its_signature_is_refused(tmp_path: Path) -> None:
    create_at(tmp_path)
    (tmp_path / "custody-store.json.sig").unlink()
    with pytest.raises(StoreMarkerBadError, match=r"custody-store\.json\.sig .*No such file or directory"):
        open_at(tmp_path)


def test_a_marker_that_is_a_link_or_too_long_is_refused(tmp_path: Path) -> None:
    create_at(tmp_path)
    marker = tmp_path / "custody-store.json"
    marker.rename(tmp_path / "moved")
    marker.symlink_to(tmp_path / "moved")
    with pytest.raises(StoreMarkerBadError, match="Too many levels of symbolic links"):
        open_at(tmp_path)
    marker.unlink()
    marker.write_bytes(bytes(17 * 1024))
    with pytest.raises(StoreMarkerBadError, match="File too large"):
        open_at(tmp_path)


def open_as_nobody(path: Path) -> str:
    """Return what a program without rights is told."""
    program = (
        "import os, sys; from pathlib import Path; from tests.archive.test_store import open_at\n"
        "os.setgid(65534); os.setgroups([]); os.setuid(65534)\n"
        "try: open_at(Path(sys.argv[1]))\n"
        "except Exception as err: print(type(err).__name__, err)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    return done.stdout.strip()


def test_a_store_that_may_not_be_read_is_not_called_foreign(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to try without rights")
    create_at(tmp_path)
    assert open_as_nobody(tmp_path) == (
        f"StoreUnreadableError Store primary: {tmp_path}/custody-store.json cannot be read (Permission denied). "
        "Run this as the station's own user, or check the disk."
    )


def test_a_fifo_in_place_of_the_marker_does_not_block(tmp_path: Path) -> None:
    create_at(tmp_path)
    (tmp_path / "custody-store.json").unlink()
    os.mkfifo(tmp_path / "custody-store.json")
    with pytest.raises(StoreMarkerBadError):
        open_at(tmp_path)


def test_a_marker_that_changes_while_the_store_is_open_is_noticed(tmp_path: Path) -> None:
    store = create_at(tmp_path)
    marker = tmp_path / "custody-store.json"
    marker.chmod(0o640)
    marker.write_bytes(marker.read_bytes().replace(b"primary", b"another"))
    with pytest.raises(StoreMarkerBadError, match="changed since the store was opened"):
        store.check_writable()


def test_a_writable_store_passes_and_keeps_no_canary(disk: Path) -> None:
    store = create_at(disk)
    store.check_writable()
    assert list(store.staging.iterdir()) == []
    assert 0 < store.free_bytes() < store.total_bytes() <= 4 * 1024 * 1024


def test_a_canary_left_by_a_crash_is_no_obstacle(tmp_path: Path) -> None:
    store = create_at(tmp_path)
    (store.staging / f".canary-{threading.get_native_id()}").write_bytes(b"left")
    store.check_writable()
    assert list(store.staging.iterdir()) == []


def test_a_read_only_store_opens_but_takes_no_writes(disk: Path) -> None:
    create_at(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    store = open_at(disk)
    with pytest.raises(StoreReadOnlyError) as caught:
        store.check_writable()
    assert "the file system is read-only; the kernel does that after disk errors." in str(caught.value)


def test_a_full_store_is_noticed_and_its_ballast_makes_room(disk: Path) -> None:
    store = create_at(disk)
    fill(store.path / "filler")
    with pytest.raises(StoreFullError) as caught:
        store.check_writable()
    assert "the disk is full. Nothing was lost: the recordings stay on their card." in str(caught.value)
    assert list(store.staging.iterdir()) == []
    assert store.release_ballast()
    store.check_writable()
    assert not store.release_ballast()


def test_ballast_that_does_not_fit_leaves_nothing_behind(disk: Path) -> None:
    store = create_at(disk)
    store.release_ballast()
    with pytest.raises(StoreFullError):
        store.restore_ballast(16 * 1024 * 1024)
    assert not (disk / BALLAST_NAME).exists()
    store.restore_ballast(SMALL_BALLAST_BYTES)
    assert (disk / BALLAST_NAME).stat().st_size == SMALL_BALLAST_BYTES
    store.check_writable()


def fill(path: Path) -> None:
    """Write to `path` until not one more block fits."""
    with path.open("ab", buffering=0) as filler:
        for step_bytes in (64 * 1024, 1024):
            while fits(filler, bytes(step_bytes)):
                pass


def fits(file: FileIO, data: bytes) -> bool:
    try:
        file.write(data)
    except OSError as err:
        if err.errno != errno.ENOSPC:
            raise
        return False
    return True
