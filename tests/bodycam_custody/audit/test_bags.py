"""The bags of the stores against the ledger."""

import shutil
import subprocess

from tests.bodycam_custody.audit.evidence_builder import Evidence, codes, flip, found

CLIP_A = "clips/2026/11/21/clip-a"


def test_a_flipped_byte_in_any_file_of_a_bag_is_broken_and_named(evidence: Evidence) -> None:
    """First, middle and last byte of every file of one bag."""
    bag = evidence.primary / CLIP_A
    files = [path for path in sorted(bag.rglob("*")) if path.is_file()]
    assert len(files) == 7
    for path in files:
        size = path.stat().st_size
        for at in {0, size // 2, size - 1}:
            flip(path, at)
            report = evidence.verify()
            places = {finding.place for finding in report.findings if finding.severity == "broken"}
            assert report.answer == "no"
            assert f"{CLIP_A}/{path.relative_to(bag)}" in places, (path, at)
            assert {finding.store for finding in report.findings} == {str(evidence.primary)}
            flip(path, at)
    assert evidence.verify().answer == "yes"


def test_the_three_stock_tool_checks_agree(evidence: Evidence) -> None:
    """ssh-keygen on the tagmanifest, sha256sum on tagmanifest and manifest: yes on a whole bag, no on a damaged one."""
    bag = evidence.primary / CLIP_A
    signers = str(evidence.trust / "allowed_signers")
    signature = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "station", "-n", "custody-bag", "-s"]

    def stock_tools() -> list[bool]:
        checks = [
            [*signature, "tagmanifest-sha256.txt.sig"],
            ["sha256sum", "--check", "--strict", "tagmanifest-sha256.txt"],
            ["sha256sum", "--check", "--strict", "manifest-sha256.txt"],
        ]
        tagmanifest = (bag / "tagmanifest-sha256.txt").read_bytes()
        return [
            subprocess.run(check, cwd=bag, input=tagmanifest, capture_output=True, check=False).returncode == 0
            for check in checks
        ]

    assert (stock_tools(), evidence.verify().answer) == ([True, True, True], "yes")
    for name, expected in (
        ("tagmanifest-sha256.txt", [False, False, True]),
        ("bag-info.txt", [True, False, True]),
        ("data/main.mp4", [True, True, False]),
    ):
        flip(bag / name)
        assert (stock_tools(), evidence.verify().answer) == (expected, "no"), name
        flip(bag / name)


def test_a_bag_resealed_with_the_stations_own_key_is_not_the_one_in_the_ledger(evidence: Evidence) -> None:
    shutil.rmtree(evidence.primary / CLIP_A)
    evidence.write_bag("clip-a", b"another film", ["primary"])
    assert codes(evidence.verify()) == ["B010"]


def test_a_missing_bag_is_broken(evidence: Evidence) -> None:
    shutil.rmtree(evidence.backup / CLIP_A)
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("no", ["A301"])
    assert found(report, "A301").store == str(evidence.backup)
    assert found(report, "A301").text == (f"the bag {CLIP_A} is missing; entry 3 says this store holds it")


def test_a_bag_without_an_entry_is_not_evidence(evidence: Evidence) -> None:
    path, _ = evidence.write_bag("clip-z", b"never entered", ["backup"])
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("cannot-tell", ["A302"])
    assert found(report, "A302").text == (
        f"the bag {path} is not evidence: no entry of the ledger says this store holds it"
    )


def test_a_copy_that_the_ledger_does_not_know_of_is_not_evidence(evidence: Evidence) -> None:
    evidence.seal("clip-c", stores=["primary"])
    evidence.publish()
    shutil.copytree(evidence.primary / "clips/2026/11/21/clip-c", evidence.backup / "clips/2026/11/21/clip-c")
    assert codes(evidence.verify()) == ["A302"]


def test_a_clip_of_which_no_copy_is_left_is_broken(evidence: Evidence) -> None:
    for store in ("primary", "backup"):
        evidence.add("bag.quarantined", {"store_id": store, "bag_path": CLIP_A, "reason": "bad"})
        shutil.rmtree(evidence.root / store / CLIP_A)
    evidence.publish()
    report = evidence.verify()
    assert (report.answer, codes(report)) == ("no", ["A303"])
    assert "no store holds the bag" in found(report, "A303").text


def test_no_entry_excuses_that_a_clip_is_gone_as_nobody_here_destroys_one(evidence: Evidence) -> None:
    evidence.add("tombstone.signed", {}, "clip:clip-a")
    evidence.publish()
    shutil.rmtree(evidence.primary / CLIP_A)
    shutil.rmtree(evidence.backup / CLIP_A)
    report = evidence.verify()
    assert report.answer == "no"
    assert [code for code in codes(report) if code == "A301"] == ["A301", "A301"]


def test_a_store_that_was_not_given_is_a_note(evidence: Evidence) -> None:
    report = evidence.verify(evidence.primary)
    assert (report.answer, codes(report)) == ("yes", ["A209"])
    assert found(report, "A209").text == (
        "the ledger says the store backup holds 2 bags; it was not given, they were not checked"
    )


def test_a_link_inside_a_bag_is_broken(evidence: Evidence) -> None:
    data = evidence.primary / CLIP_A / "data/main.mp4"
    shutil.move(data, evidence.root / "main.mp4")
    data.symlink_to(evidence.root / "main.mp4")
    report = evidence.verify()
    assert report.answer == "no"
    assert found(report, "B003").place == f"{CLIP_A}/data/main.mp4"


def test_hostile_names_inside_a_bag_stay_printable(evidence: Evidence) -> None:
    (evidence.primary / CLIP_A / "data/\u202egpj.exe\n").touch()
    report = evidence.verify()
    assert found(report, "B002").place == f"{CLIP_A}/data/\\u202egpj.exe\\n"
    assert "\u202e" not in found(report, "B002").text
