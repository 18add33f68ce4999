"""The ledger: what is committed stays, what is damaged is named, and nothing is appended to a doubtful one."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bodycam_custody.clock import SetClock
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import (
    LedgerBehindError,
    LedgerCorruptError,
    LedgerForkedError,
    LedgerRefusesError,
)
from bodycam_custody.ledger import Ledger
from hashing.checkpoint import NoteSigner, NoteVerifier, parse_checkpoint
from hashing.frontier import root_of
from hashing.merkle import verify_inclusion

ORIGIN = "cg.example.cn/station-1/1"
SIGNER = NoteSigner.from_seed(ORIGIN, bytes(range(32)))


def draft(number: int) -> Draft:
    return Draft(kind=EntryKind.CLOCK_MARK, subject="station", facts={"number": number})


_opened: list[Ledger] = []


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def create(path: Path, clock: SetClock | None = None) -> Ledger:
    clock = clock or SetClock(datetime(2026, 11, 21, 8, tzinfo=UTC))
    _opened.append(Ledger(path, signer=SIGNER, origin=ORIGIN, clock=clock, create=True))
    return _opened[-1]


def reopen(path: Path) -> Ledger:
    clock = SetClock(datetime(2026, 11, 22, 8, tzinfo=UTC))
    _opened.append(Ledger(path, signer=SIGNER, origin=ORIGIN, clock=clock))
    return _opened[-1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def filled(path: Path) -> Path:
    """A closed ledger of 700 entries in seven batches."""
    ledger = create(path)
    for batch in range(7):
        ledger.append([draft(batch * 100 + number) for number in range(100)])
    ledger.close()
    return path


def damage(path: Path, *statements: str) -> None:
    """Change the file as somebody with write access would, triggers removed first."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_appended_entries_are_chained_and_covered_by_a_signed_head(path: Path) -> None:
    ledger = create(path)
    entries = ledger.append([draft(0), draft(1)]) + ledger.append([draft(2)])
    assert [entry.seq for entry in entries] == [0, 1, 2]
    assert ledger.head is not None
    signed = parse_checkpoint(ledger.head.note, NoteVerifier(SIGNER.vkey), origin=ORIGIN)
    assert (signed.size, signed.root) == (3, root_of([entry.leaf for entry in entries]))
    assert ledger.lines(0, 9) == [entry.line for entry in entries]


def test_a_reopened_ledger_goes_on_where_it_was(filled: Path) -> None:
    ledger = reopen(filled)
    ledger.check(whole=False)
    (entry,) = ledger.append([draft(700)])
    assert entry.seq == 700
    again = reopen(filled)
    again.check(whole=True)
    assert again.size == 701


def test_entries_committed_before_a_crash_get_their_head_at_the_next_whole_check(filled: Path) -> None:
    damage(filled, "DELETE FROM heads WHERE size = 700")
    ledger = reopen(filled)
    ledger.check(whole=True)
    assert ledger.head is not None
    assert ledger.head.size == 700


def test_each_entry_has_a_proof_in_the_tree_of_the_head(filled: Path) -> None:
    ledger = reopen(filled)
    ledger.check(whole=False)
    proofs = ledger.prove_inclusion([0, 255, 699])
    lines = ledger.entries()
    leaves = {entry.seq: entry.leaf for entry in lines}
    for seq, proof in proofs.items():
        verify_inclusion(leaves[seq], index=seq, size=700, root=ledger.root_at(700), proof=proof)


def test_sql_refuses_to_change_remove_or_replace_entries_and_heads(filled: Path) -> None:
    connection = sqlite3.connect(filled)
    for statement in (
        "UPDATE entries SET line = '{}' WHERE seq = 3",
        "DELETE FROM entries WHERE seq = 699",
        "INSERT OR REPLACE INTO entries (seq, line, leaf) VALUES (3, '{}', x'00')",
        "INSERT INTO entries (seq, line, leaf) VALUES (900, '{}', x'00')",
        "UPDATE heads SET note = x'00'",
        "DELETE FROM heads",
        "INSERT OR REPLACE INTO heads (size, note, peaks) VALUES (700, x'00', x'00')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=r"ledger (entries|heads)"):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE entries SET line = replace(line, '\"number\":41', '\"number\":14') WHERE seq = 41", 41),
        ("UPDATE entries SET leaf = zeroblob(32) WHERE seq = 41", 41),
        ("DELETE FROM entries WHERE seq = 41", 41),
        ("DELETE FROM entries WHERE seq >= 650", 650),
    ],
    ids=["line edited", "leaf edited", "entry removed", "tail removed"],
)
def test_a_damaged_ledger_names_the_entry_and_refuses_to_append(filled: Path, statement: str, seq: int) -> None:
    damage(filled, statement)
    ledger = reopen(filled)
    with pytest.raises(LedgerCorruptError) as caught:
        ledger.check(whole=True)
    assert f"ledger {filled} is damaged at entry {seq}; nothing is appended any more" in str(caught.value)
    with pytest.raises(LedgerRefusesError, match=f"is damaged at entry {seq}"):
        ledger.append([draft(1)])


