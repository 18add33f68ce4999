"""The offline verification as a whole."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from bodycam_custody.audit import verify_evidence
from bodycam_custody.audit.errors import EvidenceUnreadableError
from tests.bodycam_custody.audit.evidence_builder import NOW, Evidence, codes, flip


def test_the_report_counts_what_was_checked(evidence: Evidence) -> None:
    assert evidence.verify().counts == {
        "stores": 2,
        "entries": 7,
        "signed_entries": 7,
        "heads": 6,
        "bags_expected": 2,
        "bags": 4,
        "broken": 0,
        "cannot_tell": 0,
        "note": 0,
    }


def test_the_report_is_plain_json(evidence: Evidence) -> None:
    flip(evidence.primary / "ledger/checkpoint")
    report = json.loads(json.dumps(evidence.verify().to_json()))
    assert report["answer"] == "no"
    assert set(report) == {"answer", "findings", "ranges", "counts"}
    [finding] = [finding for finding in report["findings"] if finding["severity"] == "broken"]
    assert finding == {
        "code": "A102",
        "severity": "broken",
        "store": str(evidence.primary),
        "place": "ledger/checkpoint",
        "text": finding["template"].format(**finding["facts"]),
        "template": "{path} is not a checkpoint signed with the key in station.vkey: {reason}",
        "facts": {"path": "ledger/checkpoint", "reason": finding["facts"]["reason"]},
    }


def test_everything_is_reported_not_only_the_first(evidence: Evidence) -> None:
    flip(evidence.primary / "ledger/heads/7", 3)
    flip(evidence.backup / "ledger/tile/0/000.p/7", 3)
    flip(evidence.primary / "clips/2026/11/21/clip-a/data/main.mp4")
    flip(evidence.backup / "clips/2026/11/21/clip-b/bagit.txt")
    assert sorted(set(codes(evidence.verify()))) == ["A103", "A110", "B013", "B020", "B031"]


def test_two_runs_say_the_same_in_the_same_order(evidence: Evidence) -> None:
    flip(evidence.primary / "clips/2026/11/21/clip-a/data/main.mp4")
    flip(evidence.backup / "clips/2026/11/21/clip-b/bagit.txt")
    assert evidence.verify() == evidence.verify()


def test_progress_counts_every_bag(evidence: Evidence) -> None:
    told: list[tuple[int, int]] = []
    verify_evidence(
        evidence.stores, trust=evidence.trust, now=NOW, on_progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_missing_right_ends_the_verification_instead_of_accusing(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied, real_open = evidence.backup / "ledger/heads", os.open

    def open_but_heads(path: str | Path, *arguments: int, **keywords: int) -> int:
        if str(path).rstrip("/") == str(denied):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *arguments, **keywords)

    monkeypatch.setattr(os, "open", open_but_heads)
    with pytest.raises(EvidenceUnreadableError) as caught:
        evidence.verify()
    assert str(caught.value).startswith(
        f"{denied}: expected a store or a part of one, but it cannot be read: Permission denied."
    )


def test_verification_writes_nothing(evidence: Evidence) -> None:
    def state() -> dict[str, tuple[int, int]]:
        about = {str(path): path.lstat() for path in evidence.root.rglob("*")}
        return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in about.items()}

    before = state()
    evidence.verify()
    assert state() == before


def test_without_a_store_or_a_zone_it_is_misuse(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="a verification needs a store"):
        verify_evidence([], trust=evidence.trust, now=NOW)
    with pytest.raises(ValueError, match="a time with a zone"):
        verify_evidence(evidence.stores, trust=evidence.trust, now=datetime(2026, 11, 21))  # noqa: DTZ001  # the point
