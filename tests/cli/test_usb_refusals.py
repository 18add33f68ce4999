"""What a custodian reads when a USB device is refused, in both languages."""

from pathlib import Path

import pytest

from cli.messages import explained
from docking.drivers.families import KNOWN_FAMILIES
from docking.errors import DockingError
from docking.usb_devices import read_usb_devices
from docking.usb_errors import UsbLibraryMissingError, UsbUnreadableError
from docking.usb_policy import judge_usb_device
from tests.docking.usb_tree import CONTROL, KEYBOARD, PORT, STORAGE, Claims, Triple, UsbTree

STRANGER = Claims(vendor_id="0951", product_id="1666")


def refusal(folder: Path, claims: Claims, *interfaces: Triple) -> DockingError:
    """Return why a device with these interfaces is refused."""
    tree = UsbTree(folder)
    tree.plug("1-2", claims, interfaces=interfaces)
    (device,) = read_usb_devices(tree.sysfs)
    with pytest.raises(DockingError) as refused:
        judge_usb_device(device, KNOWN_FAMILIES)
    return refused.value


def test_a_keyboard_in_a_stick_is_named(tmp_path: Path) -> None:
    assert explained(refusal(tmp_path, Claims(), STORAGE, KEYBOARD)) == (
        f"{PORT}2:1.1: the device 4255:0001 is refused: expected only storage and the control of a known recorder, "
        "found interface 03/01/01 (a keyboard). It is neither mounted nor read. Take it out and have it examined."
    )


@pytest.mark.usefixtures("in_chinese")
def test_a_keyboard_in_a_stick_is_named_in_chinese(tmp_path: Path) -> None:
    assert explained(refusal(tmp_path, Claims(), STORAGE, KEYBOARD)) == (
        f"{PORT}2:1.1：设备 4255:0001 被拒绝：应当只有存储接口和已知执法记录仪的控制接口，却发现接口 03/01/01（键盘）。"
        "该设备既不挂载也不读取。请取出并送检。"
    )


@pytest.mark.usefixtures("in_chinese")
def test_an_unknown_makers_protocol_is_named_in_chinese(tmp_path: Path) -> None:
    told = explained(refusal(tmp_path, STRANGER, STORAGE, CONTROL))
    assert "却发现接口 ff/00/00（本站不认识的厂商自定义协议）" in told


def test_a_device_without_interfaces_is_refused(tmp_path: Path) -> None:
    assert explained(refusal(tmp_path, STRANGER)) == (
        f"{PORT}2: the device 0951:1666 is refused: it names no interface, so nothing shows that it is a recorder. "
        "Plug it in again, or try another cable."
    )


@pytest.mark.usefixtures("in_chinese")
def test_a_device_without_interfaces_is_refused_in_chinese(tmp_path: Path) -> None:
    assert explained(refusal(tmp_path, STRANGER)) == (
        f"{PORT}2：设备 0951:1666 被拒绝：它没有声明任何接口，无从证明它是执法记录仪。请重新插入，或更换数据线。"
    )


def test_what_libusb_cannot_do_is_told() -> None:
    assert explained(UsbLibraryMissingError()) == (
        "libusb finds no USB on this machine; install it with: apt install libusb-1.0-0"
    )
    assert explained(UsbUnreadableError(port="p", reason="Input/output error")) == (
        "p: the device cannot be asked for its serial (Input/output error). Dock it again."
    )


@pytest.mark.usefixtures("in_chinese")
def test_what_libusb_cannot_do_is_told_in_chinese() -> None:
    assert explained(UsbLibraryMissingError()) == "libusb 在本机上找不到 USB；请安装：apt install libusb-1.0-0"
    assert explained(UsbUnreadableError(port="p", reason="Input/output error")) == (
        "p：无法向设备询问序列号（Input/output error）。请重新放入采集站。"
    )
