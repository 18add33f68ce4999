"""The unlock helper up to the point where it speaks; test_unlock_on_umockdev.py goes on from there."""

import json
from pathlib import Path

import pytest

from docking.drivers.clock import ClockSource, measure, measurement_facts
from docking.drivers.errors import ControlSilentError, LoginRefusedError
from docking.drivers.report import UnlockReport, UnlockState, UnlockWarning, format_report
from docking.drivers.session import Wish, visit
from docking.drivers.verbs import DriverName
from docking.unlock_helper import UnlockExit, UnlockRequest, exit_code, main, unlock
from tests.docking.drivers.fake_recorders import NAME, ZONE, AmbarellaFirmware, BcPlusFirmware, Wire, passwords, record
from tests.docking.drivers.test_channel import recorder_on
from tests.docking.usb_tree import CONTROL, KEYBOARD, PORT, STORAGE, Claims, Triple, UsbTree

REQUEST = UnlockRequest(device="1-2", zone=ZONE)
UNKNOWN = Claims(vendor_id="1234", product_id="5678")


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    return UsbTree(tmp_path)


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    folder = tmp_path / "credentials"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, content: str, mode: int = 0o400) -> None:
    (folder / name).write_text(content, encoding="ascii")
    (folder / name).chmod(mode)


def test_an_empty_port_is_absent(tree: UsbTree) -> None:
    report = unlock(REQUEST, credentials=None, sysfs=tree.sysfs)
    assert (report.state, exit_code(report)) == (UnlockState.ABSENT, UnlockExit.ABSENT)
    assert str(report.problem) == "1-2: expected a recorder at this USB port, found nothing. Dock the recorder again."


def test_a_recorder_without_driver_is_present_and_locked_and_says_what_to_do(tree: UsbTree) -> None:
    tree.plug("1-2", UNKNOWN, interfaces=[CONTROL])
    report = unlock(REQUEST, credentials=None, sysfs=tree.sysfs)
    assert (report.state, exit_code(report)) == (UnlockState.LOCKED, UnlockExit.NO_DRIVER)
    assert str(report.problem) == (
        "1-2: present, locked: no driver is known for USB 1234:5678. Unlock the recorder by hand or with its maker's "
        "program, or take its card out and read that."
    )


def test_a_recorder_without_password_is_present_and_locked_and_says_where_it_goes(
    tree: UsbTree, credentials: Path
) -> None:
    tree.plug("1-2", interfaces=[CONTROL])
    for folder in (None, credentials):
        report = unlock(REQUEST, credentials=folder, sysfs=tree.sysfs)
        assert (report.state, report.driver, exit_code(report)) == (
            UnlockState.LOCKED,
            DriverName.AMBARELLA,
            UnlockExit.NO_PASSWORD,
        )
        assert str(report.problem) == (
            "1-2: present, locked: no password for the family ambarella. Put it into the credential "
            "unlock.ambarella.log-in, then dock the recorder again."
        )


def test_a_password_open_to_others_is_not_used(tree: UsbTree, credentials: Path) -> None:
    tree.plug("1-2", interfaces=[CONTROL])
    put(credentials, "unlock.ambarella.log-in", "hush-hush", 0o644)
    report = unlock(REQUEST, credentials=credentials, sysfs=tree.sysfs)
    assert exit_code(report) is UnlockExit.NO_PASSWORD
    assert b"hush" not in format_report(report)


def test_the_unit_says_which_ids_speak_bc_plus(tree: UsbTree, credentials: Path, tmp_path: Path) -> None:
    tree.plug("1-2", UNKNOWN, interfaces=[CONTROL])
    families = tmp_path / "recorder-families.toml"
    families.write_text('"1234:5678" = "bc-plus"\n', encoding="utf-8")
    request = UnlockRequest(device="1-2", zone=ZONE, families=families)
    report = unlock(request, credentials=credentials, sysfs=tree.sysfs)
    assert report.driver is DriverName.BC_PLUS
    assert "unlock.bc-plus.log-in" in str(report.problem)


