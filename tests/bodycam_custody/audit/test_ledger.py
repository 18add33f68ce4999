"""Damage to one copy of the ledger: what is found, where, and what is not an accusation."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bodycam_custody.audit import AuditReport
from hashing.checkpoint import Checkpoint, NoteSigner
from tests.bodycam_custody.audit.evidence_builder import (
    NOW,
    ORIGIN,
    Evidence,
    build,
    codes,
    flip,
    found,
    rewrite,
    small_station,
)


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return small_station(tmp_path)


@pytest.fixture
def long_evidence(tmp_path: Path) -> Evidence:
    """Two bundles, a level-1 tile, four heads."""
    evidence = build(tmp_path)
    evidence.publish()
    evidence.marks(250)
    evidence.publish()
    evidence.marks(100)
    evidence.publish()
    evidence.marks(200)
    evidence.publish()
    evidence.keep_anchor()
    return evidence


def verified(evidence: Evidence) -> AuditReport:
    return evidence.verify(evidence.primary)


def notes_apart(report: AuditReport) -> list[str]:
    return [finding.code for finding in report.findings if finding.severity != "note"]


def files_below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def test_sound_evidence_verifies_with_nothing_to_say(long_evidence: Evidence) -> None:
    report = long_evidence.verify()
    assert (report.answer, report.findings) == ("yes", ())
    assert report.ranges.witnessed == (0, 552)


def test_a_flipped_byte_in_any_ledger_file_is_broken_and_named(long_evidence: Evidence) -> None:
    """First, last and middle byte of every checkpoint, head, tile, partial tile and entry bundle."""
    ledger = long_evidence.primary / "ledger"
    files = list(files_below(ledger))
    assert len(files) > 12
    for path in files:
        size = path.stat().st_size
        for at in {0, 1, size // 2, size - 1}:
            flip(path, at)
            report = verified(long_evidence)
            places = {finding.place for finding in report.findings if finding.severity == "broken"}
            assert (report.answer, f"ledger/{path.relative_to(ledger)}" in places) == ("no", True), (path, at)
            flip(path, at)
    assert verified(long_evidence).answer == "yes"


def test_a_missing_ledger_file_is_broken_and_named(long_evidence: Evidence) -> None:
    ledger = long_evidence.primary / "ledger"
    needed = {"tile/0/000", "tile/0/001", "tile/0/002.p/41", "tile/1/000.p/2"}
    needed |= {"tile/entries/000", "tile/entries/001", "tile/entries/002.p/41"}
    for name in sorted(needed):
        kept = (ledger / name).read_bytes()
        (ledger / name).unlink()
        report = verified(long_evidence)
        places = {finding.place for finding in report.findings if finding.code in {"A106", "A111"}}
        assert (report.answer, places) == ("no", {f"ledger/{name}"})
        (ledger / name).write_bytes(kept)


def test_a_changed_entry_is_named_by_number_and_alone(long_evidence: Evidence) -> None:
    path = long_evidence.primary / "ledger/tile/entries/001"
    flip(path, path.read_bytes().index(b'"subject":"station"') + 12)
    report = verified(long_evidence)
    assert codes(report) == ["A107"]
    assert found(report, "A107").text == (
        "ledger/tile/entries/001: entry 256 is not the one that was recorded; 1 entries of this file are affected"
    )


def test_the_last_entry_of_a_bundle_is_named_and_not_the_next_one(long_evidence: Evidence) -> None:
    path = long_evidence.primary / "ledger/tile/entries/000"
    flip(path, path.read_bytes().rindex(b'"subject":"station"') + 12)
    report = verified(long_evidence)
    assert codes(report) == ["A107"]
    assert found(report, "A107").facts["seq"] == 255


def test_bytes_after_the_last_entry_of_a_bundle_are_broken(long_evidence: Evidence) -> None:
    for name in ("000", "002.p/41"):
        path = long_evidence.primary / "ledger/tile/entries" / name
        path.chmod(0o600)
        with path.open("ab") as file:
            file.write(b"\0")
    report = verified(long_evidence)
    assert report.answer == "no"
    assert {f.place for f in report.findings if f.code == "A110"} == {
        "ledger/tile/entries/000",
        "ledger/tile/entries/002.p/41",
    }


def test_a_removed_bundle_says_from_where_on_entries_are_missing(long_evidence: Evidence) -> None:
    (long_evidence.primary / "ledger/tile/entries/001").unlink()
    report = verified(long_evidence)
    assert codes(report) == ["A106"]
    assert found(report, "A106").text == (
        "ledger/tile/entries/001 is missing: entry 256 is not there, a signed head covers 553 entries"
    )


def test_where_bundle_and_tile_are_both_gone_the_rest_is_called_unchecked(long_evidence: Evidence) -> None:
    ledger = long_evidence.primary / "ledger"
    (ledger / "tile/entries/001").unlink()
    (ledger / "tile/0/001").unlink()
    report = verified(long_evidence)
    assert notes_apart(report)[0] == "A106"
    assert "nothing from entry 256 on could be followed" in found(report, "A121").text


def test_an_entry_changed_together_with_its_tile_breaks_the_chain(evidence: Evidence) -> None:
    lines = [entry.line for entry in evidence.entries]
    lines[5] = lines[5].replace(b"clock.mark", b"clock.mask")
    rewrite(evidence.primary, lines)
    report = verified(evidence)
    assert report.answer == "no"
    assert found(report, "A108").place == "ledger/tile/entries/000.p/7"
    assert "the chain is broken at entry 6" in found(report, "A108").text
    assert "A105" in codes(report)


def test_an_entry_with_a_key_twice_is_malformed(evidence: Evidence) -> None:
    lines = [entry.line for entry in evidence.entries]
    lines[6] = lines[6].replace(b'"seq":6', b'"seq":6,"seq":6')
    rewrite(evidence.primary, lines)
    report = verified(evidence)
    assert found(report, "A109").text == (
        "ledger/tile/entries/000.p/7: entry 6 is not a ledger entry: a key that appears twice"
    )
    assert [finding.place for finding in report.findings if finding.code == "A105"] == [
        "ledger/checkpoint",
        "ledger/heads/7",
    ]


def test_a_last_entry_rewritten_with_tile_shows_against_every_head(evidence: Evidence) -> None:
    lines = [entry.line for entry in evidence.entries]
    lines[6] = lines[6].replace(b"clock.mark", b"clock.mask")
    rewrite(evidence.primary, lines)
    report = verified(evidence)
    assert report.answer == "no"
    assert "A005" in codes(report)
    assert "signs the root" in next(f.text for f in report.findings if f.code == "A105")


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


def test_an_unsigned_tail_cannot_be_told(evidence: Evidence) -> None:
    """A publication stopped before its head was written."""
    evidence.marks(2)
    evidence.publish(["primary"])
    shutil.copy(evidence.backup / "ledger/checkpoint", evidence.primary / "ledger/checkpoint")
    (evidence.primary / "ledger/heads/9").unlink()
    report = verified(evidence)
    assert report.answer == "cannot-tell"
    assert found(report, "A113").text == ("entries 7 to 8 come after the newest signed head: nobody vouches for them")
    assert report.ranges.to_json() == {"witnessed": [0, 6], "station_signed_only": None, "unsigned_tail": [7, 8]}


def test_an_unsigned_tail_neither_promises_nor_excuses_a_bag(evidence: Evidence) -> None:
    evidence.add("bag.quarantined", {"store_id": "primary", "bag_path": "clips/2026/11/21/clip-a", "reason": "bad"})
    evidence.publish(["primary"])
    shutil.copy(evidence.backup / "ledger/checkpoint", evidence.primary / "ledger/checkpoint")
    (evidence.primary / "ledger/heads/8").unlink()
    shutil.rmtree(evidence.primary / "clips/2026/11/21/clip-a")
    assert "A301" in codes(verified(evidence))


def test_a_tail_across_bundles_is_followed(tmp_path: Path) -> None:
    evidence = build(tmp_path)
    evidence.publish()
    evidence.keep_anchor()
    evidence.marks(600)
    evidence.publish(["primary"])
    shutil.copy(evidence.backup / "ledger/checkpoint", evidence.primary / "ledger/checkpoint")
    (evidence.primary / "ledger/heads/603").unlink()
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
    evidence.publish(["primary"])
    shutil.copy(evidence.backup / "ledger/checkpoint", evidence.primary / "ledger/checkpoint")
    report = verified(evidence)
    assert (report.answer, report.ranges.station_signed_only) == ("yes", (7, 8))
    assert found(report, "A117").place == "ledger/heads/9"


def test_a_superseded_bundle_that_was_changed_is_broken(evidence: Evidence) -> None:
    flip(evidence.primary / "ledger/tile/entries/000.p/4", 30)
    report = verified(evidence)
    assert notes_apart(report) == ["A110"]
    assert found(report, "A110").text == (
        "ledger/tile/entries/000.p/4 is not what the entries imply; the first difference concerns entry 0"
    )


def test_links_and_specials_in_the_ledger_are_broken_and_not_followed(evidence: Evidence) -> None:
    ledger = evidence.primary / "ledger"
    shutil.move(ledger / "tile", evidence.root / "tile")
    (ledger / "tile").symlink_to(evidence.root / "tile")
    os.mkfifo(ledger / "heads/8")
    report = verified(evidence)
    assert report.answer == "no"
    assert {f.text for f in report.findings if f.code == "A207"} == {
        "ledger/tile is a symlink: nothing in a store may be one, it was not followed",
        "ledger/heads/8 is a fifo: nothing in a store may be one, it was not followed",
    }
    assert "A106" in codes(report)


def test_the_ledger_folder_itself_may_not_be_a_link(evidence: Evidence) -> None:
    shutil.move(evidence.primary / "ledger", evidence.root / "ledger")
    (evidence.primary / "ledger").symlink_to(evidence.root / "ledger")
    report = verified(evidence)
    assert report.answer == "no"
    assert {"A004", "A207"} <= set(codes(report))


def test_strange_files_in_the_ledger_are_notes_with_printable_names(evidence: Evidence) -> None:
    name = os.fsencode(evidence.primary / "ledger") + "/tile/\u202eevil\nOK\x1b[0m".encode() + b"\xff"
    Path(os.fsdecode(name)).touch()
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("yes", ["A112"])
    assert found(report, "A112").place == "ledger/tile/\\u202eevil\\nOK\\x1b[0m\\xff"


def test_a_file_that_is_too_large_cannot_be_read(evidence: Evidence) -> None:
    with (evidence.primary / "ledger/heads/9").open("wb") as file:
        file.truncate(1 << 40)
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("cannot-tell", ["A120"])
    assert found(report, "A120").text == "ledger/heads/9 could not be read: larger than 65536 bytes"


def test_unknown_kinds_are_notes(evidence: Evidence) -> None:
    evidence.add("case.closed", {})
    evidence.add("case.closed", {})
    evidence.publish()
    report = evidence.verify()
    assert (report.answer, set(codes(report))) == ("yes", {"A116"})
    assert report.findings[0].text == (
        "2 entries of the unknown kind case.closed, the first is entry 7: not interpreted"
    )


def test_facts_that_cannot_be_followed_are_broken(evidence: Evidence) -> None:
    evidence.add("clip.sealed", {"bag_path": "clips/../../etc"}, "clip:x")
    evidence.publish()
    report = verified(evidence)
    assert report.answer == "no"
    assert found(report, "A119").text == (
        "entry 7 (clip.sealed) has facts that cannot be followed: the bag path does not lie below clips/"
    )
