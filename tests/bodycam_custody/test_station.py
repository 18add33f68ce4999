"""Opening a station: the right one, by one process, with a catalog that can be lost."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import DiskUnprovenError, SharedDiskError
from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import Clock
from bodycam_custody.errors import (
    CatalogCorruptError,
    LedgerRefusesError,
    StationBusyError,
    StationMismatchError,
    StationMissingError,
)
from bodycam_custody.model import Remark
from bodycam_custody.station import open_station, station_lock
from tests.bodycam_custody.stations import LiveStation, make_card, write_settings


def test_there_is_no_station_before_init(tmp_path: Path) -> None:
    settings = write_settings(tmp_path)
    with pytest.raises(StationMissingError, match="create one with: custody init"):
        open_station(settings, Clock(), whole_check=False)


def test_a_second_process_is_told_who_holds_the_station(live: LiveStation) -> None:
    asked = (
        "import sys; from pathlib import Path; from bodycam_custody.station import station_lock\n"
        "with station_lock(Path(sys.argv[1])): pass"
    )
    tried = subprocess.run(
        [sys.executable, "-c", asked, str(live.settings.paths.state)], capture_output=True, text=True, check=False
    )
    assert tried.returncode != 0
    with pytest.raises(StationBusyError) as caught, station_lock(live.settings.paths.state):
        pass
    assert "one process at a time may write, stop it or talk to it" in str(caught.value)
    assert f"{caught.value}" in tried.stderr


def test_a_configuration_of_another_station_is_refused(live: LiveStation) -> None:
    other = write_settings(live.root, {"station.name": "station-2"})
    with pytest.raises(StationMismatchError) as caught:
        open_station(other, Clock(), whole_check=False)
    assert str(caught.value) == (
        f"the configuration says cg.example.gov.cn/station-2/1, the ledger in {live.settings.paths.state} says "
        "cg.example.gov.cn/station-1/1; use the matching file"
    )


def test_the_key_of_another_station_is_refused(live: LiveStation, tmp_path: Path) -> None:
    from tests.bodycam_custody.stations import live_station

    with live_station(tmp_path / "other") as other:
        theirs = (other.settings.paths.keys / "bag.key").read_bytes()
    (live.settings.paths.keys / "bag.key").write_bytes(theirs)
    with pytest.raises(StationMismatchError, match="use the matching file"):
        live.reopen()


def test_a_deleted_catalog_is_made_again(live: LiveStation, tmp_path: Path) -> None:
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one", "b.mp4": b"two"}))
    before = live.clips()
    live.station.close()
    for path in live.settings.paths.state.glob("catalog.db*"):
        path.unlink()
    live.reopen()
    assert live.clips() == before


def test_a_corrupt_catalog_is_set_aside_and_made_again_and_the_remark_says_so(
    live: LiveStation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    before = live.clips()
    live.station.close()
    state = live.settings.paths.state
    for path in state.glob("catalog.db-*"):
        path.unlink()
    (state / "catalog.db").write_bytes(b"this is no database" * 400)
    live.reopen()
    assert live.clips() == before
    assert Remark.CATALOG_REBUILT in live.station.remarks
    assert (state / "catalog.db.damaged").read_bytes().startswith(b"this is no database")
    assert "nothing is lost, rebuild it with: custody store rebuild" in caplog.text


def test_a_catalog_damaged_while_open_says_how_to_rebuild_it(live: LiveStation, tmp_path: Path) -> None:
    live.dock(make_card(tmp_path / "card", {f"{number}.mp4": b"%d" % number for number in range(300)}))
    live.station.close()
    path = live.settings.paths.state / "catalog.db"
    data = bytearray(path.read_bytes())
    # Pages after the first hold the tables; the header stays sound.
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    path.write_bytes(data)
    with (
        pytest.raises(CatalogCorruptError, match="nothing is lost, rebuild it with: custody store rebuild"),
        closing(Catalog(path, reveal=live.station.texts.reveal)) as catalog,
    ):
        catalog.rows("SELECT * FROM files")


def test_stores_on_one_disk_are_refused_unless_the_configuration_accepts_it(live: LiveStation) -> None:
    # R43
    with pytest.raises((SharedDiskError, DiskUnprovenError), match="asks for copies on other storage devices"):
        open_station(
            write_settings(live.root, {"accepted_risks.stores_on_one_disk": False}), live.clock, whole_check=False
        )


def test_a_ledger_behind_a_store_is_readable_and_refuses_to_append(live: LiveStation, tmp_path: Path) -> None:
    state = live.settings.paths.state
    live.station.close()
    old = (state / "ledger.db").read_bytes()
    live.reopen()
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    live.station.close()
    for path in state.glob("ledger.db*"):
        path.unlink()
    (state / "ledger.db").write_bytes(old)
    station = live.reopen()
    assert station.ledger.refusal is not None
    assert "this database is older than what was already shown; nothing is appended" in str(station.ledger.refusal)
    with pytest.raises(LedgerRefusesError, match="cards stay unread until this is settled"):
        live.dock(make_card(tmp_path / "card2", {"b.mp4": b"two"}))
    assert [path.name for path in (tmp_path / "card2").iterdir()] == ["b.mp4"]
