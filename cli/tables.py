"""Text that lines up, Chinese included.

A Chinese character takes two columns of a terminal (UAX #11: wide and fullwidth), a combining mark none.
"""

import unicodedata
from collections.abc import Sequence

ELLIPSIS = "…"
_GAP = "  "


# Control and format characters, lone surrogates, line and paragraph separators (Unicode, table 4-4).
_NEVER_PRINTED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def harmless(text: str) -> str:
    """Return `text` with escapes for all that moves the cursor, hides, or turns the direction of writing around."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character) in _NEVER_PRINTED else character
        for character in text
    )


def width_of(text: str) -> int:
    """Return how many terminal columns `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """Return `text` filled with spaces to `columns`; a longer one is returned unchanged."""
    filling = " " * max(0, columns - width_of(text))
    return filling + text if right else text + filling


def shortened(text: str, columns: int) -> str:
    """Return `text` cut to at most `columns`; its end is kept, because names and serials differ there."""
    if width_of(text) <= columns:
        return text
    kept, used = [], 0
    for character in reversed(text):
        used += _columns(character)
        if used > columns - 1:
            break
        kept.append(character)
    return ELLIPSIS + "".join(reversed(kept))


def wrapped(text: str, columns: int, *, indent: str = "", hanging: str | None = None) -> str:
    """Return `text` in lines of at most `columns`; Chinese breaks between any two characters, as it is written.

    The first line begins with `indent`, the others with `hanging`; a single longer word makes a longer line.
    """
    rest = indent if hanging is None else hanging
    lines: list[str] = []
    line, used = "", 0
    for word in _breakable(text):
        size = width_of(word)
        if line and used + size > columns - width_of(rest) and not _may_not_start_a_line(word):
            lines.append(line.rstrip())
            line, used = "", 0
            word = word.lstrip()
            size = width_of(word)
        line, used = line + word, used + size
    lines.append(line.rstrip())
    return "\n".join(f"{rest if number else indent}{line}" for number, line in enumerate(lines))


def _breakable(text: str) -> list[str]:
    pieces: list[str] = []
    for character in text:
        if pieces and _columns(character) < 2 and character != " " and _columns(pieces[-1][-1]) < 2:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _may_not_start_a_line(piece: str) -> bool:
    return piece[0] in "，。；：、！？）》」”"


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int] = frozenset(),
    columns: int | None = None,
) -> str:
    """Return rows in aligned columns; those in `right` are flush right.

    With `columns`, the last column is shortened so that no line is wider; without it nothing is lost. Whatever a cell
    holds, it stays on its line and does nothing to the terminal.
    """
    rows = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(width_of(row[index]) for row in [headers, *rows]) for index in range(len(headers))]
    if columns is not None:
        others = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(columns - others, width_of(headers[-1])))
    return "\n".join(_line(row, widths, right) for row in [headers, *rows])


def _line(row: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    *first, last = row
    cells = [padded(cell, widths[index], right=index in right) for index, cell in enumerate(first)]
    cells.append(padded(shortened(last, widths[-1]), widths[-1], right=len(first) in right))
    return _GAP.join(cells).rstrip()


def pairs(rows: Sequence[tuple[str, str]], *, indent: str = "") -> str:
    """Return name and value per line, values aligned."""
    widest = max((width_of(name) for name, _value in rows), default=0)
    return "\n".join(f"{indent}{padded(name, widest)}  {value}".rstrip() for name, value in rows)
