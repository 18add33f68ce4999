"""What sysfs says of USB devices: their claims, their interfaces, their port, their disks."""

from dataclasses import replace
from pathlib import Path

import pytest

from docking.card import UNKNOWN_RECORDER
from docking.usb_devices import (
    StringIndexes,
    UsbDevice,
    parse_interfaces,
    parse_string_indexes,
    read_usb_devices,
    usb_device_of_disk,
    usb_presence,
)
from docking.usb_ports import port_of
from tests.docking.usb_tree import CONTROL, HOST, KEYBOARD, PORT, STORAGE, Claims, UsbTree, descriptors


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    return UsbTree(tmp_path)


def only(tree: UsbTree) -> UsbDevice:
    (device,) = read_usb_devices(tree.sysfs)
    return device


def test_a_device_is_told_with_everything_it_claims(tree: UsbTree) -> None:
    tree.plug("1-2", Claims(), interfaces=[STORAGE], disks=["sdb"], partitions=["sdb1", "sdb2"])
    device = only(tree)
    assert (device.vendor_id, device.product_id) == ("4255", "0001")
    assert (device.manufacturer, device.product, device.serial) == ("Maker", "Body camera", "0000017")
    assert device.recorder == "usb:4255:0001:0000017"
    assert [interface.code for interface in device.interfaces] == ["08/06/50"]
    (disk,) = device.disks
    assert (disk.name, disk.lun, disk.diskseq, disk.partitions, disk.has_medium) == (
        "sdb",
        0,
        42,
        ("sdb1", "sdb2"),
        True,
    )


def test_a_port_is_named_as_udev_names_it(tree: UsbTree) -> None:
    tree.hub("1-2")
    tree.plug("1-2.1", interfaces=[CONTROL, STORAGE])
    device = read_usb_devices(tree.sysfs)[1]
    assert device.port == f"pci-{HOST}-usb-0:2.1"
    assert device.port_chain == (2, 1)
    assert [device.path_of(interface) for interface in device.interfaces] == [f"{PORT}2.1:1.0", f"{PORT}2.1:1.1"]


def test_the_port_stays_when_the_number_and_the_product_change(tree: UsbTree) -> None:
    tree.plug("1-2", Claims(product_id="0001"), interfaces=[CONTROL])
    locked = only(tree)
    tree.pull("1-2")
    tree.plug("1-2", Claims(product_id="1000"), interfaces=[STORAGE])
    unlocked = only(tree)
    assert (locked.address, locked.product_id) != (unlocked.address, unlocked.product_id)
    assert locked.port == unlocked.port


def test_a_host_that_is_no_pci_device_is_named_by_what_carries_it(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path, host="dummy_hcd.0")
    (tree.host / "subsystem").unlink()
    (tree.host / "subsystem").symlink_to(tree.sysfs / "bus" / "platform")
    tree.plug("1-1")
    assert only(tree).port == "platform-dummy_hcd.0-usb-0:1"


def test_a_pci_device_of_a_platform_bridge_is_named_by_both_and_by_one_address_only(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path, host="0000:00:00.0/0000:01:00.0")
    bridge = tree.host.parent
    (bridge / "subsystem").symlink_to(tree.sysfs / "bus" / "pci")
    (bridge.parent / "subsystem").symlink_to(tree.sysfs / "bus" / "platform")
    tree.plug("1-1.2".partition(".")[0])
    assert only(tree).port == "platform-pci0000:00-pci-0000:01:00.0-usb-0:1"


@pytest.mark.parametrize(
    "port_path",
    [
        f"{PORT}2.1",
        f"{PORT}2.1:1.0",
        f"{PORT}2.1:1.1-scsi-0:0:0:0",
        f"{PORT}2.1:1.0-scsi-0:0:0:1-part1",
    ],
)
def test_every_path_of_one_port_is_the_same_slot(port_path: str) -> None:
    assert port_of(port_path) == f"{PORT}2.1"


@pytest.mark.parametrize(("one", "other"), [(f"{PORT}2.1:1.0", f"{PORT}2.11:1.0"), (f"{PORT}2:1.0", f"{PORT}2.1:1.0")])
def test_ports_that_begin_alike_are_different_slots(one: str, other: str) -> None:
    assert port_of(one) != port_of(other)


def test_a_path_that_is_none_of_usb_is_a_slot_of_its_own() -> None:
    assert port_of("port-1") == "port-1"


