"""What a custodian reads of a recorder that stays locked, in both languages."""

import pytest

from cli.messages import explained
from docking.drivers.errors import (
    ClockMeasurementStaleError,
    ClockNotReadableError,
    ClockNotSettableError,
    ClockProofError,
    CommandRefusedError,
    ControlAbsentError,
    ControlFailedError,
    ControlGoneError,
    ControlMismatchError,
    ControlReplyError,
    ControlSilentError,
    DriverMissingError,
    LoginRefusedError,
    PasswordFileError,
    PasswordFileProblem,
    PasswordMissingError,
    ReplyProblem,
)
from docking.drivers.verbs import DriverName
from docking.errors import DockingError

PORT = "1-2.4"
AMBARELLA = DriverName.AMBARELLA

REFUSALS: list[tuple[DockingError, str, str]] = [
    (
        DriverMissingError(port_path=PORT, vendor_id="1234", product_id="5678"),
        "1-2.4: present, locked: no driver is known for USB 1234:5678. Unlock the recorder by hand or with its maker's "
        "program, or take its card out and read that.",
        "1-2.4：已接入，未解锁：没有适用于 USB 1234:5678 的驱动程序。请手动或用厂家程序解锁，或取出存储卡读取。",
    ),
    (
        PasswordMissingError(port_path=PORT, driver=AMBARELLA, credential="unlock.ambarella.log-in"),
        "1-2.4: present, locked: no password for the family ambarella. Put it into the credential "
        "unlock.ambarella.log-in, then dock the recorder again.",
        "1-2.4：已接入，未解锁：没有 ambarella 系列的密码。请将密码写入凭据 unlock.ambarella.log-in，"
        "然后重新接入执法记录仪。",
    ),
    (
        PasswordFileError(path="/run/credentials/one", problem=PasswordFileProblem.MODE),
        "/run/credentials/one: this password file is not used: others than its owner may use it; set its mode to 0400.",
        "/run/credentials/one：不使用该密码文件：所有者以外的用户也可使用；请将其权限设为 0400。",
    ),
    (
        LoginRefusedError(port_path=PORT),
        "1-2.4: present, locked: the recorder does not accept the password. It is not tried again by itself, because "
        "some recorders lock for good: correct the credential, then dock the recorder again.",
        "1-2.4：已接入，未解锁：执法记录仪不接受该密码。不会自动重试，因为有些执法记录仪会永久锁定："
        "请更正凭据，然后重新接入执法记录仪。",
    ),
    (
        ControlAbsentError(port_path=PORT),
        "1-2.4: expected a recorder at this USB port, found nothing. Dock the recorder again.",
        "1-2.4：该 USB 端口上应有执法记录仪，实际没有。请重新接入执法记录仪。",
    ),
    (
        ControlMismatchError(port_path=PORT, driver=AMBARELLA, found="ff/00/00"),
        "1-2.4: expected a control channel of the family ambarella, found interfaces ff/00/00; nothing was sent. Check "
        "in the settings which family this recorder belongs to.",
        "1-2.4：应有 ambarella 系列的控制通道，实际接口为 ff/00/00；未发送任何内容。"
        "请在设置中核对该执法记录仪属于哪个系列。",
    ),
    (
        ControlFailedError(port_path=PORT, reason="Broken pipe"),
        "1-2.4: the recorder's control channel failed (Broken pipe). Dock the recorder again.",
        "1-2.4：执法记录仪的控制通道出错（Broken pipe）。请重新接入执法记录仪。",
    ),
    (
        ControlGoneError(port_path=PORT),
        "1-2.4: the recorder is no longer there. Dock it again; nothing on it was changed.",
        "1-2.4：执法记录仪已不在。请重新接入；其中内容未作任何改动。",
    ),
    (
        ControlSilentError(port_path=PORT, seconds="3"),
        "1-2.4: expected an answer of the recorder within 3 seconds, found none that is complete. Switch the recorder "
        "on, let it start, then dock it again.",
        "1-2.4：执法记录仪应在 3 秒内答复，未收到完整答复。请打开执法记录仪，待其启动后重新接入。",
    ),
    (
        ControlReplyError(port_path=PORT, problem=ReplyProblem.ECHO),
        "1-2.4: the recorder's answer is not understood: it gives the command back with its password. Dock it again; "
        "if this repeats, it needs another driver.",
        "1-2.4：无法理解执法记录仪的答复：把命令连同密码原样发回。请重新接入；如仍如此，则需要另一种驱动程序。",
    ),
    (
        CommandRefusedError(port_path=PORT, verb="@ATH"),
        "1-2.4: the recorder refuses @ATH. Check the password for its family, then dock it again.",
        "1-2.4：执法记录仪拒绝执行 @ATH。请核对该系列的密码，然后重新接入。",
    ),
    (
        ClockNotReadableError(recorder="usb:1:2:3", shown="2026-10-25 02:30:00", zone="Europe/Berlin"),
        "usb:1:2:3: the recorder's clock shows 2026-10-25 02:30:00, which is not exactly one moment in the time zone "
        "Europe/Berlin.",
        "usb:1:2:3：执法记录仪时钟显示 2026-10-25 02:30:00，在时区 Europe/Berlin 中不对应唯一时刻。",
    ),
    (
        ClockMeasurementStaleError(recorder="usb:1:2:3", minutes=20),
        "usb:1:2:3: expected a measurement of this recorder's clock from the last 20 minutes, found another. Measure "
        "and record the offset, then set the clock (A3 art. 6).",
        "usb:1:2:3：应有该执法记录仪最近 20 分钟内的时钟测量，实际不是。"
        "请先测量并记录时钟偏差，再校准时钟（A3 第六条）。",
    ),
    (
        ClockProofError(field="offset_ms"),
        "Setting a recorder's clock takes the recorded measurement of it; what was given is none: see field offset_ms.",
        "校准执法记录仪时钟须有已记录的时钟测量；所给内容不是：见字段 offset_ms。",
    ),
    (
        ClockNotSettableError(port_path=PORT, driver=DriverName.BC_PLUS),
        "1-2.4: no command is known that sets the clock of the family bc-plus; set it by hand.",
        "1-2.4：没有已知命令可校准 bc-plus 系列的时钟；请手动校准。",
    ),
]
CODES = [error.code for error, _, _ in REFUSALS]


@pytest.mark.parametrize(("error", "english", "_"), REFUSALS, ids=CODES)
def test_what_is_wrong_and_what_to_do_is_told(error: DockingError, english: str, _: str) -> None:
    assert explained(error) == english


@pytest.mark.usefixtures("in_chinese")
@pytest.mark.parametrize(("error", "_", "chinese"), REFUSALS, ids=CODES)
def test_what_is_wrong_and_what_to_do_is_told_in_chinese(error: DockingError, _: str, chinese: str) -> None:
    assert explained(error) == chinese
