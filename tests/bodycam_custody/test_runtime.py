"""What a station does beside answering: imports from where they are allowed, and dockings that go on."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest

from bodycam_custody.entries import Actor
from bodycam_custody.errors import ImportRefusedError
from bodycam_custody.operations import Caller, LetGo
from bodycam_custody.release.acts import withdraw_recorder
from bodycam_custody.runtime import Runtime
from tests.bodycam_custody.odd_card import HANGS, odd_card
from tests.bodycam_custody.stations import LiveStation, live_station, make_card
from tests.bodycam_custody.test_record import failing

SOMEBODY = Actor(uid=1000)


@pytest.fixture
def runtime(live: LiveStation) -> Iterator[Runtime]:
    running = Runtime(live.station, mode="test")
    yield running
    running.close()


def refusal(runtime: Runtime, path: Path) -> str:
    with pytest.raises(ImportRefusedError) as refused:
        runtime.start_import(path, actor=SOMEBODY)
    return str(refused.value)


def test_an_import_seals_like_a_docking_and_is_recorded_as_an_import(live: LiveStation, runtime: Runtime) -> None:
    # R20
    folder = make_card(live.root / "import" / "tuesday", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    docking_id = runtime.start_import(folder, actor=SOMEBODY)
    runtime.finish()
    docking = live.docking(docking_id)
    assert docking.counts == {"found": 2, "sealed": 2, "known": 0, "failed": 0, "unexplained": 0}
    (seen,) = live.entries("dock.seen")
    assert (seen.facts["kind"], seen.facts["recorder"], seen.facts["slot"]) == ("import", "unknown", None)
    assert seen.actor == {"uid": 1000}
    assert docking.view["kind"] == "import"
    (clip,) = live.clips()
    assert clip["recorder_id"] == "unknown"
    live.require_everything_verifies()


def test_the_file_times_of_an_import_are_not_recording_times(live: LiveStation, runtime: Runtime) -> None:
    # R20, R32: copying into a folder changes them
    runtime.start_import(make_card(live.root / "import" / "copied", {"a.jpg": b"a still"}), actor=SOMEBODY)
    runtime.finish()
    (clip,) = live.clips()
    assert (clip["recorded_to"], clip["handover_reason"]) == (None, "no-recording-time")


def test_a_folder_under_none_of_the_import_roots_is_refused(
    live: LiveStation, runtime: Runtime, quick_path: Path
) -> None:
    # R20
    outside = make_card(quick_path / "elsewhere", {"a.mp4": b"moving pictures"})
    roots = live.root / "import"
    assert refusal(runtime, outside) == (
        f"folder {outside} is not imported. It lies under none of the import roots ({roots})."
    )
    assert refusal(runtime, roots / ".." / ".." / "elsewhere").startswith(
        f"folder {roots}/../../elsewhere is not imported. It lies under none of the import roots"
    )
    assert live.entries("dock.seen") == []


def test_a_root_whose_name_begins_the_same_is_another_folder(live: LiveStation, runtime: Runtime) -> None:
    beside = make_card(live.root / "imports", {"a.mp4": b"moving pictures"})
    assert "It lies under none of the import roots" in refusal(runtime, beside)


def test_a_symbolic_link_does_not_lead_out_of_the_import_roots(
    live: LiveStation, runtime: Runtime, quick_path: Path
) -> None:
    outside = make_card(quick_path / "elsewhere", {"a.mp4": b"moving pictures"})
    (live.root / "import" / "trick").symlink_to(outside)
    assert "It lies under none of the import roots" in refusal(runtime, live.root / "import" / "trick")


def test_what_is_no_folder_or_no_absolute_path_is_refused(live: LiveStation, runtime: Runtime) -> None:
    file = live.root / "import" / "a.mp4"
    file.write_bytes(b"moving pictures")
    assert refusal(runtime, file) == f"folder {file} is not imported. It is not a folder."
    assert refusal(runtime, live.root / "import" / "no").endswith("is not imported. It is not a folder.")
    assert refusal(runtime, Path("import")) == "folder import is not imported. Expected an absolute path."


def test_without_import_roots_nothing_is_imported(quick_path: Path) -> None:
    folder = make_card(quick_path / "folder", {"a.mp4": b"moving pictures"})
    with live_station(quick_path / "station", {"paths.import_roots": None}) as live:
        runtime = Runtime(live.station, mode="test")
        assert "It lies under none of the import roots (-)" in refusal(runtime, folder)
        runtime.close()


@pytest.mark.parametrize("ours", ["primary", "backup", "state", "state/keys"])
def test_stores_and_state_are_never_imported(quick_path: Path, ours: str) -> None:
    # R20: neither they, nor what lies in them, nor what holds them, nor by a link
    with live_station(quick_path / "station", {"paths.import_roots": (Path(),)}) as live:
        runtime = Runtime(live.station, mode="test")
        held = live.root / ours
        (live.root / "link").symlink_to(held)
        inside = held / "inside"
        inside.mkdir()
        for path in (held, inside, live.root, live.root / "link", live.root / "link" / "inside"):
            assert f"folder {path} is not imported. It holds or lies in the station's own " in refusal(runtime, path)
        runtime.close()
        assert live.entries("dock.seen") == []


def test_settling_while_a_card_is_read_leaves_its_docking_alone(quick_path: Path) -> None:
    """The station settles every quarter of an hour, and a card may take longer."""
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"})
    values = {"docking.card_silence_s": 1, "docking.workers_per_card": 1}
    with live_station(quick_path / "station", values) as live, odd_card(card, HANGS, "b.mp4") as hanging:
        runtime = Runtime(live.station, mode="test")
        docking = runtime.dock(live.arrival(hanging))
        while not live.entries("dock.inventory"):
            time.sleep(0.005)
        runtime.settle()
        assert live.entries("dock.closed") == []
        assert list((live.primary / ".staging").iterdir()) != []
        wait([docking])
        assert [entry.facts["outcome"] for entry in live.entries("dock.closed")] == ["failed"]
        assert len(live.clips()) == 1
        runtime.close()


def test_a_docking_that_died_of_an_error_nobody_foresaw_is_closed_and_its_recorder_may_be_let_go(
    live: LiveStation, runtime: Runtime, quick_path: Path
) -> None:
    arrival = live.arrival(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    with failing(live.station.ledger.path, "entries", when="json_extract(NEW.line, '$.kind') = 'clip.sealed'"):
        docking = runtime.dock(arrival)
        with pytest.raises(sqlite3.IntegrityError, match="the disk is full"):
            docking.result()
    assert live.docking(arrival.docking_id).phase == "copying"
    runtime.catch_up()
    assert live.docking(arrival.docking_id).phase == "interrupted"
    request = LetGo(target=arrival.docking_id, person="custodian-1", reason="its card cannot be read")
    withdraw_recorder(runtime, request, Caller(uid=0))
    assert len(live.entries("dock.withdrawn")) == 1


def test_docking_ids_are_fresh_and_say_when(live: LiveStation, runtime: Runtime) -> None:
    ids = {runtime.new_docking_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(docking_id.startswith("20261121T120000Z-") for docking_id in ids)
