"""`custody dock slots` and `custody dock learn`, and what `custody status` says of slots and alarms."""

import re
from pathlib import Path

import pytest

from bodycam_custody.errors import StatedError
from bodycam_custody.slots.alarms import SERIAL_TWICE
from bodycam_custody.slots.errors import SlotNameInvalidError, SlotNameTakenError, SlotPortUnknownError
from cli import labels, slot_learning
from cli.messages import explained
from cli.tables import width_of
from cli.wire import Alarm, Problem
from docking.slot_state import SlotPhase
from docking.usb_errors import UsbInterfaceRefusedError
from docking.usb_policy import UsbRemark
from tests.cli.answering_server import StatedProblemError
from tests.cli.conftest import Custody
from tests.cli.records import make_docking, make_slot
from tests.cli.station import FakeStation

REFUSED: Problem = {
    "code": "usb-interface-refused",
    "template": UsbInterfaceRefusedError.template,
    "facts": {
        "port": "pci-0000:00:14.0-usb-0:2",
        "device": "0951:1666",
        "interface": "03/01/01",
        "acts_as": {"template": "a keyboard", "facts": {}},
    },
}


def test_every_slot_says_what_stands_in_it(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.slots = [
        [
            make_slot(
                "slot 1", 1, phase="reading", why_not="reading", recorder_id="usb:4255:0001:ZX12", docking_id="d-1",
                officer_id="officer-1", files_found=40, files_kept=12, bytes_found=1000, bytes_done=319,
            ),
            make_slot(
                "slot 2", 2, phase="present-locked", why_not="locked", recorder_id="unknown", product="Body camera"
            ),
            make_slot(None, 3),
            make_slot(
                "slot 10", 4, phase="safe", recorder_id="usb:4255:0001:ZX10", docking_id="d-2", officer_id="officer-2",
                files_found=3, files_kept=3, handover={"on-time": 2, "late": 1, "undeterminable": 0},
                safe_to_take_away="yes",
            ),
        ]
    ]  # fmt: skip
    ended = custody("--config", config_file, "dock", "slots")
    assert [line.split("  ") for line in squeezed(ended.out)] == [
        ["Slot", "Recorder", "Officer", "Read", "Handover", "State"],
        ["slot 2", "Body camera", "–", "–", "–", "present, locked"],
        ["slot 1", "ZX12", "officer-1", "12/40 31 %", "–", "reading, leave it"],
        ["slot 10", "ZX10", "officer-2", "3/3", "LATE 1", "safe to take away"],
        ["…4.0-usb-0:3", "–", "–", "–", "–", "empty"],
        [""],
        [
            "pci-0000:00:14.0-usb-0:3 has no name yet: custody dock learn NAME --port pci-0000:00:14.0-usb-0:3",
        ],
    ]
    assert ended.code == 0


@pytest.mark.parametrize("language", ["C.UTF-8", "zh_CN.UTF-8"])
def test_every_slot_fits_on_one_line_whatever_stands_in_it(
    custody: Custody, config_file: Path, station: FakeStation, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    many = {"on-time": 12345, "late": 0, "undeterminable": 12345}
    station.slots = [
        [
            make_slot(
                f"三号柜左侧上排第{port}个槽位，朝门的那一边", port, phase="reading", why_not=reason, handover=many,
                recorder_id=f"usb:4255:0001:{'执法记录仪' * 8}{port}", officer_id="officer-" * 4, docking_id="d",
                files_found=99999, files_kept=88888, bytes_found=1000, bytes_done=999, safe_to_take_away="no",
            )
            for port, reason in enumerate(labels.WHY_NOT)
        ]
    ]  # fmt: skip
    for command in (("dock", "slots"), ("status",)):
        lines = custody("--config", config_file, *command).out.splitlines()
        rows = [line for line in lines if "99999" in line]
        assert len(rows) == len(labels.WHY_NOT)
        assert max(width_of(line) for line in rows) <= 100
        words = [labels.label(labels.WHY_NOT, reason) for reason in labels.WHY_NOT]
        assert [line.endswith(word) for line, word in zip(rows, words, strict=True)] == [True] * len(rows)


def test_what_a_recorder_said_when_it_was_unlocked_stands_below(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    unlock = {
        "at": "2026-11-21T09:00:00.000000Z", "state": "storage-asked", "family": "ambarella", "device_id": "DSJ0017",
        "police_number": "012345", "officer_name": "张三", "unit_name": None, "battery_percent": 87,
        "clock_offset_ms": -90_000, "clock_offset_uncertainty_ms": 501, "warnings": ["no-reply-to-storage"],
    }  # fmt: skip
    station.slots = [[make_slot("slot 1", 1, phase="storage", why_not="not-mounted", unlock=unlock)]]
    assert (
        "slot 1: the recorder says: device DSJ0017, police number 012345, name 张三, battery 87 %, its clock is off by "
        "-90.0 s (± 0.5 s), it left before it answered\n"
    ) in custody("--config", config_file, "dock", "slots").out


def squeezed(text: str) -> list[str]:
    """Return the lines of a table with two spaces between its columns."""
    return [re.sub(r"(?<=\S) {2,}", "  ", line) for line in text.splitlines()]


def test_a_refused_device_is_told_and_is_no_success(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.slots = [[make_slot("slot 2", 2, phase="refused", problem=REFUSED)]]
    ended = custody("--config", config_file, "dock", "slots")
    assert "REFUSED" in ended.out
    assert "found interface 03/01/01 (a keyboard). It is neither mounted nor read." in ended.out
    assert ended.code == 8


@pytest.mark.usefixtures("in_chinese")
def test_a_refused_device_is_told_in_chinese(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.slots = [[make_slot("slot 2", 2, phase="refused", problem=REFUSED)]]
    assert (
        "却发现接口 03/01/01（键盘）。该设备既不挂载也不读取。" in custody("--config", config_file, "dock", "slots").out
    )


def test_a_station_without_slots_says_how_to_get_one(custody: Custody, config_file: Path, station: FakeStation) -> None:
    assert custody("--config", config_file, "dock", "slots").out == (
        "No slot is known yet. Plug a recorder in, or name one with: custody dock learn NAME\n"
    )


@pytest.fixture
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again after a moment instead of half a second."""
    monkeypatch.setattr(slot_learning, "LOOK_EVERY_S", 0.01)


@pytest.mark.usefixtures("_quick_looks")
def test_a_slot_is_learnt_by_plugging_into_it(custody: Custody, config_file: Path, station: FakeStation) -> None:
    named, other = make_slot("slot 1", 1, phase="safe", arrivals=4), make_slot(None, 2, phase="storage", arrivals=1)
    station.slots = [
        [named, other],
        [named, other],
        [{**named, "arrivals": 5}, other],
        [named, other, make_slot(None, 3, phase="present-locked", arrivals=1)],
    ]
    ended = custody("--config", config_file, "dock", "learn", "slot 3")
    assert station.seen[-1] == ("slots.learn", {"name": "slot 3", "port": "pci-0000:00:14.0-usb-0:3"})
    assert (ended.err, ended.out, ended.code) == (
        "Plug a recorder into slot 3 now.\n",
        "Port pci-0000:00:14.0-usb-0:3 is slot 3 now.\n",
        0,
    )


@pytest.mark.usefixtures("_quick_looks")
def test_two_at_once_teach_nothing(custody: Custody, config_file: Path, station: FakeStation) -> None:
    both = [make_slot(None, port, phase="storage", arrivals=1) for port in (2, 3)]
    station.slots = [[], both]
    ended = custody("--config", config_file, "dock", "learn", "slot 3")
    assert ended.err.splitlines()[-1] == "Plug in one at a time, please."
    assert (ended.code, [name for name, _ in station.seen]) == (1, ["slots.list", "slots.list"])


@pytest.mark.usefixtures("_quick_looks")
def test_nothing_is_learnt_when_nothing_comes(custody: Custody, config_file: Path, station: FakeStation) -> None:
    ended = custody("--config", config_file, "dock", "learn", "slot 3", "--wait", "1")
    assert (ended.err.splitlines()[-1], ended.code) == ("Nothing was plugged in.", 1)


def test_a_port_can_be_named_without_plugging(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.slots = [[make_slot("slot 2", 2)]]
    ended = custody("--config", config_file, "dock", "learn", "slot 3", "--port", "pci-0000:00:14.0-usb-0:2")
    assert ended.out == "Port pci-0000:00:14.0-usb-0:2 is slot 3 now; it was slot 2.\n"
    assert [name for name, _ in station.seen] == ["slots.learn"]


ERRORS = [
    (
        SlotNameTakenError(name="slot 3", port="p-2"),
        "slot name slot 3 stands for port p-2 already; a name stands for one slot. Give that port another name first: "
        "custody dock learn NAME --port p-2",
        "槽位名称 slot 3 已属于端口 p-2；一个名称只对应一个槽位。请先给该端口另起名称："
        "custody dock learn NAME --port p-2",
        5,
    ),
    (
        SlotNameInvalidError(found="''", longest=40),
        "slot name '': expected 1 to 40 printable characters without spaces at the ends, as it is painted beside the "
        "slot",
        "槽位名称 ''：应为 1 至 40 个可显示字符，首尾无空格，与槽位旁的标记一致",
        2,
    ),
    (
        SlotPortUnknownError(port="p-2"),
        "nothing was ever seen on port p-2, so it gets no name; plug a recorder in there, or choose a port that "
        "`custody dock slots` shows",
        "端口 p-2 上从未见过设备，因此不能命名；请在该处插入执法记录仪，或选择 `custody dock slots` 列出的端口",
        2,
    ),
]


@pytest.mark.parametrize(("error", "english", "_chinese", "code"), ERRORS)
def test_why_a_slot_gets_no_name_is_told(
    custody: Custody,
    config_file: Path,
    station: FakeStation,
    error: StatedError,
    english: str,
    _chinese: str,
    code: int,
) -> None:
    station.refuses = StatedProblemError(409, error.code, error.template, **error.facts)
    ended = custody("--config", config_file, "dock", "learn", "slot 3", "--port", "p-2")
    assert (ended.err, ended.code) == (f"custody: {english}\n", code)


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize(("error", "_english", "chinese", "_code"), ERRORS)
def test_why_a_slot_gets_no_name_is_told_in_chinese(
    error: StatedError, _english: str, chinese: str, _code: int
) -> None:
    assert explained(error) == chinese


def alarm() -> Alarm:
    """Return the alarm a station gives when one serial is in two slots."""
    return {
        "alarm": 17,
        "at": "2026-11-21T09:00:00.000000Z",
        "code": "serial-twice",
        "recorder_id": "usb:4255:0001:ZX12",
        "slots": ["slot 1", "slot 2"],
        "docking_ids": ["20261121T085900Z-k3f9", "20261121T085901Z-k3fa"],
        "problem": {
            "code": "serial-twice",
            "template": SERIAL_TWICE,
            "facts": {"recorder": "usb:4255:0001:ZX12", "slots": "slot 1, slot 2"},
        },
        "is_standing": True,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "note": None,
    }


def test_a_serial_in_two_slots_needs_attention(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R73
    station.alarms = [alarm()]
    ended = custody("--config", config_file, "status")
    assert "NEEDS ATTENTION" in ended.out
    assert (
        "  ! alarm 17: the serial of usb:4255:0001:ZX12 was in two slots at once (slot 1, slot 2): one of the "
        "recorders is not what it says (A3 art. 3). Everything is sealed and both dockings are held; find out which "
        "recorder is which, then dock one after the other\n"
    ) in ended.out


@pytest.mark.usefixtures("in_chinese")
def test_a_serial_in_two_slots_needs_attention_in_chinese(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R73
    station.alarms = [alarm()]
    assert (
        "  ! 警报 17：usb:4255:0001:ZX12 的序列号同时出现在两个槽位（slot 1, slot 2）：其中一台执法记录仪名不副实"
        "（A3 第三条）。全部内容已固定，两次接入均被扣留待查；请查明各是哪台执法记录仪，再逐台接入\n"
    ) in custody("--config", config_file, "status").out


def test_a_held_docking_says_so_in_the_list(custody: Custody, config_file: Path, station: FakeStation) -> None:  # R73
    station.dockings = [make_docking(safe_to_take_away="no", remarks=["serial-twice"])]
    told = custody("--config", config_file, "dock", "list").out
    assert "leave it here" in told
    assert "the same serial was in two slots at once: both dockings are held" in told


def test_status_shows_every_slot(custody: Custody, config_file: Path, station: FakeStation) -> None:
    gone = make_slot("slot 1", 1, phase="gone-early", why_not="gone-early")
    station.slots = [[gone, make_slot(None, 7, phase="storage")]]
    told = custody("--config", config_file, "status").out
    assert squeezed(told).count("  slot 1  –  –  –  –  TAKEN AWAY TOO EARLY") == 1
    assert "usb-0:7" not in told, "a disk of the station's own is no slot"


def test_every_phase_and_remark_of_a_slot_has_words() -> None:
    assert set(labels.SLOT_PHASE) == {phase.value for phase in SlotPhase}
    assert set(labels.SLOT_REMARK) == {remark.value for remark in UsbRemark}
