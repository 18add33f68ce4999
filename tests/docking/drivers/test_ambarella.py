from datetime import timedelta

import pytest

from docking.drivers.ambarella import AmbarellaRecorder, parse_frame
from docking.drivers.channel import Channel, MalformedReplyError
from docking.drivers.clock import ClockMeasurement, ClockSource, measure
from docking.drivers.errors import (
    ClockMeasurementStaleError,
    CommandRefusedError,
    ControlGoneError,
    ControlReplyError,
    LoginRefusedError,
    ReplyProblem,
)
from docking.drivers.verbs import Verb
from tests.docking.drivers.fake_recorders import AmbarellaFirmware, Wire, passwords

RECORDER = "usb:4255:0001:A1"
WHOLE = b"@Gdv;7;ABC1234;#"


def recorder_on(wire: Wire, log_in: bytes = b"00000000") -> AmbarellaRecorder:
    channel = Channel(wire, monotonic=lambda: wire.hands.steady_s)
    return AmbarellaRecorder(channel, passwords(log_in, b"12345678"), recorder=RECORDER)


def seen_on_display(wire: Wire, recorder: str = RECORDER) -> ClockMeasurement:
    time = wire.hands.station_time()
    local = time.now().astimezone(time.zone).replace(tzinfo=None, microsecond=0)
    return measure(recorder=recorder, source=ClockSource.DISPLAY, look=lambda: local, time=time)


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_every_beginning_of_an_answer_waits_for_the_rest(cut: int) -> None:
    assert parse_frame(WHOLE[:cut], Verb.AMBARELLA_READ_ID) is None


def test_the_length_says_where_a_value_ends_even_if_it_holds_the_terminator() -> None:
    assert parse_frame(WHOLE, Verb.AMBARELLA_READ_ID) == b"ABC1234"
    assert parse_frame(b"@Gdv;5;a;#bc;#", Verb.AMBARELLA_READ_ID) == b"a;#bc"
    assert parse_frame(b"@Gdv;0;;#", Verb.AMBARELLA_READ_ID) == b""


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x", ReplyProblem.OTHER_VERB),
        (b"@Ver;7;ABC1234;#", ReplyProblem.OTHER_VERB),
        (b"@gdv;7;ABC1234;#", ReplyProblem.OTHER_VERB),
        (b"@Gdv;-7;ABC1234;#", ReplyProblem.LENGTH),
        (b"@Gdv;07;ABC1234;#", ReplyProblem.LENGTH),
        (b"@Gdv;7 ;ABC1234;#", ReplyProblem.LENGTH),
        (b"@Gdv;9999;", ReplyProblem.LENGTH),
        (b"@Gdv;;ABC1234;#", ReplyProblem.LENGTH),
        (b"@Gdv;six;ABC123;#", ReplyProblem.LENGTH),
        (b"@Gdv;6;ABC1234;#", ReplyProblem.TERMINATOR),
        (b"@Gdv;7;ABC1234##", ReplyProblem.TERMINATOR),
        (b"@Gdv;7;ABC1234;#\0", ReplyProblem.TERMINATOR),
        (WHOLE + WHOLE, ReplyProblem.TERMINATOR),
        (b"@Gdv;OK;#x", ReplyProblem.LENGTH),
    ],
)
def test_what_cannot_become_an_answer_is_refused_at_once(data: bytes, problem: ReplyProblem) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        parse_frame(data, Verb.AMBARELLA_READ_ID)
    assert caught.value.problem is problem


def test_it_logs_in_reads_and_becomes_a_card() -> None:
    firmware = AmbarellaFirmware()
    wire = Wire(firmware)
    recorder = recorder_on(wire)
    recorder.log_in()
    assert recorder.read_holder().serial == "ABC1234"
    assert recorder.enter_storage_mode()
    assert firmware.is_card
    assert wire.sent == [b"@Ver;8;00000000;#", b"@Gdv;8;12345678;#", b"@ATH;8;12345678;#"]


