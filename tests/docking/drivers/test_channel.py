import ast
from pathlib import Path

import pytest

import docking.drivers
from docking.drivers.ambarella import AmbarellaRecorder
from docking.drivers.bc_plus import BcPlusRecorder
from docking.drivers.channel import MAX_REPLY_BYTES, REPLY_TIMEOUT_S, Channel
from docking.drivers.errors import ControlGoneError, ControlReplyError, ControlSilentError, ReplyProblem
from docking.drivers.interface import Recorder
from tests.docking.drivers.fake_recorders import (
    AmbarellaFirmware,
    BcPlusFirmware,
    Firmware,
    Hands,
    Wire,
    passwords,
    record,
)

FAMILIES = ["ambarella", "bc-plus"]


def firmware_of(family: str) -> Firmware:
    return AmbarellaFirmware() if family == "ambarella" else BcPlusFirmware()


def recorder_on(wire: Wire) -> Recorder:
    channel = Channel(wire, monotonic=lambda: wire.hands.steady_s)
    if isinstance(wire.firmware, AmbarellaFirmware):
        return AmbarellaRecorder(channel, passwords(b"00000000", b"12345678"), recorder="usb:4255:0001:A")
    return BcPlusRecorder(channel, passwords(b"s3cret-word"), recorder="usb:1234:5678:B")


def read(recorder: Recorder) -> None:
    recorder.log_in()
    recorder.read_holder()
    recorder.read_battery_percent()
    recorder.measure_clock(Hands().station_time())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 64])
def test_answers_may_come_in_pieces(family: str, pieces: int) -> None:
    read(recorder_on(Wire(firmware_of(family), pieces=pieces)))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_recorder_may_take_its_time_within_the_limit(family: str) -> None:
    read(recorder_on(Wire(firmware_of(family), delay_s=REPLY_TIMEOUT_S - 0.1)))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_late_answer_is_silence_and_the_channel_stays_closed_to_it(family: str) -> None:
    """The late answer would otherwise be taken for that of the next question."""
    recorder = recorder_on(Wire(firmware_of(family), delay_s=REPLY_TIMEOUT_S + 0.1))
    with pytest.raises(ControlSilentError, match=r"1-2\.4: expected an answer of the recorder within 3 seconds"):
        recorder.log_in()
    with pytest.raises(RuntimeError, match="open the channel anew"):
        recorder.log_in()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_recorder_that_never_answers_costs_one_limit(family: str) -> None:
    wire = Wire(firmware_of(family), twist=lambda _: b"")
    begun_s = wire.hands.steady_s
    with pytest.raises(ControlSilentError):
        recorder_on(wire).log_in()
    assert wire.hands.steady_s - begun_s == pytest.approx(REPLY_TIMEOUT_S, abs=0.1)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_that_drips_without_end_meets_the_same_limit(family: str) -> None:
    wire = Wire(firmware_of(family), twist=lambda answer: answer[:-1])
    with pytest.raises(ControlSilentError):
        recorder_on(wire).log_in()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("commands", [0, 1, 2])
def test_a_recorder_pulled_at_any_moment_is_gone(family: str, commands: int) -> None:
    recorder = recorder_on(Wire(firmware_of(family), vanishes_after=commands))

    def all_of_it() -> None:
        read(recorder)
        recorder.read_holder()
        recorder.read_battery_percent()

    with pytest.raises(ControlGoneError, match="the recorder is no longer there"):
        all_of_it()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("garbage", "problem"),
    [
        (b"\x00" * 12, ReplyProblem.OTHER_VERB),
        (b"@Ver;OK;#BC+LOGIN=OK\r\n", None),
        (b"BC+BATVAL=12\r\n", ReplyProblem.OTHER_VERB),
        (b"@Gdv;7;ABC1234;#", ReplyProblem.OTHER_VERB),
        (b"@Ver;OK;#" * 100, ReplyProblem.TOO_LONG),
    ],
)
def test_garbage_is_refused_and_never_quoted(family: str, garbage: bytes, problem: ReplyProblem | None) -> None:
    with pytest.raises(ControlReplyError) as caught:
        recorder_on(Wire(firmware_of(family), twist=lambda _: garbage)).log_in()
    if problem is not None:
        assert caught.value.facts["problem"] is problem
    assert "ABC1234" not in str(caught.value)


def test_an_answer_longer_than_any_is_refused_before_it_is_read_to_its_end() -> None:
    wire = Wire(AmbarellaFirmware(), pieces=100, twist=lambda _: b"@Ver;999;" + b"x" * 5000)
    with pytest.raises(ControlReplyError) as caught:
        recorder_on(wire).log_in()
    assert caught.value.facts["problem"] is ReplyProblem.TOO_LONG
    assert len(wire._coming) >= 5000 - MAX_REPLY_BYTES - 200


def test_what_an_earlier_session_left_in_the_pipe_is_not_taken_for_an_answer() -> None:
    wire = Wire(AmbarellaFirmware(log_in=b"other"), leftover=b"@Ver;OK;#")
    with pytest.raises(Exception, match="does not accept the password"):
        recorder_on(wire).log_in()


def test_a_recorder_that_talks_without_being_asked_is_left_alone() -> None:
    wire = Wire(AmbarellaFirmware(), leftover=b"x" * 100, pieces=1)
    with pytest.raises(ControlReplyError, match="it keeps sending without being asked"):
        recorder_on(wire).log_in()
    assert wire.sent == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_recorder_that_gives_the_password_back_is_not_believed_or_quoted(family: str) -> None:
    wire = Wire(firmware_of(family))
    wire.twist = lambda _: wire.sent[-1]
    with pytest.raises(ControlReplyError, match="it gives the command back with its password") as caught:
        recorder_on(wire).log_in()
    assert "00000000" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_password_inside_an_id_is_not_reported_as_one() -> None:
    wire = Wire(AmbarellaFirmware(log_in=b"s3cret-word", command=b"s3cret-word", record=b"id=s3cret-word"))
    channel = Channel(wire, monotonic=lambda: wire.hands.steady_s)
    recorder = AmbarellaRecorder(channel, passwords(b"s3cret-word"), recorder="usb:4255:0001:A")
    recorder.log_in()
    with pytest.raises(ControlReplyError, match="gives the command back"):
        recorder.read_holder()


def test_a_number_full_of_zeros_is_no_password_given_back() -> None:
    """A recorder nobody was assigned to answers with more zeros than a password of zeros has."""
    wire = Wire(AmbarellaFirmware(command=b"00000000", record=record(b"0" * 7, b"0" * 6, b"", b"0" * 12, b"")))
    channel = Channel(wire, monotonic=lambda: wire.hands.steady_s)
    recorder = AmbarellaRecorder(channel, passwords(), recorder="usb:4255:0001:A")
    recorder.log_in()
    assert recorder.read_holder().police_number is None


def test_only_the_channel_sends() -> None:
    """Every byte to a recorder passes the allow-list: nothing else of the package calls a transport."""
    senders = set()
    for path in Path(docking.drivers.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"send", "write", "ctrl_transfer"}:
                senders.add((path.name, ast.unparse(node)))
    assert senders == {
        ("channel.py", "self._transport.send"),
        ("usb_transport.py", "self._sender.write"),
        ("usb_transport.py", "endpoints.send"),
    }
