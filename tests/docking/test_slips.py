import json
import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from docking.card import UNKNOWN_RECORDER, DockingKind
from docking.errors import SlipMalformedError, SlipUnreadableError, SlipUntrustedError
from docking.slips import DockSlip, format_slip, parse_slip, read_slip, write_slip

SLIP = DockSlip(
    device="/dev/sdb1",
    diskseq=14,
    port_path="pci-0000:00:14.0-usb-0:2:1.0",
    slot="A3",
    vendor_id="4255",
    product_id="0001",
    serial="A1B2C3",
    filesystem="exfat",
    mount_point=Path("/run/bodycam-custody/cards/sdb1"),
    docked_at=datetime(2026, 11, 21, 12, 34, 56, 123456, tzinfo=UTC),
    clock_offset_ms=-1500,
    clock_offset_uncertainty_ms=500,
    volume_id="6A1F-20D4",
)
TRUSTED = frozenset({os.geteuid()})


def _values(**changes: object) -> dict[str, object]:
    values: dict[str, object] = json.loads(format_slip(SLIP))
    return {**values, **changes}


def _parse(**changes: object) -> DockSlip:
    return parse_slip(json.dumps(_values(**changes)).encode(), Path("/slips/a.json"))


def test_the_text_of_a_slip_is_fixed() -> None:
    """The mount helper writes this form; changing it is a format change."""
    assert format_slip(SLIP) == (
        b"{\n"
        b' "v": 1,\n'
        b' "device": "/dev/sdb1",\n'
        b' "diskseq": 14,\n'
        b' "port_path": "pci-0000:00:14.0-usb-0:2:1.0",\n'
        b' "slot": "A3",\n'
        b' "vendor_id": "4255",\n'
        b' "product_id": "0001",\n'
        b' "serial": "A1B2C3",\n'
        b' "filesystem": "exfat",\n'
        b' "mount_point": "/run/bodycam-custody/cards/sdb1",\n'
        b' "docked_at": "2026-11-21T12:34:56.123456Z",\n'
        b' "clock_offset_ms": -1500,\n'
        b' "clock_offset_uncertainty_ms": 500,\n'
        b' "volume_id": "6A1F-20D4"\n'
        b"}\n"
    )


def test_a_slip_survives_writing_and_reading(tmp_path: Path) -> None:
    slip = replace(SLIP, slot="槽位一", mount_point=Path("/mnt/a\n\udcff"))
    path = write_slip(tmp_path, "slot-1", slip)
    assert path == tmp_path / "slot-1.json"
    assert read_slip(path, trusted_uids=TRUSTED) == slip


def test_what_was_not_read_is_null_and_the_recorder_unknown() -> None:
    keys = ("device", "diskseq", "port_path", "slot", "vendor_id", "product_id", "serial", "clock_offset_ms")
    slip = _parse(**dict.fromkeys(keys), clock_offset_uncertainty_ms=None)
    assert slip.card().recorder == UNKNOWN_RECORDER
    assert slip.clock_offset_ms is None


def test_a_slip_gives_the_card_it_announces() -> None:
    card = SLIP.card()
    assert (card.root, card.kind, card.recorder) == (SLIP.mount_point, DockingKind.DOCK, "usb:4255:0001:A1B2C3")
    assert (card.slot, card.port_path, card.filesystem) == ("A3", SLIP.port_path, "exfat")


def test_times_in_any_zone_become_utc() -> None:
    assert _parse(docked_at="2026-11-21T20:34:56.123456+08:00") == SLIP
    local = SLIP.docked_at.astimezone(timezone(timedelta(hours=8)))
    assert format_slip(replace(SLIP, docked_at=local)) == format_slip(SLIP)


def test_keys_of_newer_versions_are_ignored() -> None:
    assert _parse(colour="blue") == SLIP


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 2),
        ("v", True),
        ("device", 5),
        ("device", ""),
        ("diskseq", -1),
        ("diskseq", True),
        ("diskseq", 1.5),
        ("diskseq", 2**53),
        ("slot", "a\u202eb"),
        ("port_path", "two\nlines"),
        ("serial", "\ud800"),
        ("serial", "s" * 256),
        ("vendor_id", "4255x"),
        ("product_id", "ABCD"),
        ("filesystem", None),
        ("mount_point", "relative"),
        ("mount_point", "/a/../etc"),
        ("mount_point", "/a\0b"),
        ("mount_point", "/a\ud800"),
        ("docked_at", "2026-11-21T12:34:56"),
        ("docked_at", "2026-13-21T12:34:56Z"),
        ("docked_at", "0001-01-01T00:00:00+14:00"),
        ("docked_at", "20261121T123456Z"),
        ("clock_offset_ms", "1"),
        ("clock_offset_uncertainty_ms", -1),
    ],
    ids=repr,
)
def test_a_wrong_value_names_its_field(field: str, value: object) -> None:
    with pytest.raises(SlipMalformedError, match=rf"^/slips/a\.json: dock slip field {field}: expected .*, found "):
        _parse(**{field: value})


