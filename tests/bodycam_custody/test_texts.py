"""Names and free text: kept apart from the ledger, revealed while held, gone when erased."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bodycam_custody.texts import Texts


@pytest.fixture
def texts(tmp_path: Path) -> Iterator[Texts]:
    texts = Texts(tmp_path / "texts.db")
    yield texts
    texts.close()


def test_a_kept_text_is_revealed_by_its_commitment(texts: Texts) -> None:
    one, other = texts.keep([b"DCIM/a.mp4", b"\xff\nb"], meaning="card-path")
    assert texts.reveal([one, other, "0" * 64]) == {one: b"DCIM/a.mp4", other: b"\xff\nb"}


def test_equal_texts_have_different_commitments_so_that_nothing_can_be_guessed_by_comparing(texts: Texts) -> None:
    one, other = texts.keep([b"same", b"same"], meaning="card-path")
    assert one != other


def test_an_erased_text_is_absent_and_no_error(texts: Texts, tmp_path: Path) -> None:
    (commitment,) = texts.keep([b"secret"], meaning="card-path")
    connection = sqlite3.connect(tmp_path / "texts.db")
    connection.execute("DELETE FROM texts")
    connection.commit()
    connection.close()
    assert texts.reveal([commitment]) == {}


def test_a_text_that_was_changed_no_longer_answers_for_its_commitment(texts: Texts, tmp_path: Path) -> None:
    (commitment,) = texts.keep([b"officer 500123"], meaning="card-path")
    connection = sqlite3.connect(tmp_path / "texts.db")
    connection.execute("UPDATE texts SET text = ?", (b"officer 500999",))
    connection.commit()
    connection.close()
    assert texts.reveal([commitment]) == {}


def test_more_texts_than_sqlite_binds_at_once_are_revealed(texts: Texts) -> None:
    commitments = texts.keep([b"%d" % number for number in range(40_000)], meaning="card-path")
    assert len(texts.reveal(commitments)) == 40_000
