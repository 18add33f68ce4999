"""The one way into the ledger: heads leave the database before anything is shown, and absent stores catch up."""

import contextlib
import errno
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.ledger_copy import LedgerCopy
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import CatalogBehindError, LedgerRefusesError
from bodycam_custody.reconcile import reconcile
from hashing.checkpoint import Checkpoint, NoteSigner
from tests.archive.loop_filesystem import small_ext4
from tests.bodycam_custody.stations import LiveStation, live_station, make_card


def mark(live: LiveStation) -> int:
    (entry,) = live.station.record.enter([Draft(kind=EntryKind.CLOCK_MARK, subject="station", facts={})])
    return entry.seq


def heads(live: LiveStation) -> list[int]:
    return [LedgerCopy(store / "ledger").published_size() for store in (live.primary, live.backup)]


def test_every_entry_is_in_every_store_with_its_head_when_enter_returns(live: LiveStation) -> None:
    seq = mark(live)
    assert heads(live) == [seq + 1, seq + 1]
    for store in (live.primary, live.backup):
        assert LedgerCopy(store / "ledger").read_lines(seq, seq + 1) == live.station.ledger.lines(seq, seq + 1)


def test_the_catalog_shows_nothing_before_the_head_is_elsewhere(live: LiveStation) -> None:
    seen: list[int] = []
    fold = live.station.catalog.fold

    def watched(entries: object) -> None:
        seen.extend(heads(live))
        fold(entries)  # type: ignore[arg-type]  # handed on as it came

    live.station.catalog.fold = watched  # type: ignore[method-assign]  # the real one, with a look before it
    seq = mark(live)
    assert seen == [seq + 1, seq + 1]


def test_an_absent_store_stops_nothing_is_named_and_catches_up_later(live: LiveStation) -> None:
    away = live.backup.with_name("away")
    live.backup.rename(away)
    before = mark(live)
    assert {name: error.code for name, error in live.station.record.unpublished.items()} == {"backup": "store-missing"}
    away.rename(live.backup)
    after = mark(live)
    assert live.station.record.unpublished == {}
    assert heads(live) == [after + 1, after + 1]
    assert LedgerCopy(live.backup / "ledger").read_lines(before, after + 1) == live.station.ledger.lines(
        before, after + 1
    )


def test_a_damaged_ledger_copy_is_named_and_stops_nothing(live: LiveStation) -> None:
    mark(live)
    (live.backup / "ledger" / "checkpoint").unlink()
    for path in (live.backup / "ledger" / "heads").iterdir():
        path.chmod(0o640)
        path.write_bytes(b"no head")
    live.reopen()
    mark(live)
    assert "backup" in live.station.record.unpublished
    assert live.station.ledger.refusal is None


def test_a_catalog_that_claims_more_than_the_ledger_is_emptied_and_folded_again(
    live: LiveStation, tmp_path: Path
) -> None:
    live.dock(make_card(tmp_path / "card", {"a.mp4": b"one"}))
    before = live.clips()
    with live.station.catalog._writing() as db:
        db.execute("UPDATE meta SET value = '99999' WHERE key = 'last_seq'")
    live.reopen()
    assert live.clips() == before


def test_a_ledger_behind_the_head_that_was_given_out_refuses_to_append(live: LiveStation) -> None:
    state = live.settings.paths.state
    live.station.close()
    old = (state / "ledger.db").read_bytes()
    live.reopen()
    mark(live)
    given = live.settings.paths.trust / "checkpoint"
    assert live.station.ledger.head is not None
    given.write_bytes(live.station.ledger.head.note)
    live.station.close()
    for path in state.glob("ledger.db*"):
        path.unlink()
    (state / "ledger.db").write_bytes(old)
    for store in (live.primary, live.backup):
        store.rename(store.with_name(store.name + "-away"))
    station = live.reopen()
    assert station.ledger.refusal is not None
    assert f"the signed head at {given} covers" in str(station.ledger.refusal)


def test_a_full_store_gives_up_its_ballast_for_the_ledger(tmp_path: Path) -> None:
    with (
        small_ext4(tmp_path / "disk.img", size_bytes=24 * 1024 * 1024) as disk,
        live_station(tmp_path / "s", stores={"primary": tmp_path / "primary", "backup": disk / "backup"}) as live,
    ):
        with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        seq = mark(live)
        while (live.backup / ".ballast").exists():
            seq = mark(live)
            assert seq < 200, "the store was not full"
        assert live.station.record.unpublished == {}
        assert heads(live) == [seq + 1, seq + 1]


