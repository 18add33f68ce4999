"""One question, one answer: bounded in bytes and in time, over any transport."""

import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from docking.drivers.errors import ControlGoneError, ControlReplyError, ControlSilentError, ReplyProblem
from docking.drivers.secret import Secret
from docking.drivers.verbs import Command

# Every answer of both families fits: a GA/T 947 record is 94 bytes, its frame adds a dozen.
MAX_REPLY_BYTES: Final = 256
# A recorder that is still starting took up to two seconds in public client code, which waits three.
REPLY_TIMEOUT_S: Final = 3.0
# What an earlier session left in the pipe is there at once or not at all.
_LEFTOVER_TIMEOUT_S: Final = 0.02
_LEFTOVER_READS: Final = 8

Answer = TypeVar("Answer")
ReplyParser = Callable[[bytes], Answer | None]


class MalformedReplyError(Exception):
    """What a parser found; it holds none of the bytes, which could hold a password or a name."""

    def __init__(self, problem: ReplyProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Transport(Protocol):
    """Bytes to and from the control channel of one recorder."""

    @property
    def port_path(self) -> str:
        """Where the recorder is plugged in, as in `1-2.4`."""
        ...

    def send(self, data: bytes, *, timeout_s: float) -> None:
        """Send all of `data`.

        Raises:
            ControlSilentError: it was not taken in time.
            ControlGoneError: the recorder is no longer there.
            ControlFailedError: the transfer failed in another way.
        """
        ...

    def receive(self, *, timeout_s: float) -> bytes:
        """Return what comes next, of any length; nothing when nothing came in time.

        Raises:
            ControlGoneError: the recorder is no longer there.
            ControlFailedError: the transfer failed in another way.
        """
        ...


class Channel:
    """The only caller of a transport; it sends commands of the allow-list and nothing else.

    After a failed exchange it is closed for good: a late answer would be taken for the next one's.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        reply_timeout_s: float = REPLY_TIMEOUT_S,
    ) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._reply_timeout_s = reply_timeout_s
        self._is_fresh = True
        self._is_out_of_step = False
        self._was_said = False

    @property
    def port_path(self) -> str:
        """Where the recorder is plugged in."""
        return self._transport.port_path

    @property
    def was_said(self) -> bool:
        """Whether the recorder took the last command, whatever came of it."""
        return self._was_said

    def exchange(self, command: Command, parse: ReplyParser[Answer]) -> Answer:
        """Send `command` and return what `parse` makes of the answer.

        `parse` gets all bytes so far and returns None while they could still become an answer; it gets at most
        `MAX_REPLY_BYTES`. What comes behind a whole answer is refused, not kept.

        Raises:
            ControlSilentError: no whole answer came in time.
            ControlReplyError: what came is no answer to this command, or gives the password back.
            ControlGoneError: the recorder vanished.
            ControlFailedError: a transfer failed in another way.
            ValueError: `command` is not a `Command`.
            RuntimeError: an earlier exchange failed, so answers could no longer be told apart.
        """
        if type(command) is not Command:
            raise ValueError("a channel sends commands of the allow-list only")
        if self._is_out_of_step:
            raise RuntimeError("an earlier exchange failed; open the channel anew")
        self._is_out_of_step = True
        self._was_said = False
        self._discard_leftovers()
        self._transport.send(command.encoded(), timeout_s=self._reply_timeout_s)
        self._was_said = True
        answer = self._receive(command, parse)
        self._is_out_of_step = False
        return answer

    def _discard_leftovers(self) -> None:
        if not self._is_fresh:
            return
        self._is_fresh = False
        for _ in range(_LEFTOVER_READS):
            if not self._transport.receive(timeout_s=_LEFTOVER_TIMEOUT_S):
                return
        raise ControlReplyError(port_path=self.port_path, problem=ReplyProblem.UNASKED)

    def _receive(self, command: Command, parse: ReplyParser[Answer]) -> Answer:
        received, deadline = b"", self._monotonic() + self._reply_timeout_s
        while (left_s := deadline - self._monotonic()) > 0:
            received += self._transport.receive(timeout_s=left_s)
            if len(received) > MAX_REPLY_BYTES:
                raise ControlReplyError(port_path=self.port_path, problem=ReplyProblem.TOO_LONG)
            if _is_echo(command, received):
                raise ControlReplyError(port_path=self.port_path, problem=ReplyProblem.ECHO)
            try:
                answer = parse(received)
            except MalformedReplyError as err:
                raise ControlReplyError(port_path=self.port_path, problem=err.problem) from None
            if answer is not None:
                return answer
        raise ControlSilentError(port_path=self.port_path, seconds=f"{self._reply_timeout_s:g}")


def answers_before_it_leaves(channel: Channel, ask: Callable[[], None]) -> bool:
    """Give with `ask` a command on which the recorder leaves the bus; return whether it answered before.

    Raises:
        ControlGoneError: it left before it took the command.
    """
    try:
        ask()
    except ControlGoneError:
        if not channel.was_said:
            raise
        return False
    return True


def _is_echo(command: Command, received: bytes) -> bool:
    """Return whether a recorder sends the password back, which would be taken for its number and reported.

    A password of digits alone may well stand in an honest answer: numbers full of zeros do.
    """
    if not isinstance(command.value, Secret):
        return False
    gives_away = command.value.is_in(received) and not command.value.reveal().isdigit()
    return gives_away or received.startswith(command.encoded().rstrip(b"\r\n"))
