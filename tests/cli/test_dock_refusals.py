"""Everything a dock refuses or warns of, in the words a person sees, from a real station in both languages."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bodycam_custody.slots.views import WhyNot
from cli import labels
from cli.tables import width_of
from docking.drivers.errors import ControlSilentError, LoginRefusedError, PasswordMissingError
from docking.drivers.report import UnlockState, UnlockWarning
from docking.drivers.verbs import DriverName
from docking.mount_errors import CardFormatRefusedError
from tests.bodycam_custody.stations import make_card
from tests.cli.conftest import Custody
from tests.cli.live import Dock, dock_of_a_live_station
from tests.docking.usb_tree import CONTROL, KEYBOARD, STORAGE, Claims

UNKNOWN = Claims(vendor_id="1234", product_id="5678")
CARD = Claims(product_id="1000", serial="ZX1")


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    """A station whose port 2 is called slot 1, port 3 slot 2."""
    with dock_of_a_live_station(tmp_path) as dock:
        for port in (2, 3):
            dock.usb.plug(f"1-{port}", CARD)
            dock.learn(port, f"slot {port - 1}")
            dock.usb.pull(f"1-{port}")
        dock.look()
        yield dock


def keyboard(dock: Dock) -> None:
    dock.usb.plug("1-2", Claims(vendor_id="0951", product_id="1666"), interfaces=[STORAGE, KEYBOARD])


def ext4(dock: Dock) -> None:
    dock.usb.plug("1-2", CARD, disks=["sdc"])
    dock.refuse(2, CardFormatRefusedError(device="/dev/sdc1", expected="exfat or vfat", found="ext4"))


def no_driver(dock: Dock) -> None:
    dock.usb.plug("1-2", UNKNOWN, interfaces=[CONTROL])


def no_password(dock: Dock) -> None:
    dock.usb.plug("1-2", interfaces=[CONTROL])
    missing = PasswordMissingError(port_path="1-2", driver=DriverName.AMBARELLA, credential="unlock.ambarella.log-in")
    dock.visit(2, problem=missing)


def refused_password(dock: Dock) -> None:
    dock.usb.plug("1-2", interfaces=[CONTROL])
    dock.visit(2, problem=LoginRefusedError(port_path="1-2"))


def silence(dock: Dock) -> None:
    dock.usb.plug("1-2", interfaces=[CONTROL])
    dock.visit(2, problem=ControlSilentError(port_path="1-2", seconds="3"))


def factory_password(dock: Dock) -> None:
    dock.usb.plug("1-2", interfaces=[CONTROL])
    dock.visit(2, state=UnlockState.STORAGE_ASKED, warnings=(UnlockWarning.FACTORY_PASSWORD,))


def twins(dock: Dock) -> None:
    """Two recorders with one serial, docked one beside the other."""
    for port in (2, 3):
        dock.usb.plug(f"1-{port}", CARD)
        card = make_card(dock.live.root / f"card-{port}", {"a.mp4": b"moving pictures %d" % port})
        dock.announce(port, card, serial="ZX1", name=f"sd{port}")
    dock.take_in()


def unregistered(dock: Dock) -> None:
    dock.usb.plug("1-2", CARD)
    dock.announce(2, make_card(dock.live.root / "card", {"a.mp4": b"moving pictures"}), serial="ZX1", name="sd2")
    dock.take_in()


Happening = Callable[[Dock], None]

TOLD: dict[Happening, tuple[str, str]] = {
    keyboard: (
        "! alarm {alarm}: slot 1: the device 0951:1666 is refused: expected only storage and the control of a known "
        "recorder, found interface 03/01/01 (a keyboard). It is neither mounted nor read. Take it out and have it "
        "examined.",
        "! 警报 {alarm}：slot 1：设备 0951:1666 被拒绝：应当只有存储接口和已知执法记录仪的控制接口，"
        "却发现接口 03/01/01（键盘）。该设备既不挂载也不读取。请取出并送检。",
    ),
    ext4: (
        "! alarm {alarm}: slot 1: /dev/sdc1: expected a card formatted as exfat or vfat, found ext4; it is not "
        "mounted. If it is a recorder's card, keep it and have it examined.",
        "! 警报 {alarm}：slot 1：/dev/sdc1：存储卡格式应为 exfat 或 vfat，实际为 ext4；未挂载。"
        "如果是执法记录仪的存储卡，请妥善保存并送检。",
    ),
    no_driver: (
        "! slot 1: present, locked: no driver is known for USB 1234:5678. Unlock the recorder by hand or with its "
        "maker's program, or take its card out and read that.",
        "! slot 1：已接入，未解锁：没有适用于 USB 1234:5678 的驱动程序。请手动或用厂家程序解锁，或取出存储卡读取。",
    ),
    no_password: (
        "! slot 1: present, locked: no password for the family ambarella. Put it into the credential "
        "unlock.ambarella.log-in, then dock the recorder again.",
        "! slot 1：已接入，未解锁：没有 ambarella 系列的密码。请将密码写入凭据 unlock.ambarella.log-in，"
        "然后重新接入执法记录仪。",
    ),
    refused_password: (
        "! slot 1: present, locked: the recorder does not accept the password. It is not tried again by itself, "
        "because some recorders lock for good: correct the credential, then dock the recorder again.",
        "! slot 1：已接入，未解锁：执法记录仪不接受该密码。不会自动重试，因为有些执法记录仪会永久锁定："
        "请更正凭据，然后重新接入执法记录仪。",
    ),
    silence: (
        "! slot 1: expected an answer of the recorder within 3 seconds, found none that is complete. Switch the "
        "recorder on, let it start, then dock it again.",
        "! slot 1：执法记录仪应在 3 秒内答复，未收到完整答复。请打开执法记录仪，待其启动后重新接入。",
    ),
    factory_password: (
        "! slot 1: the recorder still has its maker's password: anybody can open it and change what is on it; give it "
        "another one, and put that into the credential",
        "! slot 1: 该执法记录仪仍在使用出厂密码：任何人都能打开它并改动其中内容；请更换密码，并将新密码写入凭据",
    ),
    twins: (
        "! alarm {alarm}: the serial of usb:4255:1000:ZX1 was in two slots at once (slot 1, slot 2): one of the "
        "recorders is not what it says (A3 art. 3). Everything is sealed and both dockings are held; find out which "
        "recorder is which, then dock one after the other",
        "! 警报 {alarm}：usb:4255:1000:ZX1 的序列号同时出现在两个槽位（slot 1, slot 2）：其中一台执法记录仪名不副实"
        "（A3 第三条）。全部内容已固定，两次接入均被扣留待查；请查明各是哪台执法记录仪，再逐台接入",
    ),
}

STATES: dict[Happening, tuple[str, str]] = {
    keyboard: ("REFUSED, take it out", "已拒绝，请取出"),
    ext4: ("REFUSED, take it out", "已拒绝，请取出"),
    no_driver: ("present, locked", "已插入，未解锁"),
    no_password: ("present, locked", "已插入，未解锁"),
    refused_password: ("present, locked", "已插入，未解锁"),
    silence: ("present, locked", "已插入，未解锁"),
    factory_password: ("unlocking, wait", "正在解锁，请稍候"),
    twins: ("HELD: serial twice", "扣留：序列号重复"),
}

UNREGISTERED = (
    "Remark: the recorder is not registered: sealed and held, not to be filed before it is.",
    "注意：执法记录仪未登记：已固定并封存待处理，登记前不得附卷。",
)


def expected(dock: Dock, text: str) -> str:
    alarms = dock.live.entries("dock.alarmed")
    return text.replace("{alarm}", str(alarms[-1].seq) if alarms else "")


def said(custody: Custody, dock: Dock, *command: str) -> list[str]:
    return [line.strip() for line in custody("--config", dock.config, *command).out.splitlines()]


@pytest.mark.parametrize("command", [("dock", "list"), ("dock", "slots"), ("status",)], ids=" ".join)
@pytest.mark.parametrize("happens", TOLD, ids=lambda one: one.__name__)
def test_it_is_told_word_by_word(custody: Custody, dock: Dock, happens: Happening, command: tuple[str, ...]) -> None:
    happens(dock)
    dock.look()
    lines, told = said(custody, dock, *command), expected(dock, TOLD[happens][0])
    assert lines.count(told) == 1
    # What is an alarm is not told again as what stands there.
    assert [line for line in lines if told.partition("slot 1")[2] in line] == [told]


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize("command", [("dock", "list"), ("dock", "slots"), ("status",)], ids=" ".join)
@pytest.mark.parametrize("happens", TOLD, ids=lambda one: one.__name__)
def test_it_is_told_word_by_word_in_chinese(
    custody: Custody, dock: Dock, happens: Happening, command: tuple[str, ...]
) -> None:
    happens(dock)
    dock.look()
    assert said(custody, dock, *command).count(expected(dock, TOLD[happens][1])) == 1


@pytest.mark.parametrize("happens", STATES, ids=lambda one: one.__name__)
def test_its_slot_says_so_on_one_line(custody: Custody, dock: Dock, happens: Happening) -> None:
    happens(dock)
    dock.look()
    assert line_of(said(custody, dock, "dock", "slots"), "slot 1").endswith(f"  {STATES[happens][0]}")


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize("happens", STATES, ids=lambda one: one.__name__)
def test_its_slot_says_so_on_one_line_in_chinese(custody: Custody, dock: Dock, happens: Happening) -> None:
    happens(dock)
    dock.look()
    assert line_of(said(custody, dock, "dock", "slots"), "slot 1").endswith(f"  {STATES[happens][1]}")


def line_of(lines: list[str], slot: str) -> str:
    (line,) = [line for line in lines if line.startswith(f"{slot}  ")]
    return line


def test_an_unregistered_recorder_is_told(custody: Custody, dock: Dock) -> None:  # R73
    unregistered(dock)
    assert UNREGISTERED[0] in said(custody, dock, "dock", "list")


@pytest.mark.usefixtures("in_chinese")
def test_an_unregistered_recorder_is_told_in_chinese(custody: Custody, dock: Dock) -> None:  # R73
    unregistered(dock)
    assert UNREGISTERED[1] in said(custody, dock, "dock", "list")


@pytest.mark.parametrize("happens", [keyboard, ext4], ids=lambda one: one.__name__)
def test_an_alarm_stands_after_its_device_left_until_somebody_acknowledges_it(
    custody: Custody, dock: Dock, happens: Happening
) -> None:
    happens(dock)
    dock.look()
    dock.usb.pull("1-2")
    dock.look()
    told = expected(dock, TOLD[happens][0])
    assert told in said(custody, dock, "dock", "list")
    alarm = str(dock.live.entries("dock.alarmed")[-1].seq)
    done = custody(
        *("--config", dock.config, "dock", "acknowledge", alarm),
        *("--by", "supervisor-1", "--note", "a stick of the cleaner's"),
    )
    assert done.out.startswith(f"Alarm {alarm} acknowledged by supervisor-1, ")
    listed = custody("--config", dock.config, "dock", "alarms")
    assert f"{told.removeprefix('! ')}\n  acknowledged 2026-11-21 20:00:00 by supervisor-1: a stick" in listed.out
    assert listed.code == 0
    for command in (("dock", "list"), ("dock", "slots"), ("status",)):
        assert told not in said(custody, dock, *command)


def test_a_device_that_still_stands_there_is_told_after_its_alarm_was_acknowledged(
    custody: Custody, dock: Dock
) -> None:
    ext4(dock)
    dock.look()
    alarm = str(dock.live.entries("dock.alarmed")[-1].seq)
    custody("--config", dock.config, "dock", "acknowledge", alarm, "--by", "custodian-1", "--note", "seen")
    told = TOLD[ext4][0].replace("alarm {alarm}: ", "")
    assert told in said(custody, dock, "status")


@pytest.mark.usefixtures("in_chinese")
def test_an_acknowledged_alarm_is_said_in_chinese_and_is_closed_once(custody: Custody, dock: Dock) -> None:
    ext4(dock)
    dock.look()
    (entry,) = dock.live.entries("dock.alarmed")
    words = ("--by", "custodian-1", "--note", "已查明")
    listed = custody("--config", dock.config, "dock", "alarms")
    assert (listed.code, listed.out.splitlines()[1]) == (8, "  未解除")
    first = custody("--config", dock.config, "dock", "acknowledge", str(entry.seq), *words)
    assert first.out.startswith(f"警报 {entry.seq} 已由 custodian-1 确认，")
    second = custody("--config", dock.config, "dock", "acknowledge", str(entry.seq), *words)
    assert second.err.startswith(f"custody：警报 {entry.seq} 已由 custodian-1 于 ")
    assert second.code == 5


def test_only_a_custodian_or_supervisor_closes_an_alarm(custody: Custody, dock: Dock) -> None:
    ext4(dock)
    dock.look()
    (entry,) = dock.live.entries("dock.alarmed")
    done = custody("--config", dock.config, "dock", "acknowledge", str(entry.seq), "--by", "officer-1", "--note", "x")
    assert (done.code, dock.live.entries("alarm.acknowledged")) == (5, [])
    assert "A3" in done.err


def test_a_device_of_the_station_itself_is_told_among_the_slots_and_needs_nobody(custody: Custody, dock: Dock) -> None:
    dock.usb.plug("1-4", Claims(vendor_id="0403", product_id="6001"), interfaces=[CONTROL])
    dock.look()
    slots = custody("--config", dock.config, "dock", "slots")
    assert "pci-0000:00:14.0-usb-0:4: present, locked: no driver is known for USB 0403:6001." in slots.out
    assert (slots.code, "!" in slots.out) == (0, False)
    assert not any(
        "0403" in custody("--config", dock.config, *command).out for command in (("dock", "list"), ("status",))
    )


def test_every_reason_has_words_that_fit_beside_a_slot() -> None:
    assert set(labels.WHY_NOT) == {reason.value for reason in WhyNot}
    assert set(labels.UNLOCK_WARNING) == {warning.value for warning in UnlockWarning}
    assert max(width_of(labels.label(labels.WHY_NOT, reason)) for reason in WhyNot) <= 20


@pytest.mark.usefixtures("in_chinese")
def test_every_reason_fits_beside_a_slot_in_chinese() -> None:
    assert max(width_of(labels.label(labels.WHY_NOT, reason)) for reason in WhyNot) <= 20
