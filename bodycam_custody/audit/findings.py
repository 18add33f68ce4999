"""What an offline verification can find: coded findings, and the answer they add up to.

A code is part of the interface: it is never renamed and never reused. The table in docs/verification.md is compared
with the code by a test. Findings inside a bag carry the codes of `archive.bag_check` (B…) unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from archive.answers import Answer
from hashing.canonical import Json
from hashing.errors import shown


class Severity(StrEnum):
    """How much one finding weighs: one broken decides, else one cannot-tell, else verified."""

    BROKEN = "broken"
    CANNOT_TELL = "cannot-tell"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One thing an auditor must know.

    `store` is the folder as given on the command line, or None when no single store is meant; `place` is a file, a
    folder or an entry, already made printable. `template` filled with `facts` is the sentence, `text` the same in
    English.
    """

    code: str
    severity: Severity
    store: str | None
    place: str
    template: str
    facts: Mapping[str, Json]

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.template.format(**self.facts)

    def to_json(self) -> dict[str, Json]:
        """Return the finding as the JSON object `custody audit verify --json` prints."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "store": self.store,
            "place": self.place,
            "text": self.text,
            "template": self.template,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """One row of the table of codes; calling it with the facts of its template makes a finding."""

    code: str
    severity: Severity
    template: str

    def __call__(self, place: str, store: str | None, /, **facts: Json) -> AuditFinding:
        """Return the finding; a fact missing from or unknown to the template is a programming error."""
        self.template.format(**facts)
        return AuditFinding(
            code=self.code, severity=self.severity, store=store, place=place, template=self.template, facts=facts
        )


class Findings:
    """Collects what is found in one store (or, with None, about the evidence as a whole)."""

    __slots__ = ("_found", "_store")

    def __init__(self, store: Path | None = None) -> None:
        """Start with nothing found."""
        self._store = None if store is None else shown(store)
        self._found: list[AuditFinding] = []

    def add(self, kind: FindingKind, place: str, /, **facts: Json) -> None:
        """Keep one finding; `place` is also the fact `path`. Texts from the evidence are made printable here."""
        printable = {name: shown(value) if isinstance(value, str) else value for name, value in facts.items()}
        place = shown(place)
        self._found.append(kind(place, self._store, **{"path": place, **printable}))

    def extend(self, findings: Iterable[AuditFinding]) -> None:
        """Keep findings made elsewhere."""
        self._found.extend(findings)

    def __iter__(self) -> Iterator[AuditFinding]:
        """Yield them in the order found."""
        return iter(self._found)


Range = tuple[int, int] | None
"""First and last sequence number, both included; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """How far the word of whom reaches, over the longest sound copy of the ledger."""

    witnessed: Range
    station_signed_only: Range
    unsigned_tail: Range

    @classmethod
    def of(cls, *, witnessed: int, signed: int, present: int) -> "Ranges":
        """Return the ranges for the three sizes; a head held outside never witnesses more than is signed and there."""
        witnessed = min(witnessed, signed)
        return cls(
            witnessed=_range(0, witnessed),
            station_signed_only=_range(witnessed, signed),
            unsigned_tail=_range(signed, present),
        )

    def to_json(self) -> dict[str, Json]:
        """Return each range as a two-element list, or null."""
        return {
            "witnessed": _listed(self.witnessed),
            "station_signed_only": _listed(self.station_signed_only),
            "unsigned_tail": _listed(self.unsigned_tail),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """Everything one verification found; `answer` is yes (verified), no (broken) or cannot-tell."""

    answer: Answer
    findings: tuple[AuditFinding, ...]
    ranges: Ranges
    counts: Mapping[str, int]

    def to_json(self) -> dict[str, Json]:
        """Return the report as JSON values; keys are only ever added."""
        return {
            "answer": self.answer.value,
            "findings": [finding.to_json() for finding in self.findings],
            "ranges": self.ranges.to_json(),
            "counts": dict(self.counts),
        }


def answer_of(findings: Iterable[AuditFinding]) -> Answer:
    """Return what the findings add up to: broken wins over cannot-tell, notes weigh nothing."""
    severities = {finding.severity for finding in findings}
    if Severity.BROKEN in severities:
        return Answer.NO
    return Answer.CANNOT_TELL if Severity.CANNOT_TELL in severities else Answer.YES


_ORDER = {Severity.BROKEN: 0, Severity.CANNOT_TELL: 1, Severity.NOTE: 2}


def in_order(findings: Iterable[AuditFinding]) -> tuple[AuditFinding, ...]:
    """Return the findings, worst first, then by store, code and place, so that two runs print the same."""
    return tuple(sorted(findings, key=lambda f: (_ORDER[f.severity], f.store or "", f.code, f.place, f.text)))


def _range(start: int, stop: int) -> Range:
    return (start, stop - 1) if stop > start else None


def _listed(value: Range) -> Sequence[Json] | None:
    return None if value is None else list(value)
