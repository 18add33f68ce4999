import pytest
from hypothesis import given
from hypothesis import strategies as st

from docking.drivers.channel import MalformedReplyError
from docking.drivers.errors import ReplyProblem
from docking.drivers.gat947 import FieldText, TextEncoding, parse_holder
from tests.docking.drivers.fake_recorders import NAME, record

UNIT = "某区城市管理局执法大队"


@pytest.mark.parametrize("terminated", [False, True])
@pytest.mark.parametrize("encoding", [TextEncoding.UTF_8, TextEncoding.GBK])
@pytest.mark.parametrize("padding", [b"\0", b" "])
def test_a_whole_record_is_read_in_both_forms_and_both_encodings(
    terminated: bool, encoding: TextEncoding, padding: bytes
) -> None:
    unit = UNIT[:10].encode(encoding)
    data = record(
        b"ABC1234", b"012345", NAME.encode(encoding), b"500110000001", unit, terminated=terminated, padding=padding
    )
    holder = parse_holder(data)
    assert (holder.serial, holder.police_number, holder.unit_number) == ("ABC1234", "012345", "500110000001")
    assert holder.officer_name == FieldText(text=NAME, encoding=encoding, is_cut=False)
    assert holder.unit_name == FieldText(text=UNIT[:10], encoding=encoding, is_cut=False)


def test_six_zeros_mean_that_nobody_was_assigned() -> None:
    holder = parse_holder(record(b"ABC1234", b"000000", b"000000", b"0" * 12, b""))
    assert (holder.serial, holder.police_number, holder.officer_name) == ("ABC1234", None, None)
    assert (holder.unit_number, holder.unit_name) == (None, None)


def test_a_name_that_fills_its_field_may_end_inside_a_character() -> None:
    cut = (UNIT * 2).encode()[:32]
    holder = parse_holder(record(b"ABC1234", b"012345", cut, b"", b""))
    assert holder.officer_name == FieldText(text=UNIT[:10], encoding=TextEncoding.UTF_8, is_cut=True)
    # With room left there is no reason for half a character.
    holder = parse_holder(record(b"ABC1234", b"012345", cut[:5], b"", b""))
    assert holder.officer_name is not None
    assert holder.officer_name.encoding is not TextEncoding.UTF_8


def test_a_name_in_no_known_encoding_shows_its_bytes() -> None:
    holder = parse_holder(record(b"ABC1234", b"012345", b"\xff\xfe\x81", b"", b""))
    assert holder.officer_name == FieldText(text="\\xff\\xfe\\x81", encoding=TextEncoding.UNREADABLE, is_cut=False)


def test_a_name_cannot_play_with_the_terminal() -> None:
    holder = parse_holder(record(b"ABC1234", b"012345", "a\x1b[2J\u202eb".encode(), b"", b""))
    assert holder.officer_name is not None
    assert holder.officer_name.text.isprintable()
    assert "\\x1b" in holder.officer_name.text


def test_a_lone_serial_is_a_serial() -> None:
    holder = parse_holder(b"ABC1234")
    assert (holder.serial, holder.police_number) == ("ABC1234", None)
    assert parse_holder(b"0000000").serial is None


@pytest.mark.parametrize("size", [0, 33, 88, 90, 93, 95, 200])
def test_other_lengths_are_no_record(size: int) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        parse_holder(b"1" * size)
    assert caught.value.problem is ReplyProblem.RECORD_LENGTH


def test_a_record_without_its_terminators_is_not_read_askew() -> None:
    with pytest.raises(MalformedReplyError):
        parse_holder(b"1" * 94)


@pytest.mark.parametrize("number", [b"12\x1b456", b"12\xff456"])
def test_a_number_of_other_characters_is_refused(number: bytes) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        parse_holder(record(b"ABC1234", number, b"", b"", b""))
    assert caught.value.problem is ReplyProblem.NUMBER


@given(st.one_of(st.binary(max_size=100), st.binary(min_size=89, max_size=89), st.binary(min_size=94, max_size=94)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        holder = parse_holder(data)
    except MalformedReplyError:
        return
    texts = [holder.serial, holder.police_number, holder.unit_number]
    texts += [field.text for field in (holder.officer_name, holder.unit_name) if field is not None]
    assert all(text is None or text.isprintable() for text in texts)