def test_a_missing_key_is_not_taken_for_null() -> None:
    values = _values()
    del values["serial"]
    with pytest.raises(SlipMalformedError) as caught:
        parse_slip(json.dumps(values).encode(), Path("/slips/a\n.json"))
    assert str(caught.value) == (
        "/slips/a\\n.json: dock slip field serial: expected a value, null where it is not known, found no such key."
    )


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"\xff", b'{"v": 1, "v": 1}', b"{", b"[" * 100_000], ids=lambda data: repr(data[:9])
)
def test_what_is_not_a_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(SlipMalformedError, match=r"field \(file\): expected"):
        parse_slip(data, Path("/slips/a.json"))


def test_a_slip_of_another_owner_does_not_count(tmp_path: Path) -> None:
    path = write_slip(tmp_path, "a", SLIP)
    uid = os.geteuid()
    with pytest.raises(SlipUntrustedError) as caught:
        read_slip(path, trusted_uids=frozenset({uid + 1, uid + 2}))
    assert str(caught.value) == (
        f"{path}: this dock slip does not count: expected owner uid {uid + 1}, {uid + 2}, found owner uid {uid}."
    )


@pytest.mark.parametrize("mode", [0o660, 0o602])
def test_a_slip_that_others_may_write_does_not_count(tmp_path: Path, mode: int) -> None:
    path = write_slip(tmp_path, "a", SLIP)
    path.chmod(mode)
    with pytest.raises(SlipUntrustedError, match=f"writable by its owner only, found {stat.filemode(mode | 0o100000)}"):
        read_slip(path, trusted_uids=TRUSTED)


def test_a_link_to_a_trusted_slip_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(write_slip(tmp_path, "a", SLIP))
    with pytest.raises(SlipUnreadableError, match="Too many levels of symbolic links"):
        read_slip(tmp_path / "link.json", trusted_uids=TRUSTED)


def test_a_fifo_named_like_a_slip_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(SlipUntrustedError, match="expected a regular file, found prw"):
        read_slip(tmp_path / "a.json", trusted_uids=TRUSTED)


def test_a_slip_that_vanished_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        SlipUnreadableError, match=r"a\.json: the dock slip cannot be read \(No such file or directory\)"
    ):
        read_slip(tmp_path / "a.json", trusted_uids=TRUSTED)


def test_a_slip_of_16_kib_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = write_slip(tmp_path, "a", SLIP)
    path.write_bytes(format_slip(SLIP).ljust(16 * 1024))
    assert read_slip(path, trusted_uids=TRUSTED) == SLIP
    path.write_bytes(format_slip(SLIP).ljust(16 * 1024 + 1))
    with pytest.raises(SlipMalformedError, match="expected at most 16384 bytes, found more"):
        read_slip(path, trusted_uids=TRUSTED)


def test_writing_replaces_a_slip_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_slip(tmp_path, "a", SLIP)
    path = write_slip(tmp_path, "a", replace(SLIP, slot="B1"))
    assert read_slip(path, trusted_uids=TRUSTED).slot == "B1"
    assert list(tmp_path.iterdir()) == [path]
    # R9: others may not even read which recorder is docked.
    assert path.stat().st_mode & 0o027 == 0


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "a b", "n" * 65])
def test_a_slip_name_that_could_lead_elsewhere_is_misuse(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a note"):
        write_slip(tmp_path, name, SLIP)
    assert list(tmp_path.iterdir()) == []


def test_a_slip_with_a_naive_time_or_relative_mount_point_cannot_exist() -> None:
    with pytest.raises(ValueError, match="naive"):
        replace(SLIP, docked_at=datetime(2026, 11, 21))  # noqa: DTZ001  # the point of the test
    with pytest.raises(ValueError, match="absolute mount point"):
        replace(SLIP, mount_point=Path("cards"))
