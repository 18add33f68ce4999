"""A store folder itself: marker, what lies in it, and what it is not."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.filesystem import FilesystemIdentity
from archive.marker import StoreId, StoreMarker, StoreRole
from bodycam_custody.audit.errors import EvidenceUnreadableError, NoStoreError
from hashing.namespaces import Namespace
from hashing.sshsig import sign
from tests.bodycam_custody.audit.evidence_builder import ORIGIN, Evidence, codes, flip, found


def put_marker(evidence: Evidence, *, store_id: str, origin: str = ORIGIN) -> None:
    """Give the primary another marker, well signed."""
    marker = StoreMarker(
        store_id=StoreId(store_id),
        origin=origin,
        role=StoreRole.PRIMARY,
        filesystem=FilesystemIdentity(kind="ext4", fsid="0", uuid=None),
        disks=None,
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    ).to_bytes()
    signature = sign(marker, evidence.bag_key, Namespace.STORE)
    for name, data in (("custody-store.json", marker), ("custody-store.json.sig", signature)):
        (evidence.primary / name).chmod(0o600)
        (evidence.primary / name).write_bytes(data)


def test_a_missing_store_is_refused(evidence: Evidence, tmp_path: Path) -> None:
    with pytest.raises(EvidenceUnreadableError) as caught:
        evidence.verify(evidence.primary, tmp_path / "nowhere")
    assert str(caught.value) == (
        f"{tmp_path}/nowhere: expected a store or a part of one, but it cannot be read: No such file or directory. "
        "Mount the disk, correct the path, or run this with the right to read it."
    )


def test_a_folder_that_is_no_store_is_refused(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(NoStoreError) as caught:
        evidence.verify(tmp_path / "photos")
    assert str(caught.value) == (
        f"{tmp_path}/photos: expected a store folder with ledger/, clips/ or custody-store.json, found none of them. "
        "Correct the path."
    )


def test_a_store_may_be_given_through_a_link(evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(evidence.primary)
    assert evidence.verify(tmp_path / "link").answer == "yes"


def test_clips_without_a_marker_are_broken(evidence: Evidence) -> None:
    (evidence.primary / "custody-store.json").unlink()
    report = evidence.verify(evidence.primary)
    assert (report.answer, codes(report)) == ("no", ["A201"])
    assert report.counts["bags"] == 2


def test_a_flipped_byte_in_marker_or_signature_is_broken(evidence: Evidence) -> None:
    for name in ("custody-store.json", "custody-store.json.sig"):
        path = evidence.primary / name
        for at in range(0, path.stat().st_size, 29):
            flip(path, at)
            report = evidence.verify(evidence.primary)
            assert (report.answer, codes(report)) == ("no", ["A202"]), (name, at)
            assert "custody-store.json.sig" in found(report, "A202").text
            flip(path, at)


def test_a_bag_is_checked_even_where_the_marker_is_not_signed(evidence: Evidence) -> None:
    (evidence.primary / "custody-store.json.sig").unlink()
    flip(evidence.primary / "clips/2026/11/21/clip-a/data/main.mp4")
    assert codes(evidence.verify(evidence.primary)) == ["A202", "B031"]


def test_a_store_of_another_station_is_broken(evidence: Evidence) -> None:
    put_marker(evidence, store_id="primary", origin="elsewhere/station-2/1")
    report = evidence.verify(evidence.primary)
    assert report.answer == "no"
    assert found(report, "A203").text == (
        f"custody-store.json belongs to the station elsewhere/station-2/1, not to {ORIGIN}"
    )


def test_a_store_that_the_ledger_never_added_cannot_be_told(evidence: Evidence) -> None:
    put_marker(evidence, store_id="third")
    report = evidence.verify(evidence.primary)
    assert report.answer == "cannot-tell"
    assert "no entry that adds the store third" in found(report, "A204").text
    assert codes(report).count("A302") == 2


def test_one_store_given_twice_cannot_be_told(evidence: Evidence) -> None:
    report = evidence.verify(evidence.primary, evidence.primary, evidence.backup)
    assert (report.answer, codes(report)) == ("cannot-tell", ["A205"])
    assert "both say they are the store primary" in found(report, "A205").text


def test_a_ledger_without_its_bags_cannot_be_told(evidence: Evidence, tmp_path: Path) -> None:
    shutil.copytree(evidence.primary / "ledger", tmp_path / "copy/ledger")
    report = evidence.verify(tmp_path / "copy")
    assert report.answer == "cannot-tell"
    assert found(report, "A206").text == (
        f"a ledger without its bags: {tmp_path}/copy has neither store marker nor clips, no clip was checked"
    )


def test_a_store_with_marker_but_without_clips_lacks_every_bag(evidence: Evidence) -> None:
    shutil.rmtree(evidence.primary / "clips")
    report = evidence.verify(evidence.primary)
    assert (report.answer, codes(report)) == ("no", ["A301", "A301", "A209"])


@pytest.mark.parametrize("name", ["clips", "clips/2026", "clips/2026/11/21", "clips/2026/11/21/clip-a"])
def test_a_link_on_the_way_to_a_bag_is_broken_and_not_followed(evidence: Evidence, tmp_path: Path, name: str) -> None:
    shutil.move(evidence.primary / name, tmp_path / "moved")
    (evidence.primary / name).symlink_to(tmp_path / "moved")
    report = evidence.verify(evidence.primary)
    assert report.answer == "no"
    assert found(report, "A207").text == f"{name} is a symlink: nothing in a store may be one, it was not followed"
    assert "clips/2026/11/21/clip-a" in {f.place for f in report.findings if f.code == "A301"}


def test_a_marker_that_is_a_link_is_not_followed(evidence: Evidence, tmp_path: Path) -> None:
    shutil.move(evidence.primary / "custody-store.json", tmp_path / "marker")
    (evidence.primary / "custody-store.json").symlink_to(tmp_path / "marker")
    assert codes(evidence.verify(evidence.primary))[:2] == ["A201", "A207"]


def test_specials_at_the_top_are_broken(evidence: Evidence) -> None:
    os.mkfifo(evidence.primary / "fifo")
    assert found(evidence.verify(), "A207").text.startswith("fifo is a fifo")


def test_strange_names_are_notes_and_printable(evidence: Evidence) -> None:
    folder = os.fsencode(evidence.primary / "clips/2026/")
    for name in (b"\xe2\x80\xaetfel", b"a\nb", b"\xff\xfe", b"x" * 255):
        Path(os.fsdecode(folder + b"/" + name)).mkdir()
    (evidence.primary / "note.txt").touch()
    report = evidence.verify()
    assert (report.answer, set(codes(report))) == ("yes", {"A208"})
    assert {finding.place for finding in report.findings} == {
        "clips/2026/\\u202etfel",
        "clips/2026/a\\nb",
        "clips/2026/\\xff\\xfe",
        "clips/2026/" + "x" * 255,
        "note.txt",
    }


def test_what_is_staged_or_quarantined_counts_for_nothing(evidence: Evidence) -> None:
    (evidence.primary / ".quarantine/clip").symlink_to("/etc")
    (evidence.primary / ".staging/leftover").touch()
    report = evidence.verify()
    assert (report.answer, report.findings) == ("yes", ())
