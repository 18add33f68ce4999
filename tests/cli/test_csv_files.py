"""CSV files that a spreadsheet opens without running anything."""

from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from cli.csv_files import _cell, require_new, write_csv

STARTS = "=+-@＝＋－＠\t\r\n"


@given(st.text())
def test_no_text_begins_as_a_formula_and_none_is_lost(text: str) -> None:
    cell = _cell(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert cell.lstrip(" ")[:1] not in STARTS or not cell.lstrip(" ")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "－1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert _cell(text) == f"'{text}"


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert [_cell(value) for value in (-5, 0, None, "a-b")] == ["-5", "0", "", "a-b"]


def test_a_file_is_written_byte_for_byte_and_never_over_another(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    require_new(None)
    require_new(file)
    write_csv(file, ["执法记录仪", "n"], [['a "b", c', 1], [None, None]])
    assert file.read_bytes() == '\ufeff"执法记录仪","n"\r\n"a ""b"", c","1"\r\n"",""\r\n'.encode()
    with pytest.raises(FileExistsError):
        write_csv(file, [], [])
    with pytest.raises(typer.BadParameter, match="is there already; choose a new file"):
        require_new(file)
