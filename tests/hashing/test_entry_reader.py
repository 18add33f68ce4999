"""The quick reader of entries says what the slow one says."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.canonical import MAX_LINE_BYTES, canonical_line, parse_line
from hashing.entry_reader import read_entry
from hashing.errors import LineProblem, MalformedLineError
from tests.hashing.ledgers import entry_line, ledger_lines
from tests.hashing.test_canonical import MALFORMED, objects


def outcome(read: Callable[[bytes], object], line: bytes) -> object:
    """Return the value that `read` gives for `line`, or the reason of its refusal."""
    try:
        return read(line)
    except MalformedLineError as err:
        return err.facts["problem"]


@pytest.mark.parametrize(("line", "problem"), MALFORMED)
def test_what_the_slow_reader_refuses_is_refused_for_the_same_reason(line: bytes, problem: LineProblem) -> None:
    assert outcome(read_entry, line) is problem


@given(actor=objects, facts=objects, other=objects)
def test_entries_of_any_content_are_read_as_they_were_written(
    actor: dict[str, Any], facts: dict[str, Any], other: dict[str, Any]
) -> None:
    value = {**other, "actor": actor, "facts": facts}
    assert read_entry(canonical_line(value)) == value


@given(st.data())
def test_an_entry_with_any_member_repeated_is_refused(data: st.DataObject) -> None:
    """Every member of an entry is written a second time, with another value, at any place of the same object."""
    line = entry_line(7, "00" * 32, data.draw(st.dictionaries(st.text("ab,", max_size=2), st.just("x,y"), max_size=3)))
    text = line.decode()
    keys = list(parse_line(line))
    key = data.draw(st.sampled_from(keys))
    value = data.draw(st.sampled_from(['""', "{}", "[]", "0", '{"a":1,"b":2}', '","', "[1,2]"]))
    space = data.draw(st.sampled_from(["", " ", "\t"]))
    at_start = data.draw(st.booleans())
    member = f'"{key}"{space}:{value}'
    repeated = f"{{{member},{text[1:]}" if at_start else f"{text[:-1]},{member}}}"
    assert outcome(read_entry, repeated.encode()) is LineProblem.DUPLICATE_KEY


@pytest.mark.parametrize(
    "facts",
    [
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b":2}}',
        '{"a":[{"b":1,"b":2}]}',
        '{"a":[[{"b":1,"b":2}]]}',
        '{"a":{"b":{"c":1,"c":2}}}',
        '{"a":{},"a":{}}',
        '{"":{},"":{}}',
    ],
)
def test_a_key_repeated_inside_the_facts_is_refused(facts: str) -> None:
    line = entry_line(0, None).replace(b'"facts":{}', b'"facts":' + facts.encode())
    assert outcome(read_entry, line) is LineProblem.DUPLICATE_KEY


@pytest.mark.parametrize("actor", ['"daemon, and a long text that looks like many members"', "[1,2,3]", "null"])
def test_an_actor_that_is_no_object_does_not_hide_a_repeated_key(actor: str) -> None:
    line = entry_line(0, None).replace(b'{"system":"daemon"}', actor.encode())
    for extra in range(60):
        repeated = line[:-1] + b',"kind":1' * extra + b"}"
        assert outcome(read_entry, repeated) == outcome(parse_line, repeated)


@pytest.mark.parametrize("members", ['["four"]', '["four",{}]', '{"a":"four"}', "[[1,2,3]]", '["",[]]', "{}", "[]"])
def test_texts_and_arrays_in_the_facts_do_not_hide_a_repeated_key(members: str) -> None:
    line = entry_line(0, None).replace(b'"facts":{}', b'"facts":{"a":' + members.encode() + b"}")
    assert outcome(read_entry, line) == outcome(parse_line, line)
    for extra in range(1, 8):
        repeated = line[:-1] + b',"kind":1' * extra + b"}"
        assert outcome(read_entry, repeated) is LineProblem.DUPLICATE_KEY


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (entry_line(0, None) + b" ", LineProblem.NOT_ONE_OBJECT),
        (entry_line(0, None) + b"{}", LineProblem.NOT_ONE_OBJECT),
        (entry_line(0, None).replace(b'"facts":{}', b'"facts":{"a":"\\udc00"}'), LineProblem.NOT_UTF8),
        (entry_line(0, None).replace(b"daemon", b"\xff"), LineProblem.NOT_UTF8),
        (entry_line(0, None).replace(b'"seq":0', b'"seq":0.0'), LineProblem.FLOAT),
        (entry_line(0, None).replace(b'"daemon"', b"[" * 7000 + b"]" * 7000), LineProblem.TOO_DEEP),
        (entry_line(0, None).replace(b'"daemon"', b"[" * 255 + b"]" * 255), LineProblem.TOO_DEEP),
        (entry_line(0, None).replace(b"{}", b'{"a":' + b"[" * 255 + b"]" * 255 + b"}"), LineProblem.TOO_DEEP),
        (entry_line(0, None).replace(b"daemon", b"x" * MAX_LINE_BYTES), LineProblem.TOO_LONG),
    ],
)
def test_a_line_in_the_shape_of_an_entry_is_refused_all_the_same(line: bytes, problem: LineProblem) -> None:
    assert outcome(read_entry, line) is problem


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_changed_byte_is_read_the_same_by_both_readers(position: int, byte: int) -> None:
    line = bytearray(ledger_lines(2)[1])
    line[position % len(line)] = byte
    assert outcome(read_entry, bytes(line)) == outcome(parse_line, bytes(line))
