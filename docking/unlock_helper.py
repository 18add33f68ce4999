"""The program `custody-unlock`: opens the control channel of exactly one USB device and says what it learnt.

    custody-unlock 1-2.4 --time-zone Asia/Shanghai [--storage] [--set-clock FILE] [--families FILE] [--report FILE]

The device is named as the kernel names it: bus and ports. Passwords come from the credentials of its unit alone. The
report can hold names, so where standard output is a log it goes to a file; standard error gets none of them.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from docking.drivers.channel import Channel
from docking.drivers.clock import ClockMeasurement, parse_measurement, station_time
from docking.drivers.errors import (
    ClockProofError,
    ControlAbsentError,
    DriverMissingError,
    LoginRefusedError,
    PasswordFileError,
    PasswordMissingError,
)
from docking.drivers.families import KNOWN_FAMILIES, load_families
from docking.drivers.passwords import log_in_credential, read_passwords
from docking.drivers.recorders import endpoints_of, recorder_of
from docking.drivers.report import UnlockReport, UnlockState, format_report
from docking.drivers.session import Wish, recorder_name, visit
from docking.drivers.usb_transport import open_control
from docking.drivers.verbs import DriverName
from docking.errors import DockingError
from docking.notes import NOTE_SUFFIX, write_note
from docking.presence import SYSFS
from docking.usb_devices import UsbDevice, UsbId, read_usb_device
from docking.usb_errors import UsbUnreadableError
from docking.usb_policy import UsbKind, judge_usb_device
from docking.usb_ports import port_chain_of
from docking.usb_strings import with_strings

# A measurement is one line of a few hundred bytes.
_MAX_PROOF_BYTES: Final = 4096


class UnlockExit(IntEnum):
    """How the program ends; part of its interface. Usage and rights are those of sysexits.h."""

    DONE = 0
    FAILED = 1
    NO_DRIVER = 2
    NO_PASSWORD = 3
    LOGIN_REFUSED = 4
    ABSENT = 5
    USAGE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockRequest:
    """What the command line asks for."""

    device: str
    zone: ZoneInfo
    storage: bool = False
    proof: Path | None = None
    families: Path | None = None
    """The unit's own list of USB ids; None is those known here."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program: one report, one exit code."""
    arguments = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    request = UnlockRequest(
        device=arguments.device,
        zone=arguments.time_zone,
        storage=arguments.storage,
        proof=arguments.set_clock,
        families=arguments.families,
    )
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    report = unlock(request, credentials=None if folder is None else Path(folder))
    _write(format_report(report), arguments.report)
    code = report.problem.code if report.problem else "none"
    sys.stderr.write(f"custody-unlock: port={report.port_path} state={report.state} problem={code}\n")
    return exit_code(report)


def unlock(request: UnlockRequest, *, credentials: Path | None, sysfs: Path = SYSFS) -> UnlockReport:
    """Speak to the device at that port and return what came of it; never raises a `DockingError`."""
    report = UnlockReport(port_path=request.device)
    try:
        _unlock(request, credentials, sysfs, report)
    except DockingError as err:
        report.problem = err
    return report


def exit_code(report: UnlockReport) -> UnlockExit:
    """Return the exit code that goes with a report."""
    match report.problem:
        case None:
            return UnlockExit.DONE
        case DriverMissingError():
            return UnlockExit.NO_DRIVER
        case PasswordMissingError() | PasswordFileError():
            return UnlockExit.NO_PASSWORD
        case LoginRefusedError():
            return UnlockExit.LOGIN_REFUSED
        case ControlAbsentError():
            return UnlockExit.ABSENT
        case _:
            return UnlockExit.FAILED


def _unlock(request: UnlockRequest, credentials: Path | None, sysfs: Path, report: UnlockReport) -> None:
    device = read_usb_device(sysfs / "bus" / "usb" / "devices" / request.device)
    if device is None:
        raise ControlAbsentError(port_path=request.device)
    report.device, report.state = device, UnlockState.LOCKED
    # A recorder that is also a keyboard is none. Its own protocol may be unknown: then it is locked, not refused.
    if judge_usb_device(device, known={device.usb_id}).kind is UsbKind.STORAGE:
        report.state = UnlockState.CARD
        return
    driver = _families(request).get(device.usb_id)
    if driver is None:
        raise DriverMissingError(port_path=request.device, vendor_id=device.vendor_id, product_id=device.product_id)
    report.driver = driver
    _speak(request, device, driver, credentials, report)


def _families(request: UnlockRequest) -> Mapping[UsbId, DriverName]:
    return KNOWN_FAMILIES if request.families is None else load_families(request.families)


def _speak(
    request: UnlockRequest, device: UsbDevice, driver: DriverName, credentials: Path | None, report: UnlockReport
) -> None:
    passwords = read_passwords(credentials, driver)
    if passwords is None:
        raise PasswordMissingError(port_path=request.device, driver=driver, credential=log_in_credential(driver))
    # Before anything is said: a request without a proof does not reach the recorder.
    wish = Wish(storage=request.storage, proof=None if request.proof is None else _read_proof(request.proof))
    # Measurements name the recorder, so its serial is asked for where the kernel did not get it. One that will not
    # say it is named by its port; one that left is found out below.
    with contextlib.suppress(UsbUnreadableError):
        device = report.device = with_strings(device)
    with open_control(device, driver, endpoints_of(driver)) as transport:
        recorder = recorder_of(driver, Channel(transport), passwords, recorder=recorder_name(device))
        visit(recorder, passwords, wish=wish, time=station_time(request.zone), report=report)


def _read_proof(path: Path) -> ClockMeasurement:
    """Read the recorded measurement; not checked: who wrote it, which the rights of its folder decide."""
    try:
        with path.open("rb") as stream:
            return parse_measurement(stream.read(_MAX_PROOF_BYTES))
    except OSError as err:
        raise ClockProofError(field="(file)") from err


def _write(report: bytes, path: Path | None) -> None:
    """Write to standard output, or to a file that readers see whole or not at all."""
    if path is None:
        sys.stdout.buffer.write(report)
        sys.stdout.buffer.flush()
    else:
        write_note(path.parent, path.name.removesuffix(NOTE_SUFFIX), report)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UnlockExit.USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="custody-unlock", allow_abbrev=False)
    parser.add_argument("device", type=_device, help="the kernel's name of the USB device: bus and ports, as in 1-2.4")
    parser.add_argument("--time-zone", type=_zone, required=True, help="what the recorders' clocks are set to")
    parser.add_argument("--storage", action="store_true", help="at the end, ask the recorder to become a card")
    parser.add_argument(
        "--set-clock", type=Path, metavar="FILE", help="set the clock; FILE is the recorded measurement"
    )
    parser.add_argument("--families", type=Path, metavar="FILE", help="which USB ids belong to which family (TOML)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report to this FILE.json instead")
    return parser


def _device(text: str) -> str:
    if port_chain_of(text) is None:
        raise argparse.ArgumentTypeError("expected bus and ports of a USB device, as in 1-2.4")
    return text


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise argparse.ArgumentTypeError("expected the name of a time zone, as in Asia/Shanghai") from None


if __name__ == "__main__":
    sys.exit(main())