@pytest.mark.parametrize("claims", [Claims(), UNKNOWN])
def test_what_is_a_card_already_is_not_spoken_to(tree: UsbTree, claims: Claims) -> None:
    tree.plug("1-2", claims, interfaces=[STORAGE, CONTROL])
    report = unlock(REQUEST, credentials=None, sysfs=tree.sysfs)
    assert (report.state, report.problem, exit_code(report)) == (UnlockState.CARD, None, UnlockExit.DONE)


@pytest.mark.parametrize("interfaces", [[CONTROL, KEYBOARD], [KEYBOARD]])
def test_a_recorder_that_types_gets_no_password(tree: UsbTree, credentials: Path, interfaces: list[Triple]) -> None:
    tree.plug("1-2", interfaces=interfaces)
    put(credentials, "unlock.ambarella.log-in", "hush-hush")
    report = unlock(REQUEST, credentials=credentials, sysfs=tree.sysfs)
    assert (report.state, exit_code(report)) == (UnlockState.LOCKED, UnlockExit.FAILED)
    assert "03/01/01" in str(report.problem)


def test_a_list_of_families_that_cannot_be_used_stops_before_anything_is_said(
    tree: UsbTree, credentials: Path, tmp_path: Path
) -> None:
    tree.plug("1-2", interfaces=[CONTROL])
    put(credentials, "unlock.ambarella.log-in", "hush-hush")
    families = tmp_path / "recorder-families.toml"
    families.write_text('"1234:5678" = "bc+"\n', encoding="utf-8")
    report = unlock(
        UnlockRequest(device="1-2", zone=ZONE, families=families), credentials=credentials, sysfs=tree.sysfs
    )
    assert (report.state, exit_code(report)) == (UnlockState.LOCKED, UnlockExit.FAILED)
    assert str(report.problem) == (
        f"{families}: recorder families, 1234:5678: expected one of ambarella, bc-plus, found 'bc+'."
    )


def test_setting_the_clock_without_a_proof_does_not_reach_the_recorder(
    tree: UsbTree, credentials: Path, tmp_path: Path
) -> None:
    tree.plug("1-2", interfaces=[CONTROL])
    put(credentials, "unlock.ambarella.log-in", "s3cret-word")
    for content in (None, "{}", "yes"):
        proof = tmp_path / "proof.json"
        if content is not None:
            proof.write_text(content, encoding="ascii")
        request = UnlockRequest(device="1-2", zone=ZONE, proof=proof)
        report = unlock(request, credentials=credentials, sysfs=tree.sysfs)
        assert report.problem is not None
        assert report.problem.code == "clock-proof"
        assert report.state is UnlockState.LOCKED


def test_what_was_read_before_a_failure_is_kept() -> None:
    wire = Wire(BcPlusFirmware(), twist=lambda said: b"" if b"BATVAL" in said else said)
    report = UnlockReport(port_path="1-2")
    with pytest.raises(ControlSilentError):
        visit(recorder_on(wire), passwords(), wish=Wish(storage=True), time=wire.hands.station_time(), report=report)
    assert report.state is UnlockState.OPEN
    assert report.clock is not None
    assert report.battery_percent is None
    assert b"BC+UDISKEN=1\r\n" not in wire.sent


def test_a_refused_login_is_the_last_word() -> None:
    wire = Wire(AmbarellaFirmware(log_in=b"other"))
    report = UnlockReport(port_path="1-2", state=UnlockState.LOCKED)
    with pytest.raises(LoginRefusedError):
        visit(recorder_on(wire), passwords(), wish=Wish(storage=True), time=wire.hands.station_time(), report=report)
    assert len(wire.sent) == 1
    assert report.state is UnlockState.LOCKED
    report.problem = LoginRefusedError(port_path="1-2")
    assert exit_code(report) is UnlockExit.LOGIN_REFUSED


def test_the_report_warns_of_factory_passwords_and_recorders_nobody_carries() -> None:
    data = record(b"ABC1234", b"000000", b"\xff\xfe\x81", b"", b"")
    wire = Wire(AmbarellaFirmware(record=data, leaves_unheard=True))
    report = UnlockReport(port_path="1-2")
    visit(
        recorder_on(wire),
        passwords(b"00000000", b"12345678"),
        wish=Wish(storage=True),
        time=wire.hands.station_time(),
        report=report,
    )
    assert report.state is UnlockState.STORAGE_ASKED
    assert set(report.warnings) == set(UnlockWarning)


