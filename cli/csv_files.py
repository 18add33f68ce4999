"""Registers as CSV files, as spreadsheets open them."""

import csv
from collections.abc import Sequence
from pathlib import Path

import typer

from cli.language import _

# What a spreadsheet takes for the beginning of a formula; also in the full width of Chinese typing.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# With its mark at the beginning, a spreadsheet reads Chinese as UTF-8.
_ENCODING = "utf-8-sig"


def require_new(file: Path | None) -> None:
    """Return if `file` can be created; a register that was handed on is never overwritten."""
    if file is not None and file.exists():
        raise typer.BadParameter(_("{file} is there already; choose a new file").format(file=file))


def write_csv(file: Path, headers: Sequence[str], rows: Sequence[Sequence[str | int | None]]) -> None:
    """Write a new CSV file (RFC 4180) in which no cell is taken for a formula: such a text gets an apostrophe."""
    with file.open("x", encoding=_ENCODING, newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(headers)
        writer.writerows([[_cell(value) for value in row] for row in rows])


def _cell(value: str | int | None) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.lstrip(" ").startswith(_FORMULA_STARTS) else text
