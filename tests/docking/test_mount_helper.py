"""The mount helper on real card images: what it mounts, announces, refuses for its format, and takes back."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from docking.drivers.told_visit import clock_before_docking
from docking.mount_helper import SAFE_OPTIONS, dock, is_read_only, make_slip, read_format, undock
from docking.mounts import mount_at, read_mounts
from docking.notes import write_note
from docking.slips import read_slip
from tests.docking.drivers.told_reports import report
from tests.docking.loop_card import LoopCard
from tests.docking.mounted_cards import device_of, digest, kernel_mounts, mount_there, nothing_is_left, slip_of


def test_a_card_is_mounted_read_only_announced_and_taken_back_unchanged(usb_card: LoopCard) -> None:
    filesystem = read_format(usb_card.node)
    if not kernel_mounts(filesystem):
        pytest.skip(f"this kernel has no {filesystem}; the station in a box mounts it")
    before = digest(usb_card)
    slip = read_slip(dock(usb_card.name, usb_card.places), trusted_uids=frozenset({0}))
    assert (slip.device, slip.filesystem, slip.mount_point) == (str(usb_card.node), filesystem, usb_card.mount_point)
    mount = mount_at(read_mounts(), usb_card.mount_point)
    assert mount is not None
    assert set(SAFE_OPTIONS) <= mount.options
    assert is_read_only(usb_card.node)
    undock(usb_card.name, usb_card.places)
    assert (list(usb_card.places.slips.iterdir()), mount_at(read_mounts(), usb_card.mount_point)) == ([], None)
    assert digest(usb_card) == before


def test_the_slip_says_which_port_and_what_the_recorder_claims(usb_card: LoopCard) -> None:
    slip = slip_of(usb_card, "vfat")
    assert (slip.vendor_id, slip.product_id, slip.serial, slip.diskseq) == ("4255", "0001", "A1", 14)
    assert slip.port_path == "pci-0000:00:14.0-usb-0:2"
    assert slip.slot is None


def test_a_serial_that_cannot_be_printed_is_not_claimed(usb_card: LoopCard) -> None:
    (usb_card.usb / "serial").write_bytes(b"A\x1b[2J1\n")
    assert slip_of(usb_card, "vfat").serial is None


def test_the_format_is_what_the_disk_says(usb_card: LoopCard, request: pytest.FixtureRequest) -> None:
    assert read_format(usb_card.node) == request.node.callspec.params["usb_card"]


def test_the_slip_has_the_clock_of_the_recorder_that_was_unlocked_a_moment_ago(usb_card: LoopCard) -> None:  # R32
    write_note(usb_card.places.unlocked, "1-2", report(at=datetime.now(UTC) - timedelta(seconds=5)))
    clock = clock_before_docking(
        usb_card.places.unlocked, device_of(usb_card).usb, now=datetime.now(UTC), trusted_uids=frozenset({0})
    )
    slip = make_slip(device_of(usb_card), "vfat", usb_card.mount_point, clock=clock)
    assert (slip.clock_offset_ms, slip.clock_offset_uncertainty_ms) == (-90_000, 501)


def test_undocking_what_is_not_docked_is_harmless(usb_card: LoopCard) -> None:
    undock(usb_card.name, usb_card.places)
    assert nothing_is_left(usb_card)


def test_undocking_takes_the_slip_back_even_when_the_card_is_being_read(ext4_card: LoopCard) -> None:
    mount_there(ext4_card, "-o", "ro")
    slip = ext4_card.places.slips / f"{ext4_card.name}.json"
    slip.write_text("{}", encoding="ascii")
    reader = os.open(ext4_card.mount_point, os.O_RDONLY)
    try:
        undock(ext4_card.name, ext4_card.places)
        assert (slip.exists(), ext4_card.mount_point.exists()) == (False, False)
    finally:
        os.close(reader)
