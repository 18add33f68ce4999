"""Recorders that work, behind our own transport: both families, and everything a wire can do to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from docking.drivers.clock import StationTime
from docking.drivers.errors import ControlGoneError
from docking.drivers.gat947 import FIELD_BYTES
from docking.drivers.interface import Passwords
from docking.drivers.secret import Secret

PORT = "1-2.4"
NAME = "张三"
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 21, 4, 0, 0, 250_000, tzinfo=UTC)


@dataclass
class Hands:
    """A station's two clocks, moved by what waits."""

    wall: datetime = START
    steady_s: float = 1000.0

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady_s += seconds

    def station_time(self) -> StationTime:
        return StationTime(now=lambda: self.wall, monotonic=lambda: self.steady_s, zone=ZONE)


class Firmware(Protocol):
    """What sits in a recorder: one command in, the answer out; None where it leaves the bus instead."""

    def answer(self, command: bytes) -> bytes | None: ...


@dataclass
class AmbarellaFirmware:
    """Ambarella: logs in first, then answers its password-bearing commands."""

    log_in: bytes = b"00000000"
    command: bytes = b"12345678"
    record: bytes = b"ABC1234"
    leaves_unheard: bool = False
    is_open: bool = False
    is_card: bool = False
    date: bytes = b""
    time: bytes = b""

    def answer(self, command: bytes) -> bytes | None:
        assert command.startswith(b"@")
        assert command.endswith(b";#")
        verb, length, value = command[1:-2].split(b";")
        assert int(length) == len(value)
        if verb == b"Ver":
            self.is_open = value == self.log_in
            return b"@Ver;OK;#" if self.is_open else b"@Ver;ERROR;#"
        if not self.is_open or (verb in (b"Gdv", b"ATH") and value != self.command):
            return b"@%s;ERROR;#" % verb
        return self._obey(verb, value)

    def _obey(self, verb: bytes, value: bytes) -> bytes | None:
        match verb:
            case b"Gdv":
                return b"@Gdv;%d;%s;#" % (len(self.record), self.record)
            case b"ATH":
                self.is_card = True
                return None if self.leaves_unheard else b"@ATH;OK;#"
            case b"Sdt":
                self.date = value
            case b"Stm":
                self.time = value
            case _:
                raise AssertionError(f"a verb this recorder should never hear: {verb!r}")
        return b"@%s;OK;#" % verb


@dataclass
class BcPlusFirmware:
    """BC+: lines of its own; it would format its card if it were told to."""

    password: bytes = b"s3cret-word"
    battery: bytes = b"87"
    shows: Callable[[], bytes] = lambda: b"20261121120003"
    leaves_unheard: bool = False
    is_open: bool = False
    is_card: bool = False
    is_formatted: bool = False

    def answer(self, command: bytes) -> bytes | None:
        assert command.startswith(b"BC+")
        assert command.endswith(b"\r\n")
        if b"MKFS" in command or b"FRESET" in command:
            self.is_formatted = True
        name, _, value = command[3:-2].partition(b"=")
        if name == b"LOGIN":
            self.is_open = value == self.password
            return b"BC+LOGIN=OK\r\n" if self.is_open else b"BC+LOGIN=ERROR\r\n"
        if not self.is_open:
            return b"BC+%s=ERROR\r\n" % name.rstrip(b"?")
        return self._obey(name, value)

    def _obey(self, name: bytes, value: bytes) -> bytes | None:
        match name:
            case b"BATVAL?":
                return b"BC+BATVAL=%s\r\n" % self.battery
            case b"SYSTIME?":
                return b"BC+SYSTIME=%s\r\n" % self.shows()
            case b"UDISKEN":
                assert value == b"1"
                self.is_card = True
                return None if self.leaves_unheard else b"BC+UDISKEN=OK\r\n"
            case _:
                raise AssertionError(f"a verb this recorder should never hear: {name!r}")


@dataclass
class Wire:
    """A transport with a recorder at its end.

    `pieces` is how many bytes come at a time, `delay_s` how long an answer takes, `vanishes_after` after how many
    commands the recorder is pulled; `twist` changes an answer on its way.
    """

    firmware: Firmware
    hands: Hands = field(default_factory=Hands)
    pieces: int = 1000
    delay_s: float = 0.01
    vanishes_after: int | None = None
    leftover: bytes = b""
    twist: Callable[[bytes], bytes] = lambda answer: answer
    sent: list[bytes] = field(default_factory=list)
    _coming: bytes = b""
    _ready_at_s: float = 0.0
    _is_gone: bool = False

    @property
    def port_path(self) -> str:
        return PORT

    def send(self, data: bytes, *, timeout_s: float) -> None:  # noqa: ARG002  # the interface
        if self._is_gone or self.vanishes_after == len(self.sent):
            raise ControlGoneError(port_path=PORT)
        self.sent.append(data)
        answer = self.firmware.answer(data)
        if answer is None:
            self._is_gone = True
            return
        self._coming += self.twist(answer)
        self._ready_at_s = self.hands.steady_s + self.delay_s

    def receive(self, *, timeout_s: float) -> bytes:
        if self._is_gone:
            raise ControlGoneError(port_path=PORT)
        if self.leftover:
            came, self.leftover = self.leftover[: self.pieces], self.leftover[self.pieces :]
            return came
        wait_s = max(0.0, self._ready_at_s - self.hands.steady_s)
        if not self._coming or wait_s > timeout_s:
            self.hands.pass_time(timeout_s)
            return b""
        self.hands.pass_time(wait_s)
        came, self._coming = self._coming[: self.pieces], self._coming[self.pieces :]
        return came


def passwords(log_in: bytes = b"00000000", command: bytes | None = None) -> Passwords:
    return Passwords(log_in=Secret(log_in), command=Secret(log_in if command is None else command))


def record(*values: bytes, terminated: bool = False, padding: bytes = b"\0") -> bytes:
    """Return a GA/T 947 record: serial, police number, name, unit number, unit name."""
    gap = b"\0" if terminated else b""
    return b"".join(value.ljust(size, padding) + gap for value, size in zip(values, FIELD_BYTES, strict=True))
