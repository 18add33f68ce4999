"""Signed heads of one copy of the ledger against its entries and against what is held outside: forged, cut, stale."""

import shutil
from pathlib import Path

from hashing.checkpoint import Checkpoint, NoteSigner
from tests.bodycam_custody.audit.evidence_builder import (
    NOW,
    ORIGIN,
    Evidence,
    build,
    codes,
    found,
    notes_apart,
    verified,
)


def test_a_forged_checkpoint_is_broken(evidence: Evidence) -> None:
    forger = NoteSigner.from_seed(ORIGIN, b"x" * 32)
    head = Checkpoint(origin=ORIGIN, size=3, root=b"\0" * 32)
    path = evidence.primary / "ledger/checkpoint"
    path.chmod(0o600)
    path.write_bytes(forger.sign(head))
    report = verified(evidence)
    assert report.answer == "no"
    assert found(report, "A102").place == "ledger/checkpoint"


def test_a_forged_head_is_broken(evidence: Evidence) -> None:
    forger = NoteSigner.from_seed(ORIGIN, b"x" * 32)
    (evidence.primary / "ledger/heads/3").write_bytes(forger.sign(Checkpoint(origin=ORIGIN, size=3, root=b"\0" * 32)))
    assert found(verified(evidence), "A103").place == "ledger/heads/3"


def test_a_head_under_another_number_is_broken(evidence: Evidence) -> None:
    heads = evidence.primary / "ledger/heads"
    (heads / "7").rename(heads / "6")
    assert found(verified(evidence), "A104").text == (
        "ledger/heads/6 is a head of 7 entries, not of the number it is named after"
    )


def test_a_missing_checkpoint_is_no_accusation_while_heads_cover_the_anchor(evidence: Evidence) -> None:
    (evidence.primary / "ledger/checkpoint").unlink()
    report = verified(evidence)
    assert (report.answer, notes_apart(report)) == ("cannot-tell", ["A101"])


def roll_back(evidence: Evidence, size: int) -> None:
    """Put the primary's ledger back to what was published at `size`, heads and all."""
    shutil.rmtree(evidence.primary / "ledger")
    (evidence.primary / "ledger").mkdir()
    evidence.publish(["primary"], size)


def test_a_cut_tail_is_broken_against_the_anchor(evidence: Evidence) -> None:
    roll_back(evidence, 5)
    report = verified(evidence)
    assert report.answer == "no"
    assert found(report, "A004").text == (
        f"the ledger was cut: it is signed up to 5 entries, the anchor {evidence.trust}/checkpoint covers 7"
    )


def test_a_cut_tail_without_an_anchor_cannot_be_told(evidence: Evidence) -> None:
    (evidence.trust / "checkpoint").unlink()
    roll_back(evidence, 5)
    report = verified(evidence)
    assert report.answer == "cannot-tell"
    assert "A001" in codes(report)


def test_a_cut_tail_is_broken_against_a_seen_head(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "seen").write_bytes(evidence.checkpoint())
    evidence.keep_anchor(4)
    roll_back(evidence, 5)
    report = evidence.verify(evidence.primary, seen=[tmp_path / "seen"])
    assert report.answer == "no"
    assert found(report, "A006").text == (
        f"the ledger was cut: it is signed up to 5 entries, the seen head {tmp_path}/seen covers 7"
    )


def test_a_store_whose_ledger_is_gone_is_broken_against_the_anchor(evidence: Evidence) -> None:
    shutil.rmtree(evidence.primary / "ledger")
    report = verified(evidence)
    assert report.answer == "no"
    assert {"A004", "A101"} <= set(codes(report))


def test_a_rewritten_ledger_does_not_extend_anchor_and_seen_head(tmp_path: Path) -> None:
    """The station itself signs another history: only heads held outside can show it."""
    evidence = build(tmp_path)
    evidence.marks(2)
    (tmp_path / "seen").write_bytes(evidence.checkpoint(4))
    evidence.keep_anchor()
    del evidence.entries[3:]
    evidence.add("clock.mark", {"other": "history"})
    evidence.marks(3)
    evidence.publish()
    report = evidence.verify(evidence.primary, seen=[tmp_path / "seen"])
    assert report.answer == "no"
    assert codes(report)[:2] == ["A005", "A007"]
    assert "its first 5 entries are others" in found(report, "A005").text
    assert "its first 4 entries are others" in found(report, "A007").text
    assert report.ranges.witnessed is None


def test_another_origin_in_the_genesis_is_broken(tmp_path: Path) -> None:
    evidence = build(tmp_path)
    evidence.entries.clear()
    genesis = evidence.add("genesis", {"origin": "elsewhere/station-2/1"})
    (evidence.trust / "genesis").write_text(genesis.leaf.hex())
    evidence.publish()
    assert found(verified(evidence), "A010").text == (
        f"entry 0 names the origin elsewhere/station-2/1, the trusted key belongs to {ORIGIN}"
    )


def test_stale_evidence_cannot_be_told_only_when_asked(evidence: Evidence) -> None:
    assert evidence.verify(max_age_days=1, now=NOW).answer == "yes"
    report = evidence.verify(max_age_days=0, now=NOW)
    assert report.answer == "cannot-tell"
    assert found(report, "A008").text == (
        "stale: the newest checkpointed entry (6) is of 2026-11-21T08:00:06.000000Z, older than 0 days"
    )
