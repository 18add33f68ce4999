"""One visit to a recorder: who are you, how full, what time is it; then, if asked, become a card or take the time."""

from collections.abc import Iterator
from dataclasses import dataclass

from docking.card import UNKNOWN_RECORDER
from docking.drivers.clock import ClockMeasurement, StationTime
from docking.drivers.gat947 import HolderFields, TextEncoding
from docking.drivers.interface import Passwords, Recorder
from docking.drivers.report import UnlockReport, UnlockState, UnlockWarning
from docking.usb_devices import UsbDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to do after reading. `proof` is the recorded measurement that setting the clock takes."""

    storage: bool = False
    proof: ClockMeasurement | None = None


def visit(recorder: Recorder, passwords: Passwords, *, wish: Wish, time: StationTime, report: UnlockReport) -> None:
    """Log in, read what there is, then do what is wished; the report is filled on the way and kept on failure.

    Raises:
        ControlError: one of its leaves; the report says how far it came.
    """
    # 1. Log in. One attempt: some recorders lock for good after a few.
    if passwords.is_factory_set():
        report.warnings += (UnlockWarning.FACTORY_PASSWORD,)
    recorder.log_in()
    report.state = UnlockState.OPEN
    # 2. The clock first: everything else takes time in which nothing is learnt about it.
    report.clock = recorder.measure_clock(time)
    # 3. Who and how full.
    report.holder = recorder.read_holder()
    report.warnings += tuple(_remarks(report.holder))
    report.battery_percent = recorder.read_battery_percent()
    # 4. Set the clock only with the measurement that is already in the ledger, never with the one just made.
    if wish.proof is not None:
        report.clock_set_to = recorder.sync_clock(wish.proof, time)
    # 5. Become a card: the last word, because the channel ends with it.
    if wish.storage:
        has_replied = recorder.enter_storage_mode()
        report.state = UnlockState.STORAGE_ASKED
        report.warnings += () if has_replied else (UnlockWarning.NO_REPLY_TO_STORAGE,)


def recorder_name(device: UsbDevice) -> str:
    """Return how measurements name the recorder at a port: by its identity, else by the port it is on."""
    return f"port:{device.port}" if device.recorder == UNKNOWN_RECORDER else device.recorder


def _remarks(holder: HolderFields | None) -> Iterator[UnlockWarning]:
    if holder is None:
        return
    if holder.police_number is None:
        yield UnlockWarning.UNASSIGNED
    if any(
        one is not None and one.encoding is TextEncoding.UNREADABLE for one in (holder.officer_name, holder.unit_name)
    ):
        yield UnlockWarning.NAME_UNREADABLE
