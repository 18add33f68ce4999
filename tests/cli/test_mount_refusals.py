"""Every refusal of the mount helper reads whole in both languages."""

import pytest

from bodycam_custody.errors import StatedError
from cli.messages import explained
from docking.mount_errors import (
    CardFormatRefusedError,
    CardMountFailedError,
    CardMountWrongError,
    DeviceBusyError,
    DeviceMissingError,
    DeviceNotUsbError,
    DeviceWritableError,
    KernelNameRefusedError,
    MountHelperError,
)

REFUSALS: list[tuple[StatedError, str]] = [
    (
        KernelNameRefusedError(name="-o"),
        "-o：应为内核给出的磁盘或分区名称，如 sdb1。未挂载任何内容。",
    ),
    (
        DeviceMissingError(device="/dev/sdb1", found="x"),
        "/dev/sdb1：应为块设备，实际为 x。请重新插入存储卡。",
    ),
    (
        DeviceNotUsbError(device="/dev/sda1"),
        "/dev/sda1：应为 USB 上的存储卡，实际为其他磁盘；未作任何处理。",
    ),
    (
        DeviceBusyError(device="/dev/sdb1", reason="x"),
        "/dev/sdb1：存储卡应未被使用，实际正被占用（x）。请停止挂载它的程序（例如桌面环境），然后重新插入存储卡。",
    ),
    (
        DeviceWritableError(device="/dev/sdb1", reason="x"),
        "/dev/sdb1：设备应由内核保持只读，实际可写（x）；因读取可能改变其内容，未予读取。",
    ),
    (
        CardFormatRefusedError(device="/dev/sdb1", expected="vfat", found="ext4"),
        "/dev/sdb1：存储卡格式应为 vfat，实际为 ext4；未挂载。如果是执法记录仪的存储卡，请妥善保存并送检。",
    ),
    (
        CardMountFailedError(device="/dev/sdb1", mount_point="/m", reason="x"),
        "/dev/sdb1：在 /m 挂载或卸载失败（x）。请重新插入存储卡。",
    ),
    (
        CardMountWrongError(mount_point="/m", expected="ro", found="rw"),
        "/m：挂载应具有 ro，实际为 rw；存储卡已重新卸载。请检查挂载助手和内核模块。",
    ),
]


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize(("error", "chinese"), REFUSALS, ids=lambda value: getattr(value, "code", ""))
def test_a_refusal_is_told_in_chinese(error: StatedError, chinese: str) -> None:
    assert explained(error) == chinese


@pytest.mark.parametrize("error", [error for error, _ in REFUSALS], ids=lambda error: error.code)
def test_a_refusal_says_in_english_what_is_wrong_and_names_the_device(error: StatedError) -> None:
    assert explained(error) == str(error)
    assert str(error).startswith(str(next(iter(error.facts.values()))))


def test_no_refusal_of_the_helper_is_left_out() -> None:
    assert {type(error) for error, _ in REFUSALS} == set(MountHelperError.__subclasses__())
