from datetime import datetime

import pytest

from docking.drivers.bc_plus import BcPlusRecorder, parse_line, parse_time
from docking.drivers.channel import Channel, MalformedReplyError
from docking.drivers.errors import (
    ClockNotSettableError,
    CommandRefusedError,
    ControlGoneError,
    ControlReplyError,
    LoginRefusedError,
    ReplyProblem,
)
from docking.drivers.verbs import Verb
from tests.docking.drivers.fake_recorders import BcPlusFirmware, Wire, passwords

WHOLE = b"BC+BATVAL=87\r\n"


def recorder_on(wire: Wire, password: bytes = b"s3cret-word") -> BcPlusRecorder:
    channel = Channel(wire, monotonic=lambda: wire.hands.steady_s)
    return BcPlusRecorder(channel, passwords(password), recorder="usb:1234:5678:B")


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_every_beginning_of_a_line_waits_for_the_rest(cut: int) -> None:
    assert parse_line(WHOLE[:cut], Verb.BC_READ_BATTERY) is None
    assert parse_line(WHOLE, Verb.BC_READ_BATTERY) == b"87"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"OK\r\n", ReplyProblem.OTHER_VERB),
        (b"BC+SYSTIME=87\r\n", ReplyProblem.OTHER_VERB),
        (b"BC+BATVAL:87\r\n", ReplyProblem.OTHER_VERB),
        (b"BC+BATVAL=\r\n", ReplyProblem.VALUE),
        (b"BC+BATVAL=87\n", ReplyProblem.VALUE),
        (b"BC+BATVAL=8\r7\r\n", ReplyProblem.VALUE),
        (b"BC+BATVAL=\x8787\r\n", ReplyProblem.VALUE),
        (b"BC+BATVAL=" + b"7" * 65, ReplyProblem.VALUE),
        (WHOLE + b"x", ReplyProblem.TERMINATOR),
        (WHOLE + WHOLE, ReplyProblem.TERMINATOR),
    ],
)
def test_what_cannot_become_an_answer_is_refused_at_once(data: bytes, problem: ReplyProblem) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        parse_line(data, Verb.BC_READ_BATTERY)
    assert caught.value.problem is problem


def test_it_logs_in_reads_and_becomes_a_card() -> None:
    firmware = BcPlusFirmware()
    wire = Wire(firmware)
    recorder = recorder_on(wire)
    recorder.log_in()
    recorder.read_holder()
    assert recorder.read_battery_percent() == 87
    measured = recorder.measure_clock(wire.hands.station_time())
    assert measured.recorder_time == datetime.fromisoformat("2026-11-21 12:00:03")
    assert recorder.enter_storage_mode()
    assert firmware.is_card
    assert not firmware.is_formatted
    assert wire.sent == [b"BC+LOGIN=s3cret-word\r\n", b"BC+BATVAL?\r\n", b"BC+SYSTIME?\r\n", b"BC+UDISKEN=1\r\n"]


def test_a_wrong_password_is_tried_once_and_never_shown() -> None:
    wire = Wire(BcPlusFirmware())
    with pytest.raises(LoginRefusedError) as caught:
        recorder_on(wire, b"hush-hush").log_in()
    assert len(wire.sent) == 1
    assert "hush" not in f"{caught.value}{caught.value.facts}"


@pytest.mark.parametrize("battery", [b"101", b"-1", b"087", b"87%", b"full"])
def test_a_charge_that_is_no_percentage_is_refused(battery: bytes) -> None:
    recorder = recorder_on(Wire(BcPlusFirmware(battery=battery)))
    recorder.log_in()
    with pytest.raises(ControlReplyError, match="its value is not of the expected form"):
        recorder.read_battery_percent()


def test_both_forms_of_time_are_read() -> None:
    assert (
        parse_time(b"20261121120003")
        == parse_time(b"2026-11-21 12:00:03")
        == datetime.fromisoformat("2026-11-21 12:00:03")
    )


@pytest.mark.parametrize(
    "shown",
    [b"20261321120003", b"2026-11-21T12:00:03", b"20261121 120003", b"2026112112000", b"00000000000000", b"now"],
)
def test_what_is_no_time_of_the_calendar_is_refused(shown: bytes) -> None:
    recorder = recorder_on(wire := Wire(BcPlusFirmware(shows=lambda: shown)))
    recorder.log_in()
    with pytest.raises(ControlReplyError):
        recorder.measure_clock(wire.hands.station_time())


@pytest.mark.parametrize("verb", ["BATVAL?", "SYSTIME?", "UDISKEN=1"])
def test_a_refusal_names_its_verb(verb: str) -> None:
    wire = Wire(BcPlusFirmware())
    recorder = recorder_on(wire)  # not logged in
    time = wire.hands.station_time()
    act = {
        "BATVAL?": recorder.read_battery_percent,
        "SYSTIME?": lambda: recorder.measure_clock(time),
        "UDISKEN=1": recorder.enter_storage_mode,
    }
    with pytest.raises(CommandRefusedError) as caught:
        act[verb]()
    assert caught.value.facts["verb"] == f"BC+{verb}"


def test_a_recorder_that_leaves_before_it_answers_has_become_a_card() -> None:
    recorder = recorder_on(Wire(BcPlusFirmware(leaves_unheard=True)))
    recorder.log_in()
    assert not recorder.enter_storage_mode()


def test_a_recorder_pulled_before_it_was_told_has_not() -> None:
    recorder = recorder_on(Wire(BcPlusFirmware(), vanishes_after=1))
    recorder.log_in()
    with pytest.raises(ControlGoneError):
        recorder.enter_storage_mode()


def test_no_verb_sets_its_clock_and_none_is_tried() -> None:
    wire = Wire(BcPlusFirmware())
    recorder = recorder_on(wire)
    recorder.log_in()
    time = wire.hands.station_time()
    measured = recorder.measure_clock(time)
    said = list(wire.sent)
    with pytest.raises(ClockNotSettableError, match="no command is known that sets the clock of the family bc-plus"):
        recorder.sync_clock(measured, time)
    assert wire.sent == said
