"""What does not belong into a copy of the ledger: links, strange files, unknown kinds, facts that lead nowhere."""

import os
import shutil
from pathlib import Path

from tests.bodycam_custody.audit.evidence_builder import Evidence, codes, found, verified


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
