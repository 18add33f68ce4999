"""What the auditor trusts, and how a trust folder that cannot be used is refused."""

from pathlib import Path

import pytest

from bodycam_custody.audit.errors import SeenUnreadableError, TrustUnusableError
from hashing.checkpoint import NoteSigner
from hashing.ssh_keys import SigningKey
from tests.bodycam_custody.audit.evidence_builder import ORIGIN, allowed_signers, codes, flip, found, small_station


def test_a_missing_trust_file_is_refused_by_name(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    for name in ("allowed_signers", "station.vkey", "genesis"):
        kept = (evidence.trust / name).read_bytes()
        (evidence.trust / name).unlink()
        with pytest.raises(TrustUnusableError, match=f"trust/{name}: expected .*, found: No such file or directory"):
            evidence.verify()
        (evidence.trust / name).write_bytes(kept)


def test_a_missing_trust_folder_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    evidence.trust.rename(tmp_path / "elsewhere")
    with pytest.raises(TrustUnusableError) as caught:
        evidence.verify()
    assert str(caught.value) == (
        f"{tmp_path}/trust/allowed_signers: "
        "expected the station's bag key as an allowed_signers line with namespaces=, found: No such file or directory. "
        "The trust folder is the one you keep yourself, never one from the disk of a store."
    )


def test_allowed_signers_without_namespaces_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    path = evidence.trust / "allowed_signers"
    principal, _, key = path.read_text().split(" ", 2)
    path.write_text(f"{principal} {key}")
    with pytest.raises(TrustUnusableError, match="namespaces= is missing, so the key would be good for every purpose"):
        evidence.verify()


def test_allowed_signers_without_the_station_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    path = evidence.trust / "allowed_signers"
    path.write_text(path.read_text().replace("station", "officer-7", 1))
    with pytest.raises(TrustUnusableError, match="no line for the principal station"):
        evidence.verify()


def test_a_genesis_that_is_no_leaf_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    (evidence.trust / "genesis").write_text("x\u202e")
    with pytest.raises(TrustUnusableError, match="expected the leaf of entry 0 as 64 hexadecimal digits"):
        evidence.verify()


def test_a_vkey_that_is_no_key_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    flip(evidence.trust / "station.vkey", at=-3)
    with pytest.raises(TrustUnusableError, match="expected the station's checkpoint key"):
        evidence.verify()


def test_without_an_anchor_nobody_can_tell_and_the_gap_is_named(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    (evidence.trust / "checkpoint").unlink()
    report = evidence.verify()
    assert report.answer == "cannot-tell"
    assert codes(report) == ["A001"]
    assert "Entries cut off after the newest head in the stores" in found(report, "A001").text
    assert report.ranges.witnessed is None
    assert report.ranges.station_signed_only == (0, 6)


def test_an_anchor_of_another_key_is_broken(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    evidence.signer = NoteSigner.from_seed(ORIGIN, b"x" * 32)
    evidence.keep_anchor()
    report = evidence.verify()
    assert report.answer == "no"
    assert found(report, "A002").place == f"{evidence.trust}/checkpoint"
    assert "it carries no signature of the expected key" in found(report, "A002").text


def test_a_flipped_byte_in_the_anchor_is_broken(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    for at in range(0, (evidence.trust / "checkpoint").stat().st_size, 5):
        flip(evidence.trust / "checkpoint", at)
        report = evidence.verify(evidence.primary)
        assert (report.answer, found(report, "A002").place) == ("no", f"{evidence.trust}/checkpoint"), at
        flip(evidence.trust / "checkpoint", at)


def test_a_seen_head_of_another_key_is_broken(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    evidence.signer = NoteSigner.from_seed(ORIGIN, b"x" * 32)
    (tmp_path / "seen").write_bytes(evidence.checkpoint())
    report = evidence.verify(seen=[tmp_path / "seen"])
    assert report.answer == "no"
    assert found(report, "A003").place == f"{tmp_path}/seen"


def test_a_seen_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    with pytest.raises(SeenUnreadableError) as caught:
        evidence.verify(seen=[tmp_path / "nowhere"])
    assert str(caught.value) == (
        f"{tmp_path}/nowhere: expected a checkpoint that somebody kept, or a receipt with its signature beside it, but "
        "it cannot be read: No such file or directory. Correct the path."
    )


def test_a_ledger_of_another_genesis_is_broken(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    (evidence.trust / "genesis").write_text("0" * 64 + "\n")
    report = evidence.verify(evidence.primary)
    assert report.answer == "no"
    assert found(report, "A009").text == (
        f"entry 0 is not the genesis that is trusted: its leaf is {evidence.entries[0].leaf.hex()}, "
        f"trust/genesis says {'0' * 64}"
    )


def test_bags_of_another_key_are_broken(tmp_path: Path) -> None:
    evidence = small_station(tmp_path)
    (evidence.trust / "allowed_signers").write_bytes(allowed_signers(SigningKey.from_seed(b"x" * 32)))
    report = evidence.verify(evidence.primary)
    assert report.answer == "no"
    assert codes(report) == ["A202", "B011", "B011"]