@contextlib.contextmanager
def failing(path: Path, table: str, *, when: str = "1") -> Iterator[None]:
    """Let inserts into a table of the database at `path` fail, as on a full disk."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        fail = "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        db.execute(f"CREATE TRIGGER full BEFORE INSERT ON {table} WHEN {when} {fail}")
        yield
        db.execute("DROP TRIGGER full")


def test_an_error_while_the_head_is_stored_leaves_nothing_of_the_batch(live: LiveStation) -> None:
    size = live.station.ledger.size
    with (
        failing(live.station.ledger.path, "heads"),
        pytest.raises(sqlite3.IntegrityError, match="the disk is full"),
    ):
        mark(live)
    assert live.station.ledger.size == size
    assert mark(live) == size
    assert live.station.catalog.last_seq == size
    live.reopen()
    assert live.station.ledger.size == size + 1


def test_a_catalog_that_takes_nothing_is_stated_and_caught_up_before_the_next_entry(live: LiveStation) -> None:
    record, size = live.station.record, live.station.ledger.size
    with failing(live.station.catalog.path, "meta"):
        with pytest.raises(CatalogBehindError, match=r"lacks 1 entries .*the disk is full") as first:
            mark(live)
        with pytest.raises(CatalogBehindError) as second:
            mark(live)
    # Whoever asked knows what stands all the same; and nothing was entered on an old catalog.
    assert [entry.seq for entry in first.value.entered] == [size]
    assert (second.value.entered, live.station.ledger.size) == ((), size + 1)
    assert record.catalog_problem is not None
    assert mark(live) == size + 1
    assert live.station.catalog.last_seq == size + 1
    live.reopen()
    assert live.station.catalog.last_seq == size + 1


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "Input/output error"), sqlite3.OperationalError("disk I/O error")]
)
def test_an_error_nobody_foresaw_in_a_store_is_named_and_stops_nothing(
    live: LiveStation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(LedgerCopy, "publish", fail)
    seq = mark(live)
    assert live.station.catalog.last_seq == seq
    assert set(live.station.record.unpublished) == {"primary", "backup"}


def marks(live: LiveStation, count: int) -> None:
    for _ in range(count):
        mark(live)


def ledger_files(live: LiveStation, away: Path) -> list[tuple[Path, Path]]:
    """Return where the database and both copies of the ledger lie, each with its place in `away`."""
    stores = [(store / "ledger", away / store.name) for store in (live.primary, live.backup)]
    return [(live.settings.paths.state, away / "state"), *stores]


def put_back(kept: Path, place: Path) -> None:
    shutil.rmtree(place)
    shutil.copytree(kept, place)


def test_a_store_that_comes_after_the_start_is_compared_before_anything_is_entered(
    live: LiveStation, quick_path: Path
) -> None:
    """An older database was restored while the stores were away: what they hold is newer, and stays where it is."""
    state, old = live.settings.paths.state, quick_path / "old"
    live.station.close()
    shutil.copytree(state, old)
    live.reopen()
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    live.station.close()
    put_back(old, state)
    stores = (live.primary, live.backup)
    bags = [live.bags(store) for store in stores]
    for store in stores:
        store.rename(store.with_name(store.name + "-away"))
    live.reopen()
    size = live.station.ledger.size
    for store in stores:
        store.with_name(store.name + "-away").rename(store)
    with pytest.raises(LedgerRefusesError, match="older than what was already shown"):
        mark(live)
    with pytest.raises(LedgerRefusesError):
        reconcile(live.station)
    with pytest.raises(LedgerRefusesError):
        live.dock(make_card(quick_path / "card2", {"b.mp4": b"new"}))
    assert live.station.ledger.size == size
    assert [live.bags(store) for store in stores] == bags
    assert [list((store / ".quarantine").iterdir()) for store in stores] == [[], []]


def test_reconciliation_asks_a_store_that_came_back_before_it_sets_anything_aside(
    live: LiveStation, quick_path: Path
) -> None:
    state, old = live.settings.paths.state, quick_path / "old"
    live.station.close()
    shutil.copytree(state, old)
    live.reopen()
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    live.station.close()
    put_back(old, state)
    bags, away = live.bags(live.backup), live.backup.with_name("away")
    live.backup.rename(away)
    shutil.rmtree(live.primary / "ledger")
    live.reopen()
    away.rename(live.backup)
    with pytest.raises(LedgerRefusesError):
        reconcile(live.station)
    assert (live.bags(live.backup), live.entries("bag.quarantined")) == (bags, [])


def test_a_newer_ledger_that_is_met_when_it_is_published_stops_the_ledger(live: LiveStation, quick_path: Path) -> None:
    mark(live)
    live.station.close()
    for place, kept in ledger_files(live, quick_path / "old"):
        shutil.copytree(place, kept)
    live.reopen()
    marks(live, 3)
    live.station.close()
    shutil.copytree(live.backup / "ledger", quick_path / "newer")
    for place, kept in ledger_files(live, quick_path / "old"):
        put_back(kept, place)
    live.reopen()
    mark(live)
    put_back(quick_path / "newer", live.backup / "ledger")
    mark(live)
    assert live.station.ledger.refusal is not None
    assert live.station.ledger.refusal.code in {"ledger-behind", "ledger-forked"}
    with pytest.raises(LedgerRefusesError):
        mark(live)


def claim_more(live: LiveStation, store: Path) -> None:
    """Put a head over many entries into a store that this station never signed."""
    signer = NoteSigner.from_seed(live.station.ledger.origin, b"x" * 32)
    head = Checkpoint(origin=live.station.ledger.origin, size=9999, root=b"r" * 32)
    (store / "ledger" / "heads" / "9999").write_bytes(signer.sign(head))


def test_a_head_that_the_station_did_not_sign_stops_nothing_and_nothing_is_set_aside_there(
    live: LiveStation, quick_path: Path
) -> None:
    live.reopen()
    claim_more(live, live.backup)
    stray = live.backup / "clips" / "2026" / "11" / "21" / "stray"
    stray.mkdir(parents=True)
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    reconcile(live.station)
    assert live.station.ledger.refusal is None
    assert live.station.record.unpublished["backup"].code == "ledger-copy-ahead"
    assert stray.is_dir()


def test_a_recorder_is_not_safe_to_take_away_before_a_store_has_its_entries(
    live: LiveStation, quick_path: Path
) -> None:
    live.reopen()
    for store in (live.primary, live.backup):
        claim_more(live, store)
    docking = live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    assert docking.view["safe_to_take_away"] == "cannot-tell"
    assert "entries-in-no-store" in docking.view["remarks"]
    (live.backup / "ledger" / "heads" / "9999").unlink()
    live.station.record.publish()
    after = live.docking(docking.docking_id).view
    assert (after["safe_to_take_away"], "entries-in-no-store" in after["remarks"]) == ("yes", False)
    # Another process knows it from the store itself.
    live.reopen()
    assert live.docking(docking.docking_id).view["safe_to_take_away"] == "yes"
