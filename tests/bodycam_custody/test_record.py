"""The one way into the ledger: heads leave the database before anything is shown, and absent stores catch up."""

from pathlib import Path

from archive.ledger_copy import LedgerCopy
from bodycam_custody.entries import Draft, EntryKind
from tests.bodycam_custody.stations import LiveStation, make_card


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