def test_a_wrong_password_is_tried_once_and_never_shown() -> None:
    wire = Wire(AmbarellaFirmware())
    with pytest.raises(LoginRefusedError, match=r"1-2\.4: present, locked: .* correct the credential") as caught:
        recorder_on(wire, log_in=b"hush-hush").log_in()
    assert len(wire.sent) == 1
    assert "hush" not in f"{caught.value}{caught.value.facts}"


def test_a_recorder_that_leaves_before_it_answers_has_become_a_card() -> None:
    recorder = recorder_on(Wire(AmbarellaFirmware(leaves_unheard=True)))
    recorder.log_in()
    assert not recorder.enter_storage_mode()


def test_a_recorder_pulled_before_it_was_told_has_not() -> None:
    recorder = recorder_on(Wire(AmbarellaFirmware(), vanishes_after=1))
    recorder.log_in()
    with pytest.raises(ControlGoneError):
        recorder.enter_storage_mode()


@pytest.mark.parametrize("answer", [b"@ATH;ERROR;#", b"@ATH;2;NO;#"])
def test_a_recorder_may_refuse_to_become_a_card(answer: bytes) -> None:
    recorder = recorder_on(Wire(AmbarellaFirmware(), twist=lambda said: answer if b"ATH" in said else said))
    recorder.log_in()
    with pytest.raises(CommandRefusedError, match="the recorder refuses @ATH"):
        recorder.enter_storage_mode()


def test_a_plain_yes_is_no_id() -> None:
    recorder = recorder_on(Wire(AmbarellaFirmware(), twist=lambda said: said.replace(b"7;ABC1234", b"OK")))
    recorder.log_in()
    with pytest.raises(ControlReplyError):
        recorder.read_holder()


def test_a_refused_id_says_so() -> None:
    recorder = recorder_on(Wire(AmbarellaFirmware(command=b"other")))
    recorder.log_in()
    with pytest.raises(CommandRefusedError, match="the recorder refuses @Gdv"):
        recorder.read_holder()


def test_it_has_no_verb_for_battery_and_clock_and_guesses_none() -> None:
    wire = Wire(AmbarellaFirmware())
    recorder = recorder_on(wire)
    recorder.read_battery_percent()
    recorder.measure_clock(wire.hands.station_time())
    assert wire.sent == []


def test_the_clock_is_set_to_the_station_in_the_recorders_zone() -> None:
    firmware = AmbarellaFirmware()
    wire = Wire(firmware)
    recorder = recorder_on(wire)
    recorder.log_in()
    set_to = recorder.sync_clock(seen_on_display(wire), wire.hands.station_time())
    assert (firmware.date, firmware.time) == (b"20261121", b"120000")
    assert set_to.isoformat() == "2026-11-21T04:00:00+00:00"


# R32: the offset is lost for ever once the clock is set.
def test_the_clock_cannot_be_set_without_a_measurement_of_this_recorder_made_just_now() -> None:
    wire = Wire(AmbarellaFirmware())
    recorder = recorder_on(wire)
    recorder.log_in()
    measured, time = seen_on_display(wire), wire.hands.station_time()
    with pytest.raises(TypeError):
        recorder.sync_clock(time=time)  # type: ignore[call-arg]  # the point
    for pretence in (None, True, {"offset_ms": 0}):
        with pytest.raises(ValueError, match="takes the measurement"):
            recorder.sync_clock(pretence, time)  # type: ignore[arg-type]  # the point
    with pytest.raises(ClockMeasurementStaleError, match="Measure and record the offset, then set the clock"):
        recorder.sync_clock(seen_on_display(wire, "usb:4255:0001:ANOTHER"), time)
    wire.hands.pass_time(timedelta(minutes=20, seconds=1).total_seconds())
    with pytest.raises(ClockMeasurementStaleError, match=r"usb:4255:0001:A1: .* from the last 20 minutes"):
        recorder.sync_clock(measured, time)
    wire.hands.pass_time(-timedelta(hours=1).total_seconds())
    with pytest.raises(ClockMeasurementStaleError):
        recorder.sync_clock(measured, time)
    assert wire.sent == [b"@Ver;8;00000000;#"]
