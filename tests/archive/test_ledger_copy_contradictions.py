"""A ledger that the copy in a store contradicts is refused, and the copy stays as it is."""

from pathlib import Path

import pytest

from archive.errors import LedgerCopyAheadError, LedgerCopyContradictsError
from archive.ledger_copy import LedgerCopy
from hashing.chain import leaf_hash
from tests.archive.ledger_maker import MadeLedger
from tests.archive.published_ledger import LEDGER, files_below, publish


def test_a_ledger_behind_the_checkpoint_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    with pytest.raises(LedgerCopyAheadError) as caught:
        publish(tmp_path, 299)
    assert str(caught.value) == (
        f"{tmp_path}: the store holds a ledger head of 300 entries, but our ledger has only 299. "
        "Entries have been lost or the database was put back; nothing may be appended before that is explained."
    )
    assert files_below(tmp_path) == before


@pytest.mark.parametrize("seq", [0, 99, 100, 255, 256, 299])
def test_a_ledger_whose_past_was_changed_is_refused_with_the_entry(tmp_path: Path, seq: int) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    other = MadeLedger(400, changed={seq: b'{"changed":true}'})
    with pytest.raises(LedgerCopyContradictsError) as caught:
        publish(tmp_path, 400, other)
    assert str(caught.value) == (
        f"{tmp_path}: our ledger does not continue the copy in this store at seq {seq}: "
        f"expected {leaf_hash(other.lines[seq]).hex()}, found {leaf_hash(LEDGER.lines[seq]).hex()}. "
        "One of them was changed; keep both and run: custody audit verify"
    )
    assert files_below(tmp_path) == before


def test_a_second_head_of_the_same_size_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    before = files_below(tmp_path)
    with pytest.raises(LedgerCopyContradictsError, match="at heads/300: expected"):
        publish(tmp_path, 300, MadeLedger(300, changed={7: b"{}"}))
    assert files_below(tmp_path) == before


def test_a_stored_head_of_the_same_size_is_never_replaced(tmp_path: Path) -> None:
    copy = LedgerCopy(tmp_path)
    copy.publish(LEDGER.read, 100, LEDGER.note(100))
    other = MadeLedger(200, changed={150: b"{}"}).note(200)
    (tmp_path / "heads/200").write_bytes(other)
    with pytest.raises(LedgerCopyContradictsError, match="at heads/200: expected"):
        copy.publish(LEDGER.read, 200, LEDGER.note(200))
    assert (tmp_path / "heads/200").read_bytes() == other
    assert copy.published_size() == 100


def test_the_ledger_of_another_station_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 300)
    with pytest.raises(LedgerCopyContradictsError, match=r"expected a/b/1, found cg\.example\.gov\.cn/station-1/1"):
        publish(tmp_path, 400, MadeLedger(400, origin="a/b/1"))


def test_lines_that_do_not_have_the_signed_root_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    publish(tmp_path, 100)
    before = files_below(tmp_path)
    other = MadeLedger(300, changed={200: b"{}"})
    with pytest.raises(LedgerCopyContradictsError, match="at heads/300: expected"):
        LedgerCopy(tmp_path).publish(other.read, 300, LEDGER.note(300))
    assert files_below(tmp_path) == before


def test_the_root_of_an_empty_ledger_is_checked_too(tmp_path: Path) -> None:
    note = LEDGER.note(1).replace(b"\n1\n", b"\n0\n")
    with pytest.raises(LedgerCopyContradictsError, match="at heads/0: expected"):
        LedgerCopy(tmp_path).publish(LEDGER.read, 0, note)
