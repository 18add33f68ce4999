"""The Ambarella family: bulk OUT 0x01 and IN 0x81, ASCII frames `@Cmd;len;value;#`.

Known from public client programs, see docs/recorder-drivers.md. It has no verb for battery and clock.
"""

import re
from datetime import datetime
from typing import Final, NoReturn

from docking.drivers.channel import Channel, MalformedReplyError, answers_before_it_leaves
from docking.drivers.clock import ClockMeasurement, StationTime, require_fresh
from docking.drivers.errors import CommandRefusedError, LoginRefusedError, ReplyProblem
from docking.drivers.gat947 import HolderFields, parse_holder
from docking.drivers.interface import Passwords
from docking.drivers.secret import Secret
from docking.drivers.verbs import Command, Verb

_TERMINATOR: Final = b";#"
_YES: Final = b"OK"
_NO: Final = b"ERROR"
# Three digits count more than an answer may hold; a fourth is no length.
_LENGTH: Final = re.compile(rb"0|[1-9][0-9]{0,2}")


def parse_frame(data: bytes, verb: Verb) -> bytes | None:
    """Return the value of a whole answer to `verb`, None while `data` is only its beginning.

    An answer is `@Cmd;len;value;#`, or `@Cmd;OK;#` and `@Cmd;ERROR;#`, whose value is the word.

    Raises:
        MalformedReplyError: this cannot become an answer to `verb`.
    """
    head = b"@%s;" % verb.word
    if not data.startswith(head):
        if head.startswith(data):
            return None
        raise MalformedReplyError(ReplyProblem.OTHER_VERB)
    body = data[len(head) :]
    for word in (_YES, _NO):
        if (word + _TERMINATOR).startswith(body):
            return word if body == word + _TERMINATOR else None
    return _parse_counted(body)


def _parse_counted(body: bytes) -> bytes | None:
    length, separator, rest = body.partition(b";")
    if not _LENGTH.fullmatch(length):
        raise MalformedReplyError(ReplyProblem.LENGTH)
    if not separator:
        return None
    size = int(length)
    if not _TERMINATOR.startswith(rest[size : size + len(_TERMINATOR)]) or len(rest) > size + len(_TERMINATOR):
        raise MalformedReplyError(ReplyProblem.TERMINATOR)
    return rest[:size] if len(rest) == size + len(_TERMINATOR) else None


class AmbarellaRecorder:
    """A recorder of this family; `recorder` is how measurements name it."""

    def __init__(self, channel: Channel, passwords: Passwords, *, recorder: str) -> None:
        self._channel = channel
        self._passwords = passwords
        self._recorder = recorder

    def log_in(self) -> None:
        """Log in with `@Ver`."""
        if self._ask(Verb.AMBARELLA_LOG_IN, self._passwords.log_in) != _YES:
            raise LoginRefusedError(port_path=self._channel.port_path)

    def read_holder(self) -> HolderFields:
        """Read the id with `@Gdv`: a lone number, or a whole GA/T 947 record."""

        def parse(data: bytes) -> HolderFields | bytes | None:
            value = parse_frame(data, Verb.AMBARELLA_READ_ID)
            if value == _YES:
                raise MalformedReplyError(ReplyProblem.VALUE)
            return value if value is None or value == _NO else parse_holder(value)

        command = Command(verb=Verb.AMBARELLA_READ_ID, value=self._passwords.command)
        answer = self._channel.exchange(command, parse)
        return answer if isinstance(answer, HolderFields) else self._refused(Verb.AMBARELLA_READ_ID)

    def read_battery_percent(self) -> None:
        """No verb is known."""

    def measure_clock(self, time: StationTime) -> None:
        """No verb is known: the time is read off the recorder's display by a person."""

    def enter_storage_mode(self) -> bool:
        """Ask with `@ATH`; these recorders may leave the bus before they answer."""
        return answers_before_it_leaves(
            self._channel, lambda: self._order(Verb.AMBARELLA_ENTER_STORAGE, self._passwords.command)
        )

    def sync_clock(self, measurement: ClockMeasurement, time: StationTime) -> datetime:
        """Set date and time with `@Sdt` and `@Stm`, both of the same second."""
        now = time.now()
        require_fresh(measurement, recorder=self._recorder, now=now)
        local = now.astimezone(time.zone)
        self._order(Verb.AMBARELLA_SET_DATE, f"{local:%Y%m%d}")
        self._order(Verb.AMBARELLA_SET_TIME, f"{local:%H%M%S}")
        return now.replace(microsecond=0)

    def _order(self, verb: Verb, value: Secret | str) -> None:
        if self._ask(verb, value) != _YES:
            self._refused(verb)

    def _ask(self, verb: Verb, value: Secret | str) -> bytes:
        return self._channel.exchange(Command(verb=verb, value=value), lambda data: parse_frame(data, verb))

    def _refused(self, verb: Verb) -> NoReturn:
        raise CommandRefusedError(port_path=self._channel.port_path, verb=f"@{verb.word.decode()}")
