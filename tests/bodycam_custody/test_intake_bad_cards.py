"""Cards that vanish, hang, change or hold strange things: a clear answer, and nothing lost."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.archive.loop_filesystem import small_ext4
from tests.bodycam_custody.odd_card import HANGS, PULLED, UNLISTED, UNREADABLE, VANISHED, odd_card
from tests.bodycam_custody.stations import SERIAL, LiveStation, live_station, make_card

SIX = {f"{name}.mp4": name.encode() * 1000 for name in "abcdef"}
ALL_SEALED = {"found": 6, "sealed": 6, "known": 0, "failed": 0, "unexplained": 0}


@pytest.fixture
def impatient(quick_path: Path) -> Iterator[LiveStation]:
    """A station that copies one file at a time and gives a silent card up after a second."""
    values = {"docking.card_silence_s": 1, "docking.workers_per_card": 1}
    with live_station(quick_path / "station", values) as live:
        yield live


def clips_of_card(live: LiveStation) -> list[dict[str, Any]]:
    return [clip for clip in live.clips() if clip["recorder_id"].endswith(SERIAL)]


def require_the_rest_goes_in(live: LiveStation, card: Path) -> None:
    """Dock `card` again, whole: what was sealed is known, the rest is sealed, and all of it is right."""
    before = len(clips_of_card(live))
    docking = live.dock(card)
    assert docking.texts == []
    assert (docking.counts["known"], docking.counts["sealed"]) == (before, docking.counts["found"] - before)
    assert docking.view["safe_to_take_away"] == "yes"
    for clip in clips_of_card(live):
        (main,) = (live.bag(clip["clip_id"]) / "data").glob("main.*")
        assert main.read_bytes() == (card / clip["source_path"]).read_bytes()
    live.require_everything_verifies()
    assert list((live.primary / ".staging").glob("*/*")) == []


def test_a_card_pulled_while_it_is_read_keeps_what_was_copied(impatient: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", SIX)
    with odd_card(card, PULLED, "c.mp4") as pulled:
        docking = impatient.dock(pulled)
        assert docking.texts[-1] == (
            f"{pulled}: the card is no longer there (No such device). Nothing may be concluded about its files: dock "
            "it again, what is already sealed stays sealed."
        )
    assert (docking.phase, docking.view["safe_to_take_away"]) == ("failed", "no")
    assert docking.counts == {"found": 6, "sealed": 2, "known": 0, "failed": 0, "unexplained": 4}
    assert [entry.facts["code"] for entry in impatient.entries("dock.closed")] == ["card-gone"]
    require_the_rest_goes_in(impatient, card)


def test_a_folder_deleted_while_it_is_read_loses_nothing_that_was_copied(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {f"{number:03d}.mp4": b"%d" % number * 5000 for number in range(400)})
    arrival = live.arrival(card)
    gone = quick_path / "gone"

    def pull() -> None:
        staging = live.primary / ".staging" / arrival.docking_id
        deadline = time.monotonic() + 20
        while not staging.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        card.rename(gone)
        for path in gone.iterdir():
            path.unlink()
        gone.rmdir()

    with ThreadPoolExecutor(1) as pool:
        pulled = pool.submit(pull)
        docking = live.take_in(arrival)
        pulled.result()
    assert docking.phase == "failed"
    assert "the card is no longer there (" in docking.texts[-1]
    counts = docking.counts
    assert counts["found"] == counts["sealed"] + counts["failed"] + counts["unexplained"]
    assert len(live.clips()) == counts["sealed"]
    live.require_everything_verifies()


def test_a_card_that_is_not_there_says_so(live: LiveStation, quick_path: Path) -> None:
    docking = live.dock(quick_path / "nowhere")
    assert docking.texts == [
        f"{quick_path}/nowhere: the card is no longer there (No such file or directory). Nothing may be concluded "
        "about its files: dock it again, what is already sealed stays sealed."
    ]
    assert (docking.phase, docking.view["safe_to_take_away"]) == ("failed", "no")


def test_a_file_with_a_bad_sector_does_not_stop_the_others(impatient: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", SIX)
    with odd_card(card, UNREADABLE, "c.mp4") as bad:
        docking = impatient.dock(bad)
    assert docking.texts == [
        "The file cannot be read from byte 0 on (Input/output error). Nothing of it is sealed; keep the card, plug it "
        "in again, and have it examined if that does not help."
    ]
    assert docking.counts == ALL_SEALED | {"sealed": 5, "failed": 1}
    assert docking.view["safe_to_take_away"] == "no"
    # The ledger knows the code and the numbers, and shows the words again when nobody remembers the error.
    problem = docking.file("c.mp4")["problem"]
    assert problem["template"].format(**problem["facts"]).startswith("The file cannot be read from byte 0 on (—).")
    require_the_rest_goes_in(impatient, card)


def test_a_read_that_hangs_is_given_up_and_holds_up_no_other_card(impatient: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", SIX)
    other = make_card(quick_path / "other", {"x.mp4": b"x"})
    with odd_card(card, HANGS, "c.mp4") as hanging, ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(impatient.dock, hanging)
        while not impatient.rows("SELECT 1 FROM clips"):
            time.sleep(0.005)
        assert impatient.dock(other, serial="2").counts["sealed"] == 1
        assert not stuck.done()
        docking = stuck.result(20)
        assert docking.texts == [
            "the card gave nothing for 1 s while c.mp4 was read; that read was given up, dock it again"
        ]
        assert (docking.phase, docking.counts) == ("failed", ALL_SEALED | {"sealed": 2, "unexplained": 4})
    impatient.dock(make_card(quick_path / "later", {}))  # sweeps what the worker held until it could die
    require_the_rest_goes_in(impatient, card)


@contextmanager
def writing_to(path: Path, data: bytes) -> Iterator[None]:
    """Append to `path` without a pause (or cut it, where `data` is empty) until the block ends."""
    done = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            while not done.is_set():
                size = file.seek(0, os.SEEK_END)
                # A busy machine may take seconds to begin reading: the cutting must not have come to its end by then,
                # and reading must take longer than the pauses the machine gives this thread.
                file.write(data) if data else file.truncate(size - 1 if size > 50_000_000 else 60_000_000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()


@pytest.mark.parametrize("data", [b"more", b""], ids=["grows", "shrinks"])
def test_a_file_that_changes_while_it_is_read_is_not_sealed_until_it_rests(
    live: LiveStation, quick_path: Path, data: bytes
) -> None:
    card = make_card(quick_path / "card", {"changing.mp4": b"frames" * 10_000_000, "quiet.mp4": b"still"})
    with writing_to(card / "changing.mp4", data):
        docking = live.dock(card)
    (text,) = docking.texts
    # Seen before the copy begins or while it is made, whichever comes first.
    assert "changed while it was read" in text or "the file was listed with" in text
    assert docking.counts == {"found": 2, "sealed": 1, "known": 0, "failed": 1, "unexplained": 0}
    assert docking.view["safe_to_take_away"] == "no"
    require_the_rest_goes_in(live, card)


def test_a_sidecar_that_changes_is_sealed_later_as_a_supplement(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<x/>" * 15_000_000})
    with writing_to(card / "a.xml", b"<x/>"):
        docking = live.dock(card)
    assert docking.counts == {"found": 2, "sealed": 1, "known": 0, "failed": 1, "unexplained": 0}
    (clip,) = live.clips()
    live.dock(card)
    (supplement,) = live.entries("supplement.sealed")
    assert supplement.clip_id == clip["clip_id"]
    live.require_everything_verifies()


# What is found on cards, and how it is shown.
STRANGE_NAMES = {
    b"new\nline.mp4": "new\\nline.mp4",
    b"\xe2\x80\xaegpj.exe": "\\u202egpj.exe",
    b"bad\xff\xfe.mp4": "bad\\xff\\xfe.mp4",
    "长".encode() * 83 + b".mp4": "长" * 83 + ".mp4",
    b"x" * 255: "x" * 255,
    b" leading and trailing ": " leading and trailing ",
    b"-rf": "-rf",
    b"e\xcc\x81.mp4": "e\u0301.mp4",
    b"\xc3\xa9.mp4": "\xe9.mp4",
    b"%0A.mp4": "%0A.mp4",
    b"a\tb\x1b[31m.mp4": "a\\tb\\x1b[31m.mp4",
    b"back\\slash.mp4": "back\\slash.mp4",
}


def test_every_name_a_card_can_hold_is_sealed_and_shown_safely(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {name: name for name in STRANGE_NAMES})
    docking = live.dock(card)
    assert docking.texts == []
    assert docking.counts["sealed"] == len(STRANGE_NAMES)
    shown_names = {str(clip["source_path"]) for clip in live.clips()}
    assert all(name.isprintable() for name in shown_names)
    for name in STRANGE_NAMES:
        (row,) = live.rows("SELECT clip_id FROM clips WHERE path = ?", name)
        (main,) = (live.bag(row["clip_id"]) / "data").iterdir()
        assert main.read_bytes() == name
    live.require_everything_verifies()


def test_what_is_no_file_is_listed_and_never_opened(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "sub/b.mp4": b"more"})
    os.mkfifo(card / "pipe.mp4")  # opening it would wait for a writer for ever
    (card / "secret.mp4").symlink_to("/etc/shadow")
    (card / "sub" / "loop").symlink_to(card)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(card / "socket"))
    expected = {"pipe.mp4": "fifo", "secret.mp4": "symlink", "sub/loop": "symlink", "socket": "socket"}
    if os.geteuid() == 0:
        os.mknod(card / "null.mp4", 0o020_600, os.makedev(1, 3))
        expected["null.mp4"] = "char-device"
    docking = live.dock(card)
    assert docking.counts == {"found": 2, "sealed": 2, "known": 0, "failed": 0, "unexplained": 0}
    assert (docking.texts, docking.view["special_files"]) == ([], len(expected))
    specials = live.rows("SELECT path, kind FROM specials")
    assert {os.fsdecode(special["path"]): special["kind"] for special in specials} == expected
    live.require_everything_verifies()


def test_a_folder_that_cannot_be_listed_keeps_the_recorder_at_the_desk(
    impatient: LiveStation, quick_path: Path
) -> None:
    # R11: what is in it is unknown, so nobody may say that everything is safe
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "DCIM/b.mp4": b"more"})
    with odd_card(card, UNLISTED, "DCIM") as bad:
        docking = impatient.dock(bad)
    assert (docking.counts["found"], docking.counts["sealed"], docking.view["special_files"]) == (1, 1, 1)
    assert docking.view["safe_to_take_away"] == "no"
    require_the_rest_goes_in(impatient, card)


def test_a_directory_entry_with_an_absurd_size_keeps_no_other_file_from_being_sealed(
    live: LiveStation, quick_path: Path
) -> None:
    # R27: and what it stands for was not read, so the card stays
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b""})
    os.truncate(card / "b.mp4", 2**53)
    docking = live.dock(card)
    assert (docking.outcome_of("a.mp4"), docking.view["special_files"]) == ("sealed", 1)
    assert [special["kind"] for special in live.rows("SELECT kind FROM specials")] == ["unreadable-entry"]
    assert docking.view["safe_to_take_away"] == "no"


def test_a_folder_mounted_inside_the_card_is_not_read(live: LiveStation, tmp_path: Path) -> None:
    card = make_card(tmp_path / "card", {"a.mp4": b"moving pictures"})
    with small_ext4(card / "disk") as other:
        make_card(other, {"secret.mp4": b"not of this card"})
        docking = live.dock(card)
        kinds = {special["path"]: special["kind"] for special in live.rows("SELECT * FROM specials")}
    assert kinds == {b"disk.mount": "other-filesystem"}
    assert {clip["source_path"] for clip in live.clips()} == {"a.mp4", "disk"}
    assert docking.texts == []
    # R11: what lies in it was not listed, so the card is not all there is
    assert docking.view["safe_to_take_away"] == "no"


def test_a_deep_card_goes_in(live: LiveStation, quick_path: Path) -> None:
    card = quick_path / "card"
    folder = card
    for _ in range(40):
        folder = folder / ("d" * 60)
    folder.mkdir(parents=True)
    (folder / "deep.mp4").write_bytes(b"deep")
    assert live.dock(card).counts["sealed"] == 1


@pytest.mark.parametrize("year", ["1970", "2099", "9999", "0000"])
def test_a_recorder_with_an_absurd_clock_is_sealed_and_undeterminable(
    live: LiveStation, quick_path: Path, year: str
) -> None:
    card = make_card(quick_path / "card", {f"500123_DSJ0017_{year}1231235959_0001.jpg": b"a still"})
    live.dock(card)
    live.interpret()
    (clip,) = live.clips()
    # A year that does not exist is no time at all, so that the file's own time counts.
    expected = ("on-time", "docked-within-hours") if year == "0000" else ("undeterminable", "clock-implausible")
    assert (clip["handover"], clip["handover_reason"]) == expected
    live.require_everything_verifies()


@pytest.mark.parametrize("written_at", [0, 4_070_908_800, 2**33])
def test_a_file_time_in_1970_or_2099_is_sealed_and_not_believed(
    live: LiveStation, quick_path: Path, written_at: int
) -> None:
    card = make_card(quick_path / "card", {"a.jpg": b"a still"})
    os.utime(card / "a.jpg", (written_at, written_at))
    live.dock(card)
    live.interpret()
    (clip,) = live.clips()
    assert clip["handover_reason"] == "clock-implausible"
    (file,) = live.clip_json(live.bag(clip["clip_id"]))["files"]
    assert file["mtime_ns"] == str(written_at * 1_000_000_000)


def test_a_card_that_suddenly_lists_as_empty_is_never_docked_as_empty(live: LiveStation, quick_path: Path) -> None:
    # R11, R40: what was on it before is not missing, and it may not go
    card = make_card(quick_path / "card", SIX)
    live.dock(card)
    with odd_card(card, VANISHED, "") as vanished:
        docking = live.dock(vanished)
    assert (docking.phase, docking.view["safe_to_take_away"]) == ("failed", "no")
    assert [problem.code for problem in docking.problems] == ["card-empty-unproven"]
    assert docking.view["files_missing"] is None
