"""Text lines up, Chinese included."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.tables import pairs, shortened, table, width_of, wrapped


def test_a_chinese_character_takes_two_columns_and_a_combining_mark_none() -> None:
    assert width_of("执法") == 4
    assert width_of("，") == 2
    assert width_of("e\u0301") == 1


def test_columns_line_up_under_chinese_headers() -> None:
    lines = table(["片段", "B"], [["abcdef", "1"], ["安全", "2"]]).splitlines()
    assert lines == ["片段    B", "abcdef  1", "安全    2"]


@pytest.mark.parametrize(
    "cell", ["\x1b[2J\x1b[32mSAFE", "A\nslot 2  safe", "gpj\u202etxt.exe", "A\u200bB", "A\x9b2J", "A\u2028B", "\ud800"]
)
def test_a_cell_stays_on_its_line_and_does_nothing_to_the_terminal(cell: str) -> None:
    text = table(["slot", "name"], [[cell, "x"], ["y", cell]])
    assert len(text.splitlines()) == 3
    assert {unicodedata.category(one) for one in text.replace("\n", "")}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


def test_numbers_stand_flush_right() -> None:
    assert table(["n", "x"], [["7", "a"], ["128", "b"]], right=frozenset({0})).splitlines()[1] == "  7  a"


def test_only_the_last_column_is_shortened_and_only_for_a_terminal() -> None:
    row = ["abc", "a long name that does not fit"]
    assert table(["x", "name"], [row], columns=20).splitlines()[1] == "abc  …t does not fit"
    assert "does not fit" in table(["x", "name"], [row])


def test_values_line_up_after_their_names() -> None:
    assert pairs([("a", "1"), ("名称", "2")], indent=" ") == " a     1\n 名称  2"


@given(st.text(max_size=40), st.integers(min_value=1, max_value=30))
def test_a_shortened_text_never_takes_more_columns_than_it_may(text: str, columns: int) -> None:
    assert width_of(shortened(text, columns)) <= columns


def test_english_breaks_between_words_and_chinese_between_characters() -> None:
    assert wrapped("one two three", 8, indent=" ") == " one two\n three"
    assert wrapped("执法记录仪存储卡", 8) == "执法记录\n仪存储卡"


def test_a_chinese_line_does_not_begin_with_a_full_stop() -> None:
    assert wrapped("执法记录。仪", 8) == "执法记录。\n仪"


@given(st.text(alphabet="ab 执，。", max_size=60))
def test_wrapping_loses_nothing_but_spaces(text: str) -> None:
    assert wrapped(text, 10).replace("\n", "").replace(" ", "") == text.replace(" ", "")
