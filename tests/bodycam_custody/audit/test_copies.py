"""Several copies of one ledger against each other."""

import shutil
from pathlib import Path

from hashing.checkpoint import Checkpoint
from hashing.frontier import root_of
from tests.bodycam_custody.audit.evidence_builder import ORIGIN, Evidence, build, codes, found, rewrite


def test_a_copy_that_is_behind_cannot_be_told_beyond_its_end(evidence: Evidence) -> None:
    evidence.marks(3)
    evidence.publish(["primary"])
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("cannot-tell", ["A115"])
    assert found(report, "A115").text == (
        f"the copy of the ledger in {evidence.backup} ends at 7 entries, the one in {evidence.primary} at 10"
    )
    assert report.ranges.station_signed_only == (7, 9)


def test_a_copy_behind_the_anchor_is_broken_although_another_store_has_it(evidence: Evidence) -> None:
    evidence.marks(3)
    evidence.publish(["primary"])
    evidence.keep_anchor()
    report = evidence.verify()
    assert report.answer == "no"
    assert found(report, "A004").store == str(evidence.backup)


def test_the_longest_copy_says_which_bags_a_store_must_hold(evidence: Evidence) -> None:
    """The backup's own ledger ends before the clip; the primary's does not."""
    path = evidence.seal("clip-c")
    evidence.publish(["primary"])
    shutil.rmtree(evidence.backup / path)
    report = evidence.verify()
    assert found(report, "A301").store == str(evidence.backup)


def test_two_signed_histories_are_broken_at_the_entry_where_they_part(tmp_path: Path) -> None:
    evidence = build(tmp_path)
    evidence.keep_anchor()
    evidence.marks(2)
    evidence.publish(["primary"])
    del evidence.entries[4:]
    evidence.add("clock.mark", {"other": "history"})
    evidence.publish(["backup"])
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("no", ["A114"])
    assert found(report, "A114").text == (
        f"the copies of the ledger in {evidence.backup} and {evidence.primary} differ from entry 4 on, "
        "and both are signed"
    )


def test_two_unsigned_tails_that_differ_cannot_be_told(evidence: Evidence) -> None:
    for store_id in ("primary", "backup"):
        kept = (evidence.root / store_id / "ledger/checkpoint").read_bytes()
        evidence.add("clock.mark", {"tail": store_id})
        evidence.publish([store_id])
        evidence.entries.pop()
        (evidence.root / store_id / "ledger/checkpoint").write_bytes(kept)
        (evidence.root / store_id / "ledger/heads/8").unlink()
    report = evidence.verify()
    assert (report.answer, sorted(codes(report))) == ("cannot-tell", ["A113", "A113", "A118"])
    assert found(report, "A118").text == (
        f"the copies of the ledger in {evidence.backup} and {evidence.primary} differ from entry 7 on, "
        "where at most one is signed"
    )


def test_an_emptied_store_does_not_speak_for_the_station(evidence: Evidence) -> None:
    """The other ledger is damaged, the emptied one contradicts nothing: still the damaged one says what must be."""
    shutil.rmtree(evidence.backup / "ledger")
    for name in ("checkpoint", "heads/7"):
        path = evidence.primary / "ledger" / name
        path.chmod(0o600)
        path.write_bytes(evidence.signer.sign(Checkpoint(origin=ORIGIN, size=7, root=b"\0" * 32)))
    report = evidence.verify()
    assert (report.answer, report.counts["bags"]) == ("no", 4)


def test_an_entry_changed_in_one_copy_is_no_second_history(evidence: Evidence) -> None:
    lines = [entry.line for entry in evidence.entries]
    lines[6] = lines[6].replace(b"clock.mark", b"clock.mask")
    rewrite(evidence.primary, lines)
    report = evidence.verify()
    assert "A114" not in codes(report)
    assert {f.store for f in report.findings if f.severity == "broken"} == {str(evidence.primary)}


def test_a_damaged_copy_does_not_accuse_the_sound_one(evidence: Evidence) -> None:
    head = Checkpoint(origin=ORIGIN, size=7, root=root_of([b"\0" * 32] * 7))
    for name in ("checkpoint", "heads/7"):
        path = evidence.primary / "ledger" / name
        path.chmod(0o600)
        path.write_bytes(evidence.signer.sign(head))
    report = evidence.verify()
    assert report.answer == "no"
    assert {f.store for f in report.findings if f.severity == "broken"} == {str(evidence.primary)}
