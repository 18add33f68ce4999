"""What speaks to a recorder of each family, and where it listens."""

from dataclasses import dataclass
from typing import assert_never

from docking.drivers.ambarella import AmbarellaRecorder
from docking.drivers.bc_plus import BcPlusRecorder
from docking.drivers.channel import Channel
from docking.drivers.interface import Passwords, Recorder
from docking.drivers.verbs import DriverName


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The two bulk endpoints of a control channel; None stands for the only one there is of its direction."""

    send: int | None
    receive: int | None


def endpoints_of(driver: DriverName) -> Endpoints:
    """Return where a family listens and answers."""
    match driver:
        case DriverName.AMBARELLA:
            return Endpoints(send=0x01, receive=0x81)
        case DriverName.BC_PLUS:
            return Endpoints(send=None, receive=None)
        case other:
            assert_never(other)


def recorder_of(driver: DriverName, channel: Channel, passwords: Passwords, *, recorder: str) -> Recorder:
    """Return the recorder behind `channel`; nothing is sent yet."""
    match driver:
        case DriverName.AMBARELLA:
            return AmbarellaRecorder(channel, passwords, recorder=recorder)
        case DriverName.BC_PLUS:
            return BcPlusRecorder(channel, passwords, recorder=recorder)
        case other:
            assert_never(other)
