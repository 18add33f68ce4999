"""What an interrupted publication leaves in one copy of the ledger: told, and no accusation."""

import shutil
from pathlib import Path

from tests.bodycam_custody.audit.evidence_builder import Evidence, build, codes, found, notes_apart, verified


def publish_without_checkpoint(evidence: Evidence) -> None:
    """Publish all entries to the primary as far as their head, and stop before the checkpoint."""
    evidence.publish(["primary"])
    shutil.copy(evidence.backup / "ledger/checkpoint", evidence.primary / "ledger/checkpoint")


def publish_without_head(evidence: Evidence) -> None:
    """Publish all entries to the primary, and stop before their head."""
    publish_without_checkpoint(evidence)
    (evidence.primary / f"ledger/heads/{len(evidence.entries)}").unlink()


def test_an_unsigned_tail_cannot_be_told(evidence: Evidence) -> None:
    evidence.marks(2)
    publish_without_head(evidence)
    report = verified(evidence)
    assert report.answer == "cannot-tell"
    assert found(report, "A113").text == ("entries 7 to 8 come after the newest signed head: nobody vouches for them")
    assert report.ranges.to_json() == {"witnessed": [0, 6], "station_signed_only": None, "unsigned_tail": [7, 8]}


def test_an_unsigned_tail_neither_promises_nor_excuses_a_bag(evidence: Evidence) -> None:
    evidence.add("tombstone.signed", {}, "clip:clip-a")
    publish_without_head(evidence)
    shutil.rmtree(evidence.primary / "clips/2026/11/21/clip-a")
    assert "A301" in codes(verified(evidence))


def test_a_tail_across_bundles_is_followed(tmp_path: Path) -> None:
    evidence = build(tmp_path)
    evidence.publish()
    evidence.keep_anchor()
    evidence.marks(600)
    publish_without_head(evidence)
    # The full bundle replaced the partial one that the old head needs.
    report = verified(evidence)
    assert report.ranges.unsigned_tail == (3, 602)
    assert notes_apart(report) == ["A113"]


def test_what_an_interrupted_publication_left_is_no_accusation(evidence: Evidence) -> None:
    ledger = evidence.primary / "ledger"
    for name in ("tile/entries/000.p/9", "tile/0/000.p/9", "tile/entries/000.p/6"):
        (ledger / name).write_bytes(b"")
    report = evidence.verify()
    assert (report.answer, set(codes(report))) == ("cannot-tell", {"A122"})
    assert {finding.place for finding in report.findings} == {
        "ledger/tile/0/000.p/9",
        "ledger/tile/entries/000.p/9",
        "ledger/tile/entries/000.p/6",
    }


def test_a_head_newer_than_the_checkpoint_counts(evidence: Evidence) -> None:
    evidence.marks(2)
    publish_without_checkpoint(evidence)
    report = verified(evidence)
    assert (report.answer, report.ranges.station_signed_only) == ("yes", (7, 8))
    assert found(report, "A117").place == "ledger/heads/9"
