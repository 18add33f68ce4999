"""What a benchmark gives: rows of one table, and a plain statement for every figure that was promised."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_HEADINGS = ("case", "row", "median", "range", "CPU", "beside ours", "durable", "re-read from the medium")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    case: str
    name: str
    median: str
    range: str = ""
    cpu: str = ""
    beside_ours: str = ""
    durable: str = ""
    reread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A promised figure and what was measured."""

    text: str
    measured: str
    is_met: bool

    def statement(self) -> str:
        """Return the figure as one plain line."""
        return f"{'met    ' if self.is_met else 'NOT MET'}  {self.text}: {self.measured}"


@dataclass(slots=True, kw_only=True)
class Report:
    """Everything one run found."""

    rows: list[Row] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Take over what another report has."""
        self.rows += other.rows
        self.figures += other.figures
        self.skipped += other.skipped

    def text(self) -> str:
        """Return the table, what was skipped, and the statements."""
        lines = [*_table(self.rows), ""]
        if self.skipped:
            lines += [*(f"skipped: {what}" for what in self.skipped), ""]
        lines += [figure.statement() for figure in self.figures]
        return "\n".join(lines) + "\n"


def _table(rows: Sequence[Row]) -> Iterable[str]:
    """Return a Markdown table that reads well as plain text too."""
    cells = [
        _HEADINGS,
        *(
            (row.case, row.name, row.median, row.range, row.cpu, row.beside_ours, row.durable, row.reread)
            for row in rows
        ),
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]
