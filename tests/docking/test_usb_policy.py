"""A device that can act as something else than a recorder is refused, and the refusal says as what."""

from pathlib import Path

import pytest

from docking.card import UNKNOWN_RECORDER
from docking.usb_devices import UsbDevice, UsbId, read_usb_devices
from docking.usb_errors import UsbDeviceSilentError, UsbInterfaceRefusedError
from docking.usb_policy import UsbKind, UsbRemark, judge_usb_device, offers_storage, speaks_own_protocol
from tests.docking.usb_tree import (
    CONTROL,
    KEYBOARD,
    PORT,
    STORAGE,
    STORAGE_UAS,
    Claims,
    Triple,
    UsbTree,
)

FOREIGN = Claims(vendor_id="0951", product_id="1666")
KNOWN = {UsbId("4255:0001")}


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    return UsbTree(tmp_path)


def plugged(
    tree: UsbTree,
    claims: Claims,
    *interfaces: Triple,
    hidden: Triple | None = None,
    disks: tuple[str, ...] = (),
) -> UsbDevice:
    tree.plug("1-2", claims, interfaces=interfaces, hidden=() if hidden is None else [hidden], disks=disks)
    (device,) = read_usb_devices(tree.sysfs)
    return device


@pytest.mark.parametrize("storage", [STORAGE, STORAGE_UAS])
def test_plain_storage_is_accepted_whoever_made_it(tree: UsbTree, storage: Triple) -> None:
    verdict = judge_usb_device(plugged(tree, FOREIGN, storage, disks=("sdb",)), KNOWN)
    assert (verdict.kind, verdict.recorder) == (UsbKind.STORAGE, "usb:0951:1666:0000017")
    assert ([disk.name for disk in verdict.cards], verdict.remarks) == (["sdb"], ())


def test_the_control_channel_of_a_known_recorder_is_accepted(tree: UsbTree) -> None:
    assert judge_usb_device(plugged(tree, Claims(), CONTROL), KNOWN).kind is UsbKind.CONTROL


def test_storage_with_the_control_channel_of_a_known_recorder_is_storage(tree: UsbTree) -> None:
    assert judge_usb_device(plugged(tree, Claims(), CONTROL, STORAGE), KNOWN).kind is UsbKind.STORAGE


def test_a_family_that_was_made_known_is_accepted(tree: UsbTree) -> None:
    device = plugged(tree, FOREIGN, CONTROL)
    assert judge_usb_device(device, {UsbId("0951:1666")}).kind is UsbKind.CONTROL


@pytest.mark.parametrize(
    ("interface", "code", "acts_as"),
    [
        (KEYBOARD, "03/01/01", "a keyboard"),
        ((3, 1, 2), "03/01/02", "a mouse"),
        ((3, 0, 0), "03/00/00", "an input device"),
        ((2, 2, 1), "02/02/01", "a modem or network card"),
        ((0xE0, 1, 3), "e0/01/03", "a radio or network card"),
        ((8, 6, 0), "08/06/00", "storage of another kind"),
        ((8, 5, 0x50), "08/05/50", "storage of another kind"),
        ((6, 1, 1), "06/01/01", "a camera or telephone (PTP, MTP)"),
        ((0x42, 0, 0), "42/00/00", "something unknown"),
    ],
)
def test_storage_with_anything_else_beside_it_is_refused(
    tree: UsbTree, interface: Triple, code: str, acts_as: str
) -> None:
    with pytest.raises(UsbInterfaceRefusedError) as refused:
        judge_usb_device(plugged(tree, Claims(), STORAGE, interface), KNOWN)
    assert str(refused.value) == (
        f"{PORT}2:1.1: the device 4255:0001 is refused: expected only storage and the control of a known recorder, "
        f"found interface {code} ({acts_as}). It is neither mounted nor read. Take it out and have it examined."
    )


def test_a_keyboard_hidden_in_another_configuration_is_refused(tree: UsbTree) -> None:
    with pytest.raises(UsbInterfaceRefusedError, match=r"usb-0:2:2\.0: .* 03/01/01 \(a keyboard\)"):
        judge_usb_device(plugged(tree, Claims(), STORAGE, hidden=KEYBOARD), KNOWN)


def test_a_makers_own_protocol_that_is_not_known_is_refused(tree: UsbTree) -> None:
    with pytest.raises(UsbInterfaceRefusedError, match=r"ff/00/00 \(a maker's own protocol that is not known here\)"):
        judge_usb_device(plugged(tree, FOREIGN, STORAGE, CONTROL), KNOWN)


def test_a_device_that_names_no_interface_is_refused(tree: UsbTree) -> None:
    with pytest.raises(UsbDeviceSilentError) as refused:
        judge_usb_device(plugged(tree, Claims()), KNOWN)
    assert str(refused.value) == (
        f"{PORT}2: the device 4255:0001 is refused: it names no interface, so nothing shows that it is a recorder. "
        "Plug it in again, or try another cable."
    )


def test_a_recorder_without_serial_is_accepted_as_unknown(tree: UsbTree) -> None:  # R73
    verdict = judge_usb_device(plugged(tree, Claims(serial=None), STORAGE, disks=("sdb",)), KNOWN)
    assert (verdict.recorder, verdict.remarks) == (UNKNOWN_RECORDER, (UsbRemark.SERIAL_UNKNOWN,))


def test_every_logical_unit_with_a_medium_is_a_card(tree: UsbTree) -> None:
    tree.plug("1-2", interfaces=[STORAGE], disks=["sdb", "sdc", "sdd"])
    empty = next(tree.sysfs.glob("class/block/sdc")).resolve()
    (empty / "size").write_text("0\n", encoding="ascii")
    (device,) = read_usb_devices(tree.sysfs)
    verdict = judge_usb_device(device, KNOWN)
    assert [disk.name for disk in verdict.cards] == ["sdb", "sdd"]
    assert verdict.remarks == (UsbRemark.SEVERAL_CARDS,)


def test_a_refused_device_is_still_known_to_offer_storage(tree: UsbTree) -> None:
    assert offers_storage(plugged(tree, FOREIGN, KEYBOARD, STORAGE))


def test_a_plain_keyboard_offers_no_storage(tree: UsbTree) -> None:
    assert not offers_storage(plugged(tree, FOREIGN, KEYBOARD))


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [([CONTROL], True), ([CONTROL, (0xFF, 1, 2)], True), ([CONTROL, STORAGE], False), ([CONTROL, KEYBOARD], False)],
)
def test_a_locked_recorder_of_any_maker_is_told_by_its_own_protocol(
    tree: UsbTree, interfaces: list[Triple], expected: bool
) -> None:
    assert speaks_own_protocol(plugged(tree, FOREIGN, *interfaces)) is expected
