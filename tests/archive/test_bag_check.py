"""Nothing in a sealed bag can change, vanish or appear without a finding that names it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.bag import BAG_INFO, BAGIT_TXT, CLIP_JSON, COVERED_TAGS, MANIFEST, SIGNATURE, TAGMANIFEST
from archive.bag_check import MAX_TAG_BYTES, check_bag
from archive.bag_findings import TEMPLATES, BagDamage, BagFinding
from archive.durable import flush_filesystem
from hashing.digest import Digest
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from tests.archive import fault_filesystem as fault
from tests.archive.bag_maker import (
    KEY,
    PAYLOAD,
    MadeBag,
    make_bag,
    overwrite,
    reseal,
    sign_tagmanifest,
    verify_signature,
)
from tests.archive.loop_filesystem import small_ext4
from tests.bodycam_custody.odd_card import UNLISTED, UNREADABLE, odd_card


@pytest.fixture
def bag(tmp_path: Path) -> MadeBag:
    return make_bag(tmp_path)


def _check(bag: MadeBag, *, path: Path | None = None) -> tuple[BagFinding, ...]:
    return check_bag(path or bag.path, verify_signature=verify_signature, expected_tagmanifest=bag.tagmanifest)


def _found(bag: MadeBag) -> list[tuple[str, str]]:
    return [(finding.code.name, finding.place) for finding in _check(bag)]


def _files(bag: MadeBag) -> Iterator[Path]:
    yield from sorted(path for path in bag.path.rglob("*") if path.is_file())


def test_a_whole_bag_has_no_findings(bag: MadeBag) -> None:
    assert _check(bag) == ()


def test_a_bag_with_an_empty_recording_is_whole(tmp_path: Path) -> None:  # R27
    assert _check(make_bag(tmp_path, {"data/main.mp4": b""})) == ()


def test_a_flipped_byte_anywhere_in_any_file_is_found(bag: MadeBag) -> None:
    for path in list(_files(bag)):
        whole = path.read_bytes()
        places = range(len(whole)) if len(whole) < 1024 else [*range(0, len(whole), 509), len(whole) - 1]
        for place in places:
            damaged = bytearray(whole)
            damaged[place] ^= 0x01
            overwrite(path, bytes(damaged))
            findings = _check(bag)
            assert findings, f"byte {place} of {path}"
            assert path.relative_to(bag.path).as_posix() in {finding.place for finding in findings}
        overwrite(path, whole)
    assert _check(bag) == ()


def test_every_bit_of_the_signature_counts(bag: MadeBag) -> None:
    whole = (bag.path / SIGNATURE).read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            overwrite(bag.path / SIGNATURE, bytes(damaged))
            assert _found(bag) == [("SIGNATURE_REFUSED", SIGNATURE)], f"bit {bit} of byte {place}"


@pytest.mark.parametrize("name", [*COVERED_TAGS, TAGMANIFEST, SIGNATURE])
def test_a_missing_tag_file_is_named(bag: MadeBag, name: str) -> None:
    (bag.path / name).unlink()
    assert ("MISSING", name) in _found(bag)


def test_a_bag_that_is_gone_is_missing(bag: MadeBag, tmp_path: Path) -> None:
    assert ("MISSING", ".") in [(f.code.name, f.place) for f in _check(bag, path=tmp_path / "gone")]


@pytest.mark.parametrize("name", ["notes.txt", "data/main.mp4.bak", "custody/other.json", "tagmanifest-md5.txt"])
def test_a_file_that_no_manifest_lists_is_extra(bag: MadeBag, name: str) -> None:
    (bag.path / name).write_bytes(b"")
    findings = _check(bag)
    assert (findings[0].code, findings[0].place) == (BagDamage.EXTRA, name)
    assert findings[0].text == f"{name}: no manifest of the bag lists this; it was put there after sealing."


def test_a_folder_that_no_bag_has_is_extra(bag: MadeBag) -> None:
    (bag.path / "data" / "more").mkdir()
    assert _found(bag) == [("EXTRA", "data/more")]


def test_a_name_that_is_not_utf_8_is_shown_harmlessly(bag: MadeBag) -> None:
    Path(os.fsdecode(os.fsencode(bag.path) + b"/a\n\xff")).write_bytes(b"")
    assert _found(bag) == [("EXTRA", "a\\n\\xff")]


def test_a_link_to_the_same_bytes_is_not_the_file(bag: MadeBag, tmp_path: Path) -> None:
    clip = bag.path / "data" / "main.mp4"
    clip.rename(tmp_path / "elsewhere.mp4")
    clip.symlink_to(tmp_path / "elsewhere.mp4")
    assert ("SPECIAL", "data/main.mp4") in _found(bag)
    assert ("PAYLOAD_MISSING", "data/main.mp4") in _found(bag)


def test_a_linked_folder_is_not_entered(bag: MadeBag, tmp_path: Path) -> None:
    (bag.path / "data").rename(tmp_path / "elsewhere")
    (bag.path / "data").symlink_to(tmp_path / "elsewhere")
    found = _found(bag)
    assert ("SPECIAL", "data") in found
    assert ("PAYLOAD_MISSING", "data/main.mp4") in found


@pytest.mark.timeout(10)
def test_fifos_and_sockets_are_named_and_never_waited_for(bag: MadeBag, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(bag.path / "fifo")
    monkeypatch.chdir(bag.path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        findings = _check(bag)
    assert [finding.place for finding in findings] == ["fifo", "socket"]
    assert findings[0].text == (
        "fifo: expected a regular file or a folder, found something else (a FIFO); it was not opened."
    )


def test_a_bag_that_is_a_file_or_a_link_is_no_bag(bag: MadeBag, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(bag.path)
    for name in ("file", "link"):
        findings = _check(bag, path=tmp_path / name)
        assert ("SPECIAL", ".") in [(finding.code.name, finding.place) for finding in findings]


@pytest.mark.parametrize("name", ["data/main.mp4", CLIP_JSON])
def test_a_file_that_the_disk_cannot_read_is_named(bag: MadeBag, name: str) -> None:
    with fault.faulty(bag.path, f"{fault.READ_ERROR}:{name}:0") as mount:
        findings = _check(bag, path=mount)
    assert [finding.text for finding in findings] == [f"{name}: it cannot be read (Input/output error)."]


@pytest.mark.parametrize(
    ("kind", "name", "place"),
    [
        (UNREADABLE, MANIFEST, MANIFEST),
        (UNREADABLE, TAGMANIFEST, TAGMANIFEST),
        (UNREADABLE, BAG_INFO, BAG_INFO),
        (UNLISTED, "data", "data"),
        (UNLISTED, "custody", "custody"),
        (UNLISTED, "", "."),
    ],
)
def test_from_what_a_failing_disk_cannot_read_nothing_else_is_concluded(
    bag: MadeBag, kind: str, name: str, place: str
) -> None:
    # A sector that fails is no forgery: the answer is cannot tell, not broken.
    with odd_card(bag.path, kind, name) as worn:
        found = _check(bag, path=worn)
    assert [(finding.code.name, finding.place) for finding in found] == [("UNREADABLE", place)]


def test_a_bag_made_afresh_with_the_stations_key_is_not_the_one_in_the_ledger(bag: MadeBag, tmp_path: Path) -> None:
    other = make_bag(tmp_path / "other", PAYLOAD | {"data/main.mp4": b"something else"})
    findings = _check(bag, path=other.path)
    assert [(finding.code.name, finding.place) for finding in findings] == [("LEDGER_MISMATCH", TAGMANIFEST)]
    assert findings[0].text == (
        f"{TAGMANIFEST}: the ledger says sha256 {bag.tagmanifest.hex}, found {other.tagmanifest.hex}; "
        "this is not the bag that was sealed."
    )
    assert check_bag(other.path, verify_signature=verify_signature, expected_tagmanifest=None) == ()


def test_another_key_or_purpose_is_refused_with_its_reason(bag: MadeBag) -> None:
    tagmanifest = (bag.path / TAGMANIFEST).read_bytes()
    for key, namespace in ((SigningKey.generate(), Namespace.BAG), (KEY, Namespace.STORE)):
        overwrite(bag.path / SIGNATURE, sign(tagmanifest, key, namespace))
        (finding,) = _check(bag)
        assert (finding.code, finding.place) == (BagDamage.SIGNATURE_REFUSED, SIGNATURE)
        assert str(finding.facts["reason"]) in finding.text


def test_a_clip_and_manifest_changed_together_are_found_by_the_tagmanifest(bag: MadeBag) -> None:
    """`sha256sum -c manifest-sha256.txt` passes on this bag."""
    forged = bytes(len(PAYLOAD["data/main.mp4"]))
    manifest = (bag.path / MANIFEST).read_bytes()
    was, is_now = (Digest.of(data).hex.encode() for data in (PAYLOAD["data/main.mp4"], forged))
    overwrite(bag.path / "data/main.mp4", forged)
    overwrite(bag.path / MANIFEST, manifest.replace(was, is_now))
    assert _found(bag) == [("TAG_CHANGED", MANIFEST)]


@pytest.mark.parametrize("name", COVERED_TAGS)
def test_a_tag_file_that_the_signed_tagmanifest_leaves_out_is_not_covered(bag: MadeBag, name: str) -> None:
    lines = (bag.path / TAGMANIFEST).read_bytes().splitlines(keepends=True)
    left = b"".join(line for line in lines if not line.endswith(f"  {name}\n".encode()))
    resealed = MadeBag(path=bag.path, tagmanifest=sign_tagmanifest(bag.path, left))
    assert _found(resealed) == [("NOT_COVERED", name)]


@pytest.mark.parametrize(
    "bad",
    [
        b"\n",
        b"0123  data/main.mp4\n",
        b"%s data/x.mp4\n" % (b"0" * 64),
        b"%s  data/sidecar-2.xml" % (b"0" * 64),
        b"\xff\n",
    ],
)
def test_a_manifest_line_that_says_something_else_is_malformed(bag: MadeBag, bad: bytes) -> None:
    overwrite(bag.path / MANIFEST, (bag.path / MANIFEST).read_bytes() + bad)
    resealed = MadeBag(path=bag.path, tagmanifest=reseal(bag.path))
    (finding,) = _check(resealed)
    assert finding.text == f"{MANIFEST}: line 3 is not as the bag format asks."


def test_a_name_listed_twice_is_malformed(bag: MadeBag) -> None:
    line = (bag.path / MANIFEST).read_bytes().splitlines(keepends=True)[0]
    overwrite(bag.path / MANIFEST, (bag.path / MANIFEST).read_bytes() + b"0" * 64 + line[64:])
    assert _found(MadeBag(path=bag.path, tagmanifest=reseal(bag.path))) == [("MALFORMED", MANIFEST)]


def test_another_bagit_declaration_is_malformed(bag: MadeBag) -> None:
    overwrite(bag.path / BAGIT_TXT, b"BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    assert _found(MadeBag(path=bag.path, tagmanifest=reseal(bag.path))) == [("MALFORMED", BAGIT_TXT)]


def test_a_tag_file_too_large_to_be_ours_is_not_read_into_memory(bag: MadeBag) -> None:
    with (bag.path / "large").open("wb") as file:
        file.truncate(MAX_TAG_BYTES + 1)
    (bag.path / "large").replace(bag.path / TAGMANIFEST)
    assert _found(bag) == [("MALFORMED", TAGMANIFEST)]


@pytest.mark.parametrize(
    "name", ["../../outside.mp4", "/etc/passwd", "data/../../x.mp4", "data/main.mp4/", "~/x", "data/a b"]
)
def test_a_name_that_points_elsewhere_is_never_opened(bag: MadeBag, name: str) -> None:
    line = f"{'0' * 64}  {name}\n".encode()
    overwrite(bag.path / MANIFEST, (bag.path / MANIFEST).read_bytes() + line)
    (finding,) = _check(MadeBag(path=bag.path, tagmanifest=reseal(bag.path)))
    assert finding.code is BagDamage.UNSAFE_NAME
    assert finding.text == (f"{MANIFEST}: line 3 lists {name}, which is no name a bag may hold; it was not opened.")


def test_the_tagmanifest_may_list_tag_files_only(bag: MadeBag) -> None:
    lines = (bag.path / TAGMANIFEST).read_bytes() + b"0" * 64 + b"  data/main.mp4\n"
    resealed = MadeBag(path=bag.path, tagmanifest=sign_tagmanifest(bag.path, lines))
    assert _found(resealed) == [("UNSAFE_NAME", TAGMANIFEST)]


@pytest.mark.parametrize("oxum", [b"Payload-Oxum: 5128.3\n", b"", b"Payload-Oxum: 5128.2\nPayload-Oxum: 5128.2\n"])
def test_a_payload_oxum_that_does_not_fit_is_found(bag: MadeBag, oxum: bytes) -> None:
    info = (bag.path / BAG_INFO).read_bytes()
    overwrite(bag.path / BAG_INFO, info.replace(b"Payload-Oxum: 5128.2\n", oxum))
    (finding,) = _check(MadeBag(path=bag.path, tagmanifest=reseal(bag.path)))
    assert finding.code is BagDamage.OXUM_WRONG
    assert finding.text.endswith("found 5128.2 (bytes.files).")


def test_a_missing_recording_is_named_with_its_digest(bag: MadeBag) -> None:
    (bag.path / "data" / "main.mp4").unlink()
    finding = _check(bag)[-1]
    assert finding.text == (
        "data/main.mp4: the manifest lists this recording with sha256 "
        f"{Digest.of(PAYLOAD['data/main.mp4']).hex}, but it is missing."
    )
    assert _found(bag) == [("OXUM_WRONG", BAG_INFO), ("PAYLOAD_MISSING", "data/main.mp4")]


def test_all_findings_are_reported_not_the_first(bag: MadeBag) -> None:
    for path in (bag.path / "data/main.mp4", bag.path / "data/sidecar-1.xml", bag.path / CLIP_JSON):
        overwrite(path, path.read_bytes()[::-1])
    (bag.path / "extra").write_bytes(b"")
    assert _found(bag) == [
        ("EXTRA", "extra"),
        ("TAG_CHANGED", CLIP_JSON),
        ("PAYLOAD_CHANGED", "data/main.mp4"),
        ("PAYLOAD_CHANGED", "data/sidecar-1.xml"),
    ]


def test_rot_under_the_cache_is_found(tmp_path: Path) -> None:
    """The page cache still holds good bytes; the medium does not."""
    image = tmp_path / "disk.img"
    with small_ext4(image) as mount:
        bag = make_bag(mount, {"data/main.mp4": b"\xabunmistakable\xcd" * 300})
        flush_filesystem(mount)
        assert _check(bag) == ()
        place = image.read_bytes().index(b"unmistakable")
        with image.open("r+b") as file:
            file.seek(place)
            file.write(b"U")
        assert _found(bag) == [("PAYLOAD_CHANGED", "data/main.mp4")]


def test_checking_changes_nothing(bag: MadeBag) -> None:
    before = {path: path.stat().st_mtime_ns for path in bag.path.rglob("*")}
    _check(bag)
    assert {path: path.stat().st_mtime_ns for path in bag.path.rglob("*")} == before


def test_codes_are_stable_and_every_one_has_a_sentence() -> None:
    assert {damage.name: damage.value for damage in BagDamage} == {
        "MISSING": "B001",
        "EXTRA": "B002",
        "SPECIAL": "B003",
        "UNREADABLE": "B004",
        "LEDGER_MISMATCH": "B010",
        "SIGNATURE_REFUSED": "B011",
        "NOT_COVERED": "B012",
        "TAG_CHANGED": "B013",
        "MALFORMED": "B020",
        "UNSAFE_NAME": "B021",
        "OXUM_WRONG": "B022",
        "PAYLOAD_MISSING": "B030",
        "PAYLOAD_CHANGED": "B031",
    }
    assert set(TEMPLATES) == set(BagDamage)
