"""Canonical lines, and reading them back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.canonical import MAX_DEPTH, MAX_INTEGER, MAX_LINE_BYTES, canonical_line, parse_line
from hashing.errors import LineProblem, MalformedLineError, NotCanonicalError, ValueProblem

_keys = st.text(st.characters(max_codepoint=127), max_size=8)
_leaves = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=20)
_values = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4), max_leaves=20
)
objects = st.dictionaries(_keys, _values, max_size=6)


@given(objects)
def test_a_line_reads_back_as_the_value_it_was_made_from(value: dict[str, Any]) -> None:
    assert parse_line(canonical_line(value)) == value


@given(objects)
def test_equal_values_give_equal_lines_whatever_the_order_of_keys(value: dict[str, Any]) -> None:
    assert canonical_line(dict(reversed(value.items()))) == canonical_line(value)


@given(objects)
def test_a_line_never_contains_a_line_end(value: dict[str, Any]) -> None:
    assert not {0x0A, 0x0D} & set(canonical_line(value))


def test_strings_are_escaped_as_rfc_8785_says() -> None:
    # RFC 8785 §3.2.2.2: the example string, and the two-character escapes.
    value = {"string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "short": "\b\t\n\f\r", "high": "\x7f\u2028😂"}
    assert (
        canonical_line(value)
        == ('{"high":"\x7f\u2028😂","short":"\\b\\t\\n\\f\\r","string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}').encode()
    )


@pytest.mark.parametrize(
    ("value", "place", "problem"),
    [
        ({"a": {"b": [1, 2.0]}}, "$.a.b[1]", ValueProblem.FLOAT),
        ({"a": float("nan")}, "$.a", ValueProblem.FLOAT),
        ({"a": MAX_INTEGER + 1}, "$.a", ValueProblem.LARGE_INTEGER),
        ({"a": -MAX_INTEGER - 1}, "$.a", ValueProblem.LARGE_INTEGER),
        ({"名": 1}, "$", ValueProblem.KEY),
        ({1: 1}, "$", ValueProblem.KEY),
        ({"\x1b": 0.5}, "$.\\x1b", ValueProblem.FLOAT),
        ({"a": "\ud800"}, "$.a", ValueProblem.SURROGATE),
        ({"a": b"bytes"}, "$.a", ValueProblem.NOT_JSON),
        ([], "$", ValueProblem.NOT_JSON),
        ({"a": "x" * MAX_LINE_BYTES}, "$", ValueProblem.TOO_LONG),
    ],
)
def test_a_value_without_canonical_form_is_refused_by_place(value: Any, place: str, problem: ValueProblem) -> None:
    with pytest.raises(NotCanonicalError) as caught:
        canonical_line(value)
    assert caught.value.facts == {"place": place, "problem": problem}
    assert str(caught.value) == f"This cannot be written to the ledger: at {place} there is {problem}."


def test_nesting_without_end_is_refused() -> None:
    value: dict[str, Any] = {}
    value["again"] = value
    with pytest.raises(NotCanonicalError) as caught:
        canonical_line(value)
    assert caught.value.facts == {"place": "$" + ".again" * MAX_DEPTH, "problem": ValueProblem.TOO_DEEP}


@pytest.mark.parametrize("opening", [b'{"":', b"["])
def test_the_deepest_line_is_read_and_a_deeper_one_refused_on_every_interpreter(opening: bytes) -> None:
    closing = b"}" if opening.startswith(b"{") else b"]"

    def nested(levels: int) -> bytes:
        inner = levels - 1
        return b'{"a":' + opening * inner + b'"' + b"x" * 300 + b'"' + closing * inner + b"}"

    assert canonical_line(parse_line(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(MalformedLineError) as caught:
        parse_line(nested(MAX_DEPTH + 1))
    assert caught.value.facts["problem"] is LineProblem.TOO_DEEP


def test_many_objects_side_by_side_are_not_deep() -> None:
    value = {"files": [{"n": n} for n in range(2 * MAX_DEPTH)]}
    assert parse_line(canonical_line(value)) == value


def test_the_longest_line_is_written_and_read() -> None:
    value = {"a": "x" * (MAX_LINE_BYTES - len('{"a":""}'))}
    assert len(canonical_line(value)) == MAX_LINE_BYTES
    assert parse_line(canonical_line(value)) == value


def test_the_messages_name_the_limit_of_the_program() -> None:
    assert f" {MAX_LINE_BYTES} bytes" in ValueProblem.TOO_LONG
    assert f" {MAX_LINE_BYTES} bytes" in LineProblem.TOO_LONG


MALFORMED = [
    (b'{"a":1,"a":2}', LineProblem.DUPLICATE_KEY),
    (b'{"a":1,"a":1}', LineProblem.DUPLICATE_KEY),
    (b'{"a":1,"\\u0061":2}', LineProblem.DUPLICATE_KEY),
    (b'{"x":[{"a":1,"b":2,"a":3}]}', LineProblem.DUPLICATE_KEY),
    (b'{"a":1 ,"a" :2}', LineProblem.DUPLICATE_KEY),
    (b'{"a":1.0}', LineProblem.FLOAT),
    (b'{"a":1e3}', LineProblem.FLOAT),
    (b'{"a":NaN}', LineProblem.FLOAT),
    (b'{"a":-Infinity}', LineProblem.FLOAT),
    (b"[]", LineProblem.NOT_ONE_OBJECT),
    (b"1", LineProblem.NOT_ONE_OBJECT),
    (b'{"a":1}\n', LineProblem.NOT_ONE_OBJECT),
    (b'{"a":1}{"a":1}', LineProblem.NOT_ONE_OBJECT),
    (b' {"a":1}', LineProblem.NOT_JSON),
    (b'\xef\xbb\xbf{"a":1}', LineProblem.NOT_JSON),
    (b"", LineProblem.NOT_JSON),
    (b'{"a":01}', LineProblem.NOT_JSON),
    (b'{"a":"\n"}', LineProblem.NOT_JSON),
    (b"{'a':1}", LineProblem.NOT_JSON),
    (b'{"a":' + b"1" * 5000 + b"}", LineProblem.NOT_JSON),
    (b'{"a":"\xff"}', LineProblem.NOT_UTF8),
    (b'{"a":"\xed\xa0\x80"}', LineProblem.NOT_UTF8),
    (b'{"a":"\\ud800"}', LineProblem.NOT_UTF8),
    ('{"a":1}'.encode("utf-16"), LineProblem.NOT_UTF8),
    (b'{"a":' + b"[" * 9000, LineProblem.TOO_DEEP),
    (b'{"a":"' + b"x" * MAX_LINE_BYTES + b'"}', LineProblem.TOO_LONG),
]


@pytest.mark.parametrize(("line", "problem"), MALFORMED)
def test_a_line_that_two_readers_could_read_differently_is_refused(line: bytes, problem: LineProblem) -> None:
    with pytest.raises(MalformedLineError) as caught:
        parse_line(line)
    assert caught.value.facts == {"problem": problem}
    assert str(caught.value) == (f"Expected one line of JSON with unique keys and whole numbers, found: {problem}.")


def test_reading_does_not_need_the_canonical_form() -> None:
    """The stored bytes are what is hashed; nobody re-encodes to verify."""
    assert parse_line(json.dumps({"b": 1, "a": [True]}).encode()) == {"a": [True], "b": 1}
