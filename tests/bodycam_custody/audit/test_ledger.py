"""Damage to the bytes of one copy of the ledger: what is found, and where."""

from collections.abc import Iterator
from pathlib import Path

from tests.bodycam_custody.audit.evidence_builder import Evidence, codes, flip, found, notes_apart, rewrite, verified


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


def test_a_superseded_bundle_that_was_changed_is_broken(evidence: Evidence) -> None:
    flip(evidence.primary / "ledger/tile/entries/000.p/4", 30)
    report = verified(evidence)
    assert notes_apart(report) == ["A110"]
    assert found(report, "A110").text == (
        "ledger/tile/entries/000.p/4 is not what the entries imply; the first difference concerns entry 0"
    )
