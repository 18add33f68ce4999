"""What a value may be, kind by kind."""

import datetime
from pathlib import Path

import pytest

from config.kinds import Choice, Kind, Label, ListOf, LocalDate, Location, RejectedError, Text, WholeNumber, YesNo, Zone
from config.settings import Clearing

FOLDER = Path("/etc/station")
NUMBER = WholeNumber(at_least=1, at_most=10)
LABEL = Label(signs="-", at_most=4)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (Text(), "綦江 〔2022〕1号", "綦江 〔2022〕1号"),
        (LABEL, "a", "a"),
        (LABEL, "a-b1", "a-b1"),
        (Zone(), "Asia/Shanghai", "Asia/Shanghai"),
        (NUMBER, 1, 1),
        (NUMBER, 10, 10),
        (YesNo(), False, False),
        (LocalDate(), datetime.date(2022, 3, 1), datetime.date(2022, 3, 1)),
        (Choice(options=Clearing), "keep-at-desk", Clearing.KEEP_AT_DESK),
        (Location(), "primary", FOLDER / "primary"),
        (Location(), "/srv/x", Path("/srv/x")),
        (ListOf(items=NUMBER), [], ()),
        (ListOf(items=NUMBER), [3, 1], (3, 1)),
    ],
)
def test_a_value_of_its_kind_is_read(kind: Kind, value: object, read: object) -> None:
    assert kind.read(value, FOLDER) == read


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        (Text(), 1, "must be text in quotes, found 1"),
        (Text(), " \t", "must not be empty"),
        (Text(), "a\nb", 'must be one printable line, found "a\\nb"'),
        (Text(at_most=3), "abcd", "must have at most 3 characters, found 4"),
        (LABEL, "abcde", 'must be 1 to 4 of a-z, 0-9 and -, a letter or digit first and last, found "abcde"'),
        (LABEL, "-a", 'must be 1 to 4 of a-z, 0-9 and -, a letter or digit first and last, found "-a"'),
        (LABEL, "a\n", 'must be 1 to 4 of a-z, 0-9 and -, a letter or digit first and last, found "a\\n"'),
        (Zone(), "../x", 'is not a known time zone, found "../x"; write a name such as "Asia/Shanghai"'),
        (NUMBER, 0, "must be a whole number from 1 to 10, found 0"),
        (NUMBER, 11, "must be a whole number from 1 to 10, found 11"),
        (NUMBER, 2.0, "must be a whole number from 1 to 10, found 2.0"),
        (NUMBER, True, "must be a whole number from 1 to 10, found true"),
        (YesNo(), "yes", 'must be true or false, found "yes"'),
        (YesNo(), 1, "must be true or false, found 1"),
        (LocalDate(), "2022-03-01", 'must be a date without quotes such as 2022-03-01, found "2022-03-01"'),
        (
            LocalDate(),
            datetime.datetime(2022, 3, 1, tzinfo=datetime.UTC),
            "must be a date without quotes such as 2022-03-01, found 2022-03-01T00:00:00+00:00",
        ),
        (
            Choice(options=Clearing),
            "clear",
            'must be one of clear-after-receipt, keep-at-desk, found "clear"',
        ),
        (Location(), "~/store", 'must be written out in full: ~ is not replaced, found "~/store"'),
        (Location(), "a\0b", 'must be a path, found "a\\u0000b"'),
        (ListOf(items=NUMBER), 3, "must be a list in square brackets, found 3"),
        (ListOf(items=NUMBER), [3, 99], "must be a whole number from 1 to 10, found 99"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_was_expected_and_found(
    kind: Kind, value: object, reason: str
) -> None:
    with pytest.raises(RejectedError) as caught:
        kind.read(value, FOLDER)
    assert str(caught.value) == reason


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(RejectedError) as caught:
        YesNo().read("x" * 5000, FOLDER)
    assert len(str(caught.value)) < 100
