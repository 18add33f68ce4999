"""The `BC+` family: lines such as `BC+BATVAL?`, ended by carriage return and line feed.

The verbs are known, the form of the answers is the strictest reading of them: see docs/recorder-drivers.md. It has no
verb for who carries the recorder, and none to set the clock.
"""

import re
from datetime import datetime
from typing import Final, NoReturn

from docking.drivers.channel import Channel, MalformedReplyError, answers_before_it_leaves
from docking.drivers.clock import ClockMeasurement, ClockSource, StationTime, measure, require_fresh
from docking.drivers.errors import (
    ClockNotSettableError,
    CommandRefusedError,
    LoginRefusedError,
    ReplyProblem,
)
from docking.drivers.interface import Passwords
from docking.drivers.secret import Secret
from docking.drivers.verbs import Command, DriverName, Verb

_LINE_END: Final = b"\r\n"
_YES: Final = b"OK"
_NO: Final = b"ERROR"
_VALUE: Final = re.compile(rb"[\x20-\x7e]{1,64}")
_PERCENT: Final = re.compile(rb"0|[1-9][0-9]?|100")
_TIMES: Final = (
    (re.compile(rb"[0-9]{14}"), "%Y%m%d%H%M%S"),
    (re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"), "%Y-%m-%d %H:%M:%S"),
)


def parse_line(data: bytes, verb: Verb) -> bytes | None:
    """Return the value of a whole answer `BC+NAME=value` to `verb`, None while `data` is only its beginning.

    Raises:
        MalformedReplyError: this cannot become an answer to `verb`.
    """
    name = verb.word.partition(b"=")[0].rstrip(b"?")
    head = b"BC+%s=" % name
    if not data.startswith(head):
        if head.startswith(data):
            return None
        raise MalformedReplyError(ReplyProblem.OTHER_VERB)
    value, line_end, rest = data[len(head) :].partition(_LINE_END)
    if rest:
        raise MalformedReplyError(ReplyProblem.TERMINATOR)
    # A carriage return at the end may be half a line end.
    said = value if line_end else value.removesuffix(_LINE_END[:1])
    if (said or line_end) and not _VALUE.fullmatch(said):
        raise MalformedReplyError(ReplyProblem.VALUE)
    return value if line_end else None


class BcPlusRecorder:
    """A recorder of this family; `recorder` is how measurements name it."""

    def __init__(self, channel: Channel, passwords: Passwords, *, recorder: str) -> None:
        self._channel = channel
        self._passwords = passwords
        self._recorder = recorder

    def log_in(self) -> None:
        """Log in with `BC+LOGIN=`."""
        if self._ask(Verb.BC_LOG_IN, self._passwords.log_in) != _YES:
            raise LoginRefusedError(port_path=self._channel.port_path)

    def read_holder(self) -> None:
        """No verb is known."""

    def read_battery_percent(self) -> int:
        """Read the charge with `BC+BATVAL?`."""

        def parse(data: bytes) -> int | bytes | None:
            value = parse_line(data, Verb.BC_READ_BATTERY)
            if value is None or value == _NO:
                return value
            if not _PERCENT.fullmatch(value):
                raise MalformedReplyError(ReplyProblem.VALUE)
            return int(value)

        answer = self._channel.exchange(Command(verb=Verb.BC_READ_BATTERY), parse)
        return answer if isinstance(answer, int) else self._refused(Verb.BC_READ_BATTERY)

    def measure_clock(self, time: StationTime) -> ClockMeasurement:
        """Compare the clock with `BC+SYSTIME?`."""
        return measure(recorder=self._recorder, source=ClockSource.CHANNEL, look=self._read_clock, time=time)

    def enter_storage_mode(self) -> bool:
        """Ask with `BC+UDISKEN=1`; a recorder may leave the bus before it answers."""
        return answers_before_it_leaves(self._channel, self._order_storage)

    def sync_clock(self, measurement: ClockMeasurement, time: StationTime) -> datetime:
        """Refuse: no verb is known, and none is tried."""
        require_fresh(measurement, recorder=self._recorder, now=time.now())
        raise ClockNotSettableError(port_path=self._channel.port_path, driver=DriverName.BC_PLUS)

    def _read_clock(self) -> datetime:
        def parse(data: bytes) -> datetime | bytes | None:
            value = parse_line(data, Verb.BC_READ_CLOCK)
            return value if value is None or value == _NO else parse_time(value)

        answer = self._channel.exchange(Command(verb=Verb.BC_READ_CLOCK), parse)
        return answer if isinstance(answer, datetime) else self._refused(Verb.BC_READ_CLOCK)

    def _order_storage(self) -> None:
        if self._ask(Verb.BC_ENTER_STORAGE) != _YES:
            self._refused(Verb.BC_ENTER_STORAGE)

    def _ask(self, verb: Verb, value: Secret | None = None) -> bytes:
        return self._channel.exchange(Command(verb=verb, value=value), lambda data: parse_line(data, verb))

    def _refused(self, verb: Verb) -> NoReturn:
        raise CommandRefusedError(port_path=self._channel.port_path, verb=f"BC+{verb.word.decode()}")


def parse_time(value: bytes) -> datetime:
    """Return the local time a recorder shows, without zone.

    Raises:
        MalformedReplyError: it is of neither form, or no time of the calendar.
    """
    for form, directives in _TIMES:
        if form.fullmatch(value):
            try:
                return datetime.strptime(value.decode("ascii"), directives)  # noqa: DTZ007  # the recorder says no zone
            except ValueError:
                break
    raise MalformedReplyError(ReplyProblem.VALUE)
