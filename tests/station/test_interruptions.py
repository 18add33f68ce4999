"""A card pulled, a daemon restarted, the power gone amid a copy: nothing is lost and nothing half is kept."""

import hashlib
from pathlib import Path

from tests.station.cards import CardFile, digests, long_recordings, make_card
from tests.station.installation import Installation
from tests.station.station import DAEMON, Station

_FILES = 6
_FILE_BYTES = 2 * 1024 * 1024
# Twelve seconds for the whole card.
_SLOW_BYTES_PER_S = _FILES * _FILE_BYTES // 12
_SERIAL = "DSJ0001"


def _card(station: Station, image: Path) -> dict[str, CardFile]:
    files = long_recordings(station.now(), device=_SERIAL, count=_FILES, size_bytes=_FILE_BYTES)
    make_card(station.machine, image, files)
    return files


def _plug_slowly(station: Station, image: Path, name: str = "card") -> None:
    station.machine.plug(image, name, serial=_SERIAL, port=1, bytes_per_s=_SLOW_BYTES_PER_S)


def _wait_until_arrived(station: Station, share: float) -> None:
    enough = share * _FILES * _FILE_BYTES
    station.wait_for(f"{share:.0%} of the card in the store", lambda: station.bytes_arrived() > enough)


def _require_all_safe(station: Station, files: dict[str, CardFile]) -> None:
    """Every file is a clip on both stores, there is no other clip, and the auditor finds nothing."""
    clips = station.clips()
    assert {clip["sha256"] for clip in clips} == digests(files)
    assert len(clips) == len(files)
    assert {clip["state"] for clip in clips} == {"safe"}
    checked = station.verify()
    assert checked.code == 0, checked.out


def test_a_card_pulled_at_five_moments_of_its_copy_is_taken_in_whole_when_docked_again(
    station: Station, tmp_path: Path
) -> None:
    image = tmp_path / "card.img"
    files = _card(station, image)
    before = hashlib.sha256(image.read_bytes()).digest()
    kept = []
    for number, share in enumerate((0.02, 0.2, 0.4, 0.6, 0.8), start=1):
        _plug_slowly(station, image, f"card-{number}")
        _wait_until_arrived(station, share)
        station.machine.pull(f"card-{number}")
        docking = station.wait_until_closed(_SERIAL, number=number)
        assert docking["safe_to_take_away"] == "no"
        # Partial data never becomes a clip.
        clips = station.clips()
        assert {clip["sha256"] for clip in clips} <= digests(files)
        kept.append(len(clips))
    assert kept == sorted(kept)
    assert 0 < kept[-1] < len(files)

    station.machine.plug(image, "card", serial=_SERIAL, port=1)
    docking = station.wait_until_closed(_SERIAL, number=6)
    assert (docking["safe_to_take_away"], docking["files_known"]) == ("yes", kept[-1])
    _require_all_safe(station, files)
    assert hashlib.sha256(image.read_bytes()).digest() == before


def test_a_daemon_restarted_in_the_middle_of_a_copy_goes_on_with_the_card_that_is_still_there(
    station: Station, tmp_path: Path
) -> None:
    files = _card(station, tmp_path / "card.img")
    _plug_slowly(station, tmp_path / "card.img")
    _wait_until_arrived(station, 0.5)
    station.machine.run("systemctl", "restart", DAEMON)
    docking = station.wait_until_closed(_SERIAL, number=2)
    assert docking["safe_to_take_away"] == "yes"
    _require_all_safe(station, files)


def test_a_power_cut_in_the_middle_of_a_copy_loses_nothing(
    station: Station, installation: Installation, tmp_path: Path
) -> None:
    files = _card(station, tmp_path / "card.img")
    _plug_slowly(station, tmp_path / "card.img")
    station.wait_for("sealed clip", station.clips)
    known = {clip["clip_id"] for clip in station.clips()}
    head = station.custody("audit", "checkpoint")
    station.machine.cut_power()

    with installation.switch_on_again(tmp_path / "disks") as machine:
        machine.wait_until_up()
        again = Station(machine)
        assert known <= {clip["clip_id"] for clip in again.clips()}
        machine.run("tee", "/root/seen", text=head["note"])
        again.wait_for("ledger that verifies in both stores", lambda: _is_whole(again))
        machine.plug(tmp_path / "card.img", "card", serial=_SERIAL, port=1)
        docking = again.wait_until_closed(_SERIAL, number=2)
        assert docking["safe_to_take_away"] == "yes"
        _require_all_safe(again, files)


def _is_whole(station: Station) -> bool:
    """Verify while the daemon publishes what the cut left undone: one copy may be behind, nothing may be broken."""
    checked = station.verify("--seen", "/root/seen")
    assert checked.code in {0, 4}, checked.out
    return checked.code == 0
