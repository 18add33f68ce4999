"""Bags are the same bytes for the same facts, and every stock tool accepts them."""

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.bag import (
    SIGNATURE,
    TAGMANIFEST,
    BagPayload,
    bag_path,
    payload_name,
    tag_files,
    write_tags,
)
from archive.bag_findings import BagDamage
from archive.errors import AlreadyThereError
from hashing.digest import Digest
from hashing.namespaces import Namespace
from tests.archive import bag_maker
from tests.archive.bag_maker import BAG_ID, CLIP_JSON, ORIGIN, PAYLOAD, SEALED_AT, SIGNERS, SOFTWARE, make_bag

EMPTY = Digest.of(b"")
FORMAT_PAGE = Path(__file__).parents[2] / "docs" / "bag-format.md"


def test_the_tag_files_are_exactly_these_bytes() -> None:
    """Golden vector: docs/bag-format.md describes these bytes; a change here is a change of the format."""
    tags = bag_maker.tags_of(PAYLOAD)
    assert list(tags) == ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "custody/clip.json", TAGMANIFEST]
    assert tags["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert tags["bag-info.txt"] == (
        b"External-Identifier: mzxw6ytboi2dgnbvgy3tqojqmfrggzdf\n"
        b"Bagging-Date: 2026-11-21\n"
        b"Bag-Software-Agent: bodycam-custody 0.1.0\n"
        b"Payload-Oxum: 5128.2\n"  # bytes of both payload files, then how many they are
        b"Custody-Origin: cg.example.gov.cn/station-1/1\n"
        b"Custody-Sealed-At: 2026-11-21T23:59:58.123456Z\n"
    )
    assert tags["manifest-sha256.txt"] == (
        b"4345361085c730756d843f13849c50a996fe2f1fac3a7ac05fb063bb743a423e  data/main.mp4\n"
        b"9c9027d0e0bdfe9e5fba53c1e19e3b8ea9a6ee76589467e279b3293d42c59444  data/sidecar-1.xml\n"
    )
    assert tags["custody/clip.json"] == CLIP_JSON
    assert tags[TAGMANIFEST] == (
        b"37a1098757cf16a0ae0f85b246dafbb8a688412885ef1883e038e3b7062f8f85  bag-info.txt\n"
        b"1712ecfb074bf29c4188ad3421032509159a09739fd604f8fe57038b4ddefcc9  bagit.txt\n"
        b"8750ce8365f72e79e5c1978418c3af334252839dfd506f10cb358f1d2a41f422  custody/clip.json\n"
        b"024e2f1fd50dffb7d21d65d8fc31a6ba09f336114d09061dfa06f01eb57b679b  manifest-sha256.txt\n"
    )


def test_the_format_page_shows_the_bytes_that_are_written(tmp_path: Path) -> None:
    """The signature is one of them: Ed25519 is deterministic, so one key and one tagmanifest give one file."""
    bag = make_bag(tmp_path).path
    page = FORMAT_PAGE.read_text()
    vectors = dict(re.findall(r"<!-- vector: (\S+) -->\n```\n(.*?)```\n", page, re.DOTALL))
    assert set(vectors) == {*bag_maker.tags_of(PAYLOAD), SIGNATURE}
    assert vectors == {name: (bag / name).read_text() for name in vectors}


def test_the_commands_on_the_format_page_accept_the_bag(tmp_path: Path) -> None:
    (commands,) = re.findall(r"<!-- commands -->\n```sh\n(.*?)```\n", FORMAT_PAGE.read_text(), re.DOTALL)
    bag = make_bag(tmp_path).path
    (tmp_path / "allowed_signers").write_bytes(SIGNERS.format())
    environment = {**os.environ, "TRUST": str(tmp_path)}
    for command in commands.splitlines():
        done = subprocess.run(command, shell=True, cwd=bag, env=environment, capture_output=True)  # noqa: S602  # ours
        assert done.returncode == 0, (command, done.stderr)
    assert commands.count("\n") == 3


