"""The texts of answers are part of ledger entries."""

from archive.answers import Answer


def test_the_texts_of_the_answers_are_fixed() -> None:
    assert [answer.value for answer in Answer] == ["yes", "no", "cannot-tell"]
