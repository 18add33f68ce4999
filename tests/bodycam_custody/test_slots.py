"""A trusted slip docks its card once; one that does not count, or whose card fails, is told and tried again."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bodycam_custody import slots
from bodycam_custody.runtime import Runtime
from docking.slips import FOLDER_FILESYSTEM, DockSlip, write_slip
from tests.bodycam_custody.stations import NOW, LiveStation, live_station, make_card


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again after a moment instead of a minute."""
    monkeypatch.setattr(slots, "FIRST_RETRY_S", 0.05)


@pytest.fixture
def watching(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="test")
    runtime.watch_slips()
    yield runtime
    runtime.close()


def slip_for(card: Path, *, serial: str = "0000017", docked_at: datetime = NOW) -> DockSlip:
    return DockSlip(
        device=None,
        diskseq=None,
        port_path="port-1",
        slot="slot 1",
        vendor_id="4255",
        product_id="0001",
        serial=serial,
        filesystem=FOLDER_FILESYSTEM,
        mount_point=card,
        docked_at=docked_at,
        clock_offset_ms=-1500,
        clock_offset_uncertainty_ms=20,
    )


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.005)


def test_a_slip_docks_its_card_once_with_everything_it_says(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: live.entries("dock.closed"))
    time.sleep(0.3)  # long enough for a second docking to begin
    (seen,) = live.entries("dock.seen")
    assert {name: seen.facts[name] for name in ("kind", "recorder", "slot", "port_path", "docked_at")} == {
        "kind": "dock",
        "recorder": "usb:4255:0001:0000017",
        "slot": "slot 1",
        "port_path": "port-1",
        "docked_at": "2026-11-21T12:00:00.000000Z",
    }
    assert (seen.facts["clock_offset_ms"], seen.facts["clock_offset_uncertainty_ms"]) == (-1500, 20)
    assert len(live.clips()) == 1


def test_a_card_docked_before_the_station_started_is_taken_in(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    runtime = Runtime(live.station, mode="test")
    runtime.watch_slips()
    wait_for(lambda: live.entries("dock.closed"))
    runtime.close()


def test_the_same_recorder_docked_again_is_another_docking(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: len(live.entries("dock.closed")) == 1)
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: len(live.entries("dock.closed")) == 2)
    assert [clip["sightings"] for clip in live.clips()] == [2]


def test_two_cards_are_read_at_the_same_time(live: LiveStation, watching: Runtime, quick_path: Path) -> None:
    for number in (1, 2):
        card = make_card(quick_path / f"card-{number}", {"a.mp4": b"%d" % number})
        write_slip(live.settings.paths.slips, f"slot-{number}", slip_for(card, serial=str(number)))
    wait_for(lambda: len(live.entries("dock.closed")) == 2)
    live.require_everything_verifies()


def test_a_slip_of_somebody_else_does_not_count(
    live: LiveStation, watching: Runtime, quick_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    slip = write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    slip.chmod(0o666)
    wait_for(lambda: "this dock slip does not count: expected writable by its owner only" in caplog.text)
    if os.geteuid() == 0:
        slip.chmod(0o600)
        os.chown(slip, 12345, 12345)
        wait_for(lambda: "expected owner uid 0, found owner uid 12345" in caplog.text)


def test_a_slip_that_is_none_says_which_field_is_wrong(
    live: LiveStation, watching: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    slip = live.settings.paths.slips / "slot-1.json"
    slip.write_text("{}")
    wait_for(lambda: f"{slip}: dock slip field v: expected" in caplog.text)
    assert live.entries("dock.seen") == []


def test_a_plain_folder_is_no_card_unless_the_configuration_says_so(
    quick_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    with live_station(quick_path / "station", {"docking.folder_cards": False}) as live:
        runtime = Runtime(live.station, mode="test")
        runtime.watch_slips()
        write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
        wait_for(lambda: f"{card}: expected a mounted card, found a plain folder." in caplog.text)
        runtime.close()
        assert live.entries("dock.seen") == []


def test_a_docking_that_failed_is_tried_again_and_keeps_its_docking_time(
    live: LiveStation, watching: Runtime, quick_path: Path
) -> None:
    # R38: the recorder was handed over when it was docked, not when the store came back
    away = live.primary.rename(live.primary.with_name("away"))
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    write_slip(live.settings.paths.slips, "slot-1", slip_for(card))
    wait_for(lambda: len(live.entries("dock.closed")) >= 2)
    assert live.clips() == []
    away.rename(live.primary)
    wait_for(live.clips)
    wait_for(lambda: live.entries("dock.closed")[-1].facts["outcome"] == "closed")
    assert {entry.facts["docked_at"] for entry in live.entries("dock.seen")} == {"2026-11-21T12:00:00.000000Z"}
    settled = len(live.entries("dock.seen"))
    time.sleep(0.3)
    assert len(live.entries("dock.seen")) == settled


def test_a_card_that_is_taken_away_is_not_tried_again(live: LiveStation, watching: Runtime, quick_path: Path) -> None:
    live.primary.rename(live.primary.with_name("away"))
    slip = write_slip(live.settings.paths.slips, "slot-1", slip_for(make_card(quick_path / "card", {"a.mp4": b"a"})))
    wait_for(lambda: live.entries("dock.closed"))
    slip.unlink()
    time.sleep(0.3)  # the retry under way may still end
    tried = len(live.entries("dock.seen"))
    time.sleep(0.3)
    assert len(live.entries("dock.seen")) == tried