def test_the_format_page_lists_every_finding() -> None:
    rows = re.findall(r"^\| (B\d{3}) \| ([a-z-]+) \|", FORMAT_PAGE.read_text(), re.MULTILINE)
    assert rows == [(damage.value, damage.name.lower().replace("_", "-")) for damage in BagDamage]


def test_the_order_of_the_payload_changes_no_byte() -> None:
    reversed_payload = dict(reversed(PAYLOAD.items()))
    assert bag_maker.tags_of(reversed_payload) == bag_maker.tags_of(PAYLOAD)


def test_a_bag_lies_under_the_utc_date_of_its_sealing() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert bag_path(SEALED_AT, BAG_ID) == PurePosixPath(f"clips/2026/11/21/{BAG_ID}")
    assert bag_path(datetime(2026, 1, 1, 7, 59, tzinfo=shanghai), BAG_ID).parts[:4] == ("clips", "2025", "12", "31")


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        bag_path(datetime(2026, 1, 1), BAG_ID)  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize("bag_id", ["", "..", "a/b", "a b", "-a", "a\n", "ä", "x" * 200])
def test_an_id_that_could_leave_its_folder_is_refused(bag_id: str) -> None:
    with pytest.raises(ValueError, match="not an id of a bag"):
        bag_path(SEALED_AT, bag_id)


@pytest.mark.parametrize(
    ("kind", "original", "name"),
    [
        ("main", b"DCIM/100MEDIA/010001_123_20260101120000_0001.MP4", "data/main.mp4"),
        ("sidecar-1", b"police/video/a_IMP.GPS", "data/sidecar-1.gps"),
        ("sidecar-12", b"a.xml", "data/sidecar-12.xml"),
        ("main", b"no-extension", "data/main.bin"),
        ("main", b"folder.mp4/name", "data/main.bin"),
        ("main", b".mp4", "data/main.bin"),
        ("main", b"a.", "data/main.bin"),
        ("main", b"a.toolongext", "data/main.bin"),
        ("main", b"a.mp4\n", "data/main.bin"),
        ("main", b"a\n.mp4", "data/main.mp4"),
        ("main", b"a.mp4 ", "data/main.bin"),
        ("main", b"a.\xff\xfe", "data/main.bin"),
        ("main", "a.视频".encode(), "data/main.bin"),
        ("main", "\u202e4pm.exe".encode(), "data/main.exe"),
        ("main", b"a.tar.gz", "data/main.gz"),
    ],
)
def test_nothing_of_a_cards_name_but_a_plain_extension_reaches_the_bag(  # R8
    kind: str, original: bytes, name: str
) -> None:
    assert payload_name(kind, original) == name


@pytest.mark.parametrize("kind", ["", "Main", "sidecar", "sidecar-0", "sidecar--1", "../main", "main\n"])
def test_a_payload_is_main_or_a_numbered_sidecar(kind: str) -> None:
    with pytest.raises(ValueError, match="neither main nor sidecar"):
        payload_name(kind, b"a.mp4")


@given(st.binary(max_size=300))
def test_every_name_a_card_can_carry_becomes_a_valid_payload_name(original: bytes) -> None:
    BagPayload(name=payload_name("main", original), size_bytes=0, sha256=EMPTY)


@pytest.mark.parametrize(
    "name", ["main.mp4", "data/../x.mp4", "data/main", "data/main.MP4", "data/a.mp4", "/data/main.a"]
)
def test_a_payload_with_another_name_cannot_exist(name: str) -> None:
    with pytest.raises(ValueError, match="not a payload name"):
        BagPayload(name=name, size_bytes=0, sha256=EMPTY)


def test_a_bag_without_payload_or_with_one_name_twice_is_refused() -> None:
    twice = [BagPayload(name="data/main.mp4", size_bytes=0, sha256=EMPTY)] * 2
    for payload in ([], twice):
        with pytest.raises(ValueError, match="different names"):
            tag_files(
                bag_id=BAG_ID, payload=payload, clip_json=b"", sealed_at=SEALED_AT, origin=ORIGIN, software=SOFTWARE
            )