# R32: first measured and recorded, then set; and set before the channel ends.
def test_the_clock_is_set_with_the_proof_that_was_recorded() -> None:
    firmware = AmbarellaFirmware()
    wire = Wire(firmware)
    time = wire.hands.station_time()
    local = time.now().astimezone(ZONE).replace(tzinfo=None, microsecond=0)
    proof = measure(recorder="usb:4255:0001:A", source=ClockSource.DISPLAY, look=lambda: local, time=time)
    report = UnlockReport(port_path="1-2")
    visit(recorder_on(wire), passwords(), wish=Wish(storage=True, proof=proof), time=time, report=report)
    assert report.clock_set_to is not None
    assert firmware.time == b"120000"
    assert firmware.is_card
    assert [said[:4] for said in wire.sent] == [b"@Ver", b"@Gdv", b"@Sdt", b"@Stm", b"@ATH"]


def test_the_report_is_one_line_of_ascii_with_everything_in_it() -> None:
    data = record(b"ABC1234", b"012345", NAME.encode("gbk"), b"500110000001", b"")
    wire = Wire(BcPlusFirmware())
    bc_plus = UnlockReport(port_path="1-2")
    visit(recorder_on(wire), passwords(), wish=Wish(), time=wire.hands.station_time(), report=bc_plus)
    facts = json.loads(format_report(bc_plus))
    assert (facts["v"], facts["state"], facts["battery_percent"]) == (1, "open", 87)
    assert bc_plus.clock is not None
    assert facts["clock"] == measurement_facts(bc_plus.clock)
    wire = Wire(AmbarellaFirmware(record=data))
    ambarella = UnlockReport(port_path="1-2")
    visit(recorder_on(wire), passwords(), wish=Wish(), time=wire.hands.station_time(), report=ambarella)
    line = format_report(ambarella)
    assert line.isascii()
    assert line.count(b"\n") == 1
    facts = json.loads(line)
    assert facts["holder"] == {
        "serial": "ABC1234",
        "police_number": "012345",
        "officer_name": {"text": NAME, "encoding": "gbk", "is_cut": False},
        "unit_number": "500110000001",
        "unit_name": None,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["1-2"],
        ["usb1", "--time-zone", "Asia/Shanghai"],
        ["../1-2", "--time-zone", "Asia/Shanghai"],
        ["1-2", "--time-zone", "Asia/Nowhere"],
        ["1-2", "--time-zone", "../../etc/passwd"],
        ["1-2", "--time-zone", "Asia/Shanghai", "--password", "hush"],
        ["1-2", "--time-zone", "Asia/Shanghai", "--family", "1234:5678=bc-plus"],
    ],
)
def test_other_arguments_are_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == UnlockExit.USAGE
    assert "usage: custody-unlock" in capsys.readouterr().err


def test_the_program_writes_one_report_and_keeps_others_out_of_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    arguments = ["99-7.7.7", "--time-zone", "Asia/Shanghai"]
    assert main(arguments) == UnlockExit.ABSENT
    printed = capsys.readouterr()
    facts = json.loads(printed.out)
    assert (facts["state"], facts["problem"]["code"]) == ("absent", "control-absent")
    assert printed.err == "custody-unlock: port=99-7.7.7 state=absent problem=control-absent\n"
    target = tmp_path / "report.json"
    assert main([*arguments, "--report", str(target)]) == UnlockExit.ABSENT
    assert json.loads(target.read_bytes()) | {"at": facts["at"]} == facts
    assert target.stat().st_mode & 0o777 == 0o640
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_the_port_of_the_report_is_the_slot_not_the_number(tree: UsbTree) -> None:
    tree.plug("1-2", UNKNOWN, interfaces=[CONTROL])
    facts = json.loads(format_report(unlock(REQUEST, credentials=None, sysfs=tree.sysfs)))
    assert facts["device"] == {
        "port": f"{PORT}2",
        "bus": 1,
        "address": 2,
        "vendor_id": "1234",
        "product_id": "5678",
        "serial": "0000017",
        "recorder": "usb:1234:5678:0000017",
    }
