"""`--seen` takes the receipts that officers kept: their signature is verified, and the head in them counts (R39)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bodycam_custody.audit.errors import SeenUnreadableError
from hashing.canonical import Json, canonical_bytes
from hashing.namespaces import Namespace
from hashing.sshsig import sign
from tests.bodycam_custody.audit.evidence_builder import Evidence, found, small_station


def keep_receipt(evidence: Evidence, path: Path, *, size: int | None = None, **changed: Json) -> Path:
    """Keep what an officer keeps: the signed form of a receipt, as far as an auditor reads it."""
    note = evidence.checkpoint(size).decode()
    facts: dict[str, Json] = {"v": 1, "kind": "custody-receipt", "checkpoint": {"note": note}, "files": []}
    path.write_bytes(canonical_bytes(facts | changed))
    resign(evidence, path)
    return path


def resign(evidence: Evidence, path: Path, namespace: Namespace = Namespace.RECEIPT) -> None:
    path.with_name(f"{path.name}.sig").write_bytes(sign(path.read_bytes(), evidence.bag_key, namespace))


def test_the_head_in_a_receipt_makes_entries_witnessed(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    receipt = keep_receipt(evidence, tmp_path / "receipt.json", size=3)
    (evidence.trust / "checkpoint").unlink()
    report = evidence.verify(seen=[receipt])
    assert report.ranges.witnessed == (0, 2)
    assert [one.code for one in report.findings] == ["A001"]


def test_a_tail_cut_behind_a_receipt_is_broken(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    evidence.marks(3)
    receipt = keep_receipt(evidence, tmp_path / "receipt.json")
    report = evidence.verify(evidence.primary, seen=[receipt])
    assert report.answer == "no"
    assert found(report, "A006").text.endswith(f"the seen head {receipt} covers {len(evidence.entries)}")


def other_head(evidence: Evidence, receipt: Path) -> None:
    keep_receipt(evidence, receipt, checkpoint={"note": "cg.example.gov.cn/station-1/1\n3\nAAAA\n\n"})


def changed(evidence: Evidence, receipt: Path) -> None:
    receipt.write_bytes(receipt.read_bytes().replace(b'"files":[]', b'"files":[1]'))


def other_namespace(evidence: Evidence, receipt: Path) -> None:
    resign(evidence, receipt, Namespace.BAG)


def other_kind(evidence: Evidence, receipt: Path) -> None:
    keep_receipt(evidence, receipt, kind="custody-list")


def no_head(evidence: Evidence, receipt: Path) -> None:
    keep_receipt(evidence, receipt, checkpoint=None)


def no_json(evidence: Evidence, receipt: Path) -> None:
    receipt.write_bytes(b"{" * 100_000)
    resign(evidence, receipt)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (changed, "signature"),
        (other_namespace, "it was made for another purpose"),
        (other_head, "text and signatures are not separated by an empty line"),
        (other_kind, "it is no receipt of version 1"),
        (no_head, "it is no receipt of version 1"),
        (no_json, "it is no receipt of version 1"),
    ],
)
def test_a_receipt_the_station_did_not_sign_is_broken(
    tmp_path: Path, damage: Callable[[Evidence, Path], None], reason: str
) -> None:
    evidence = small_station(tmp_path)
    receipt = keep_receipt(evidence, tmp_path / "receipt.json")
    damage(evidence, receipt)
    report = evidence.verify(seen=[receipt])
    assert (report.answer, found(report, "A011").place) == ("no", str(receipt))
    assert reason in found(report, "A011").text


def test_a_receipt_without_its_signature_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    receipt = keep_receipt(evidence, tmp_path / "receipt.json")
    receipt.with_name("receipt.json.sig").unlink()
    with pytest.raises(SeenUnreadableError, match=r"receipt\.json\.sig: expected a checkpoint"):
        evidence.verify(seen=[receipt])