def test_a_line_break_cannot_be_smuggled_into_bag_info() -> None:
    payload = [BagPayload(name="data/main.mp4", size_bytes=0, sha256=EMPTY)]
    with pytest.raises(ValueError, match="Custody-Origin cannot stand on one line"):
        tag_files(
            bag_id=BAG_ID,
            payload=payload,
            clip_json=b"",
            sealed_at=SEALED_AT,
            origin="a\nPayload-Oxum: 0.0",
            software=SOFTWARE,
        )


@pytest.mark.parametrize("durable", [True, False])
def test_a_written_bag_has_all_its_files_and_nobody_else_may_read_them(tmp_path: Path, durable: bool) -> None:  # R9
    bag = make_bag(tmp_path, durable=durable).path
    files = sorted(path for path in bag.rglob("*") if path.is_file())
    assert [str(path.relative_to(bag)) for path in files] == [
        "bag-info.txt",
        "bagit.txt",
        "custody/clip.json",
        "data/main.mp4",
        "data/sidecar-1.xml",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "tagmanifest-sha256.txt.sig",
    ]
    assert {path.stat().st_mode & 0o7777 for path in files} == {0o440}
    assert (bag / "custody").stat().st_mode & 0o7777 == 0o750


def test_a_sealed_bag_is_never_written_over(tmp_path: Path) -> None:
    bag = make_bag(tmp_path).path
    before = {path: path.read_bytes() for path in bag.rglob("*") if path.is_file()}
    with pytest.raises(AlreadyThereError):
        write_tags(bag, bag_maker.tags_of({"data/main.mp4": b"other"}), b"signature", durable=False)
    assert {path: path.read_bytes() for path in bag.rglob("*") if path.is_file()} == before


def test_the_signature_is_the_last_file_so_that_an_interrupted_bag_has_none(tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    bag.mkdir()
    (bag / TAGMANIFEST).write_bytes(b"in the way")
    with pytest.raises(AlreadyThereError):
        write_tags(bag, bag_maker.tags_of(PAYLOAD), b"signature", durable=True)
    assert not (bag / SIGNATURE).exists()


def test_sha256sum_accepts_both_manifests(tmp_path: Path) -> None:
    bag = make_bag(tmp_path).path
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=bag, check=True)


def test_bagit_accepts_the_bag(tmp_path: Path) -> None:
    bag = make_bag(tmp_path).path
    program = "import bagit, sys; bagit.Bag(sys.argv[1]).validate()"
    for command in ([sys.executable, "-m", "bagit", "--validate"], [sys.executable, "-c", program]):
        done = subprocess.run([*command, str(bag)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_ssh_keygen_accepts_the_signature_for_bags_and_for_nothing_else(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("needs ssh-keygen (openssh-client)")
    bag = make_bag(tmp_path).path
    allowed = tmp_path / "allowed_signers"
    allowed.write_bytes(SIGNERS.format())
    for namespace, expected in ((Namespace.BAG, 0), (Namespace.STORE, 255)):
        with (bag / TAGMANIFEST).open("rb") as tagmanifest:
            command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "station", "-n", namespace]
            done = subprocess.run([*command, "-s", str(bag / SIGNATURE)], stdin=tagmanifest, capture_output=True)
        assert done.returncode == expected, done.stderr


def test_the_date_is_the_utc_date_whatever_zone_the_time_comes_in() -> None:
    payload = [BagPayload(name="data/main.mp4", size_bytes=0, sha256=EMPTY)]
    there = SEALED_AT.astimezone(timezone(timedelta(hours=8)))
    one, other = (
        tag_files(bag_id=BAG_ID, payload=payload, clip_json=b"", sealed_at=at, origin=ORIGIN, software=SOFTWARE)
        for at in (SEALED_AT.astimezone(UTC), there)
    )
    assert one == other