def test_seven_ports_of_a_hub_are_seven_slots(tree: UsbTree) -> None:
    tree.hub("1-4")
    for port in range(1, 8):
        tree.plug(f"1-4.{port}", Claims(serial=f"A{port}"), disks=[f"sd{'bcdefgh'[port - 1]}"])
    recorders = [device for device in read_usb_devices(tree.sysfs) if not device.is_hub]
    assert [device.port for device in recorders] == [f"{PORT}4.{port}" for port in range(1, 8)]
    assert [disk.name for device in recorders for disk in device.disks] == [
        "sdb",
        "sdc",
        "sdd",
        "sde",
        "sdf",
        "sdg",
        "sdh",
    ]


def test_disks_behind_a_hub_are_not_the_hubs_own(tree: UsbTree) -> None:
    tree.hub("1-4")
    tree.plug("1-4.1", disks=["sdb"])
    hub = next(device for device in read_usb_devices(tree.sysfs) if device.is_hub)
    assert hub.disks == ()


def test_a_keyboard_in_another_configuration_is_seen(tree: UsbTree) -> None:
    tree.plug("1-2", interfaces=[STORAGE], hidden=[KEYBOARD])
    assert [(one.configuration, one.code) for one in only(tree).interfaces] == [(1, "08/06/50"), (2, "03/01/01")]


def test_a_disk_or_partition_leads_to_its_device(tree: UsbTree) -> None:
    tree.hub("1-4")
    tree.plug("1-4.1", Claims(serial="A1"), disks=["sdb"], partitions=["sdb1"])
    for name in ("sdb", "sdb1"):
        device = usb_device_of_disk(name, tree.sysfs)
        assert device is not None
        assert device.serial == "A1"


def test_a_disk_that_is_not_on_usb_has_no_device(tree: UsbTree) -> None:
    assert usb_device_of_disk("sda", tree.sysfs) is None


def test_two_logical_units_are_two_disks_of_one_device(tree: UsbTree) -> None:
    tree.plug("1-2", disks=["sdb", "sdc"])
    assert [(disk.name, disk.lun) for disk in only(tree).disks] == [("sdb", 0), ("sdc", 1)]


@pytest.mark.parametrize("serial", [None, "000000"])
def test_a_device_without_a_serial_of_its_own_is_an_unknown_recorder(tree: UsbTree, serial: str | None) -> None:
    tree.plug("1-2", Claims(serial=serial))
    assert only(tree).recorder == UNKNOWN_RECORDER


def test_a_string_the_kernel_did_not_get_is_missed(tree: UsbTree) -> None:
    tree.plug("1-2", Claims(serial=None))
    missing = only(tree)
    assert missing.lacks_strings
    assert not replace(missing, serial="A1").lacks_strings
    assert not replace(missing, string_indexes=StringIndexes()).lacks_strings


def test_presence_changes_when_a_device_comes_back_under_another_number(tree: UsbTree) -> None:
    tree.plug("1-2")
    before = usb_presence(tree.sysfs)
    assert usb_presence(tree.sysfs) == before
    tree.pull("1-2")
    assert usb_presence(tree.sysfs) == frozenset()
    tree.plug("1-2")
    assert usb_presence(tree.sysfs) not in (before, frozenset())


def test_a_machine_without_usb_has_no_devices(tmp_path: Path) -> None:
    assert read_usb_devices(tmp_path) == ()


def test_a_device_that_leaves_while_it_is_read_is_left_out(tree: UsbTree) -> None:
    folder = tree.plug("1-2")
    (folder / "devnum").unlink()
    assert read_usb_devices(tree.sysfs) == ()


@pytest.mark.parametrize("cut", range(0, 60))
def test_descriptors_cut_anywhere_are_read_as_far_as_they_go(cut: int) -> None:
    whole = descriptors(Claims(), [STORAGE, KEYBOARD])
    codes = [interface.code for interface in parse_interfaces(whole[:cut])]
    assert codes == ["08/06/50", "03/01/01"][: len(codes)]
    assert parse_string_indexes(whole[:cut]) in (StringIndexes(), StringIndexes(manufacturer=1, product=2, serial=3))


def test_a_descriptor_of_no_length_ends_the_reading() -> None:
    assert parse_interfaces(descriptors(Claims(), [STORAGE]) + bytes(64)) != ()
    assert parse_interfaces(bytes(64)) == ()
