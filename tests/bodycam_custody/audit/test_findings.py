"""Findings, their codes, and the answer they add up to."""

import re
from pathlib import Path

import pytest

from archive.answers import Answer
from archive.bag_findings import TEMPLATES, BagDamage
from bodycam_custody.audit import codes as audit_codes
from bodycam_custody.audit.findings import FindingKind, Findings, Ranges, Severity, answer_of, in_order

DOCUMENT = Path(__file__).parents[3] / "docs/verification.md"
TESTS = Path(__file__).parent


def kind_of(severity: Severity, code: str = "A999") -> FindingKind:
    return FindingKind(code=code, severity=severity, template="{path} is odd")


def findings_of(*severities: Severity) -> Findings:
    findings = Findings()
    for severity in severities:
        findings.add(kind_of(severity), "place")
    return findings


def test_nothing_found_is_verified() -> None:
    assert answer_of([]) is Answer.YES


def test_notes_weigh_nothing() -> None:
    assert answer_of(findings_of(Severity.NOTE)) is Answer.YES


def test_broken_wins_over_cannot_tell() -> None:
    assert answer_of(findings_of(Severity.CANNOT_TELL, Severity.BROKEN, Severity.NOTE)) is Answer.NO
    assert answer_of(findings_of(Severity.CANNOT_TELL, Severity.NOTE)) is Answer.CANNOT_TELL


def test_the_worst_findings_come_first() -> None:
    ordered = in_order(findings_of(Severity.NOTE, Severity.BROKEN, Severity.CANNOT_TELL))
    assert [finding.severity for finding in ordered] == [Severity.BROKEN, Severity.CANNOT_TELL, Severity.NOTE]


def test_names_from_the_evidence_cannot_disturb_the_output() -> None:
    findings = Findings(Path("/mnt/\u202estore"))
    findings.add(audit_codes.UNREADABLE, "ledger/a\nb\u202ec\udcff", reason="\x1b[31mred")
    [finding] = findings
    assert finding.place == "ledger/a\\nb\\u202ec\\xff"
    assert finding.text == "ledger/a\\nb\\u202ec\\xff could not be read: \\x1b[31mred"
    assert finding.store == "/mnt/\\u202estore"


def test_a_finding_with_the_wrong_facts_is_refused_when_it_is_made() -> None:
    with pytest.raises(KeyError):
        Findings().add(audit_codes.UNREADABLE, "x", why="no such field")


def test_ranges_are_inclusive_and_empty_ones_are_null() -> None:
    assert Ranges.of(witnessed=3, signed=5, present=5).to_json() == {
        "witnessed": [0, 2],
        "station_signed_only": [3, 4],
        "unsigned_tail": None,
    }


def test_a_head_witnesses_no_more_than_is_there() -> None:
    assert Ranges.of(witnessed=9, signed=5, present=6) == Ranges(
        witnessed=(0, 4), station_signed_only=None, unsigned_tail=(5, 5)
    )


def test_no_code_is_used_twice() -> None:
    codes = [kind.code for kind in audit_codes.KINDS]
    assert len(codes) == len(set(codes)) > 30
    assert codes == sorted(codes)


def test_every_code_is_provoked_by_a_test() -> None:
    """One damage test per code: the constant must be asserted somewhere else than in this file."""
    tests = "".join(path.read_text() for path in TESTS.glob("test_*.py") if path != Path(__file__))
    missing = [kind.code for kind in audit_codes.KINDS if f'"{kind.code}"' not in tests]
    assert missing == []


def test_the_table_in_the_documentation_is_the_one_in_the_code() -> None:
    rows = dict(re.findall(r"^\| ([AB]\d{3}) \| ([a-z ]+) \|", DOCUMENT.read_text(), re.MULTILINE))
    expected = {kind.code: kind.severity.value.replace("-", " ") for kind in audit_codes.KINDS}
    expected |= {code.value: "broken" for code in BagDamage}
    expected[BagDamage.UNREADABLE.value] = "cannot tell"
    assert set(BagDamage) == set(TEMPLATES)
    assert rows == expected