def test_damage_outside_the_tail_is_found_before_the_first_append(filled: Path) -> None:
    damage(filled, "UPDATE entries SET line = replace(line, '\"number\":41', '\"number\":14') WHERE seq = 41")
    ledger = reopen(filled)
    ledger.check(whole=False)
    with pytest.raises(LedgerCorruptError, match="damaged at entry 41"):
        ledger.append([draft(1)])


def test_a_rewritten_ledger_does_not_pass_as_the_signed_one(filled: Path, tmp_path: Path) -> None:
    other = create(tmp_path / "other.db")
    for batch in range(7):
        other.append([draft(-1 - batch * 100 - number) for number in range(100)])
    other.close()
    damage(
        filled,
        "DELETE FROM entries",
        f"ATTACH '{tmp_path / 'other.db'}' AS other",
        "INSERT INTO entries (seq, line, leaf) SELECT seq, line, leaf FROM other.entries",
    )
    with pytest.raises(LedgerCorruptError, match="Entries up to here are not those of the signed head"):
        reopen(filled).check(whole=True)


def test_a_head_that_was_not_signed_by_the_station_is_damage(filled: Path) -> None:
    forger = NoteSigner.from_seed(ORIGIN, bytes(32))
    ledger = reopen(filled)
    ledger.check(whole=False)
    assert ledger.head is not None
    signed = parse_checkpoint(ledger.head.note, NoteVerifier(SIGNER.vkey))
    ledger.close()
    damage(filled, f"UPDATE heads SET note = x'{forger.sign(signed).hex()}' WHERE size = 700")  # noqa: S608  # a forgery on purpose
    with pytest.raises(LedgerCorruptError, match="damaged at entry 699"):
        reopen(filled).check(whole=False)


def test_a_ledger_behind_a_head_kept_elsewhere_refuses_to_append(filled: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.write_bytes(filled.read_bytes())
    ledger = reopen(filled)
    ledger.append([draft(700)])
    assert ledger.head is not None
    behind = reopen(old)
    behind.check(whole=True)
    with pytest.raises(LedgerBehindError) as caught:
        behind.compare_with_head(ledger.head.note, seen_at="/backup/ledger/checkpoint")
    assert str(caught.value) == (
        f"ledger {old} has 700 entries, but the signed head at /backup/ledger/checkpoint covers 701: this database is "
        "older than what was already shown; nothing is appended, restore the newer database"
    )
    with pytest.raises(LedgerRefusesError, match="older than what was already shown"):
        behind.append([draft(1)])


def test_a_ledger_that_contradicts_a_head_kept_elsewhere_refuses_to_append(filled: Path, tmp_path: Path) -> None:
    other = create(tmp_path / "other.db")
    other.append([draft(5)])
    assert other.head is not None
    ledger = reopen(filled)
    ledger.check(whole=True)
    with pytest.raises(LedgerForkedError, match="keep both and call the auditor"):
        ledger.compare_with_head(other.head.note, seen_at="/backup/ledger/checkpoint")
    with pytest.raises(LedgerRefusesError):
        ledger.append([draft(1)])


def test_a_draft_that_cannot_be_written_leaves_nothing_of_its_batch(path: Path) -> None:
    ledger = create(path)
    ledger.append([draft(0)])
    with pytest.raises(Exception, match=r"16384"):
        ledger.append([draft(1), Draft(kind=EntryKind.CLOCK_MARK, subject="station", facts={"text": "x" * 17000})])
    assert ledger.size == 1
    (entry,) = ledger.append([draft(2)])
    assert entry.seq == 1


def test_a_second_writer_is_noticed_before_the_chain_breaks(filled: Path) -> None:
    one, two = reopen(filled), reopen(filled)
    one.check(whole=True)
    two.check(whole=True)
    one.append([draft(700)])
    with pytest.raises(LedgerCorruptError, match="Another writer left 701 entries"):
        two.append([draft(700)])
    again = reopen(filled)
    again.check(whole=True)
    assert again.size == 701


def test_an_entry_takes_its_time_from_the_clock_it_is_given(path: Path) -> None:
    clock = SetClock(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    ledger = create(path, clock)
    ledger.append([draft(0)])
    clock.advance(timedelta(seconds=1))
    ledger.append([draft(1)])
    assert b'"at":"2026-01-02T03:04:05.000006Z"' in ledger.lines(0, 1)[0]
    assert b'"at":"2026-01-02T03:04:06.000006Z"' in ledger.lines(1, 2)[0]


def test_the_ledger_is_opened_so_that_a_power_cut_loses_no_acknowledged_entry(path: Path) -> None:
    ledger = create(path)
    assert ledger.pragmas() == {"journal_mode": "wal", "synchronous": 2}
