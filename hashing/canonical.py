"""Canonical JSON lines: one value, one sequence of bytes (docs/ledger-format.md, "Entry line").

Lines are written by RFC 8785 (JSON Canonicalization Scheme), narrowed so that its number and key-sorting rules cannot
differ between implementations: ASCII keys, no floats, integers below 2^53. Lines are read back without re-encoding:
the stored bytes are what is hashed.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from json.scanner import make_scanner
from typing import Any, Never, TypeAlias

from hashing.errors import LineProblem, MalformedLineError, NotCanonicalError, ValueProblem, shown

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a line can hold. Arrays are lists or tuples, objects are dicts; parsing gives lists and dicts."""

# One entry must fit a C2SP entry bundle (65,535 bytes) with room to spare, and readers must be able to bound memory.
MAX_LINE_BYTES = 16_384

# I-JSON (RFC 7493 §2.2): beyond this an integer may be read as another one.
MAX_INTEGER = 2**53 - 1

# How deep objects and arrays may nest, the outermost included. Recursive readers give up somewhere, and where depends
# on the reader; entries need four levels.
MAX_DEPTH = 256

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(r"[\[\]{}]")

# RFC 8785 §3.2: no whitespace, keys sorted, only the seven short escapes and \u00xx for other controls.
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def canonical_line(value: Mapping[str, Json]) -> bytes:
    """Return the one canonical line of `value`, without a line end.

    Equal values give equal bytes, and `parse_line` gives the value back (tuples as lists).

    Raises:
        NotCanonicalError: something in `value` has no canonical form here; the error names the place.
    """
    line = canonical_bytes(value)
    if len(line) > MAX_LINE_BYTES:
        raise NotCanonicalError(place="$", problem=ValueProblem.TOO_LONG)
    return line


def canonical_bytes(value: Mapping[str, Json]) -> bytes:
    """Return the same as `canonical_line`, of any length: for documents that are files of their own.

    Raises:
        NotCanonicalError: something in `value` has no canonical form here; the error names the place.
    """
    if not isinstance(value, dict):
        raise NotCanonicalError(place="$", problem=ValueProblem.NOT_JSON)
    _refuse_unwritable(value, "$", 0)
    return _encode(value).encode()


def parse_line(line: bytes) -> dict[str, Json]:
    """Return the object that `line` holds.

    No object in it has a key twice, there is no float, the text is UTF-8 without lone surrogates, and nothing stands
    before or after the object. That the line is canonical is not checked; integers of any size are read exactly.

    Raises:
        MalformedLineError: the line is anything else; the error says why.
    """
    if len(line) > MAX_LINE_BYTES:
        raise MalformedLineError(problem=LineProblem.TOO_LONG)
    try:
        text = line.decode()
        value, end = _scan(text, 0)
        if "\\" in text:
            _encode(value).encode()
    except UnicodeError as err:
        raise MalformedLineError(problem=LineProblem.NOT_UTF8) from err
    except (ValueError, StopIteration, RecursionError) as err:
        # How deep the scanner goes before it gives up differs between Python versions; the reason given must not.
        problem = LineProblem.TOO_DEEP if _opens_too_deep(text) else LineProblem.NOT_JSON
        raise MalformedLineError(problem=problem) from err
    if type(value) is not dict or end != len(text):
        raise MalformedLineError(problem=LineProblem.NOT_ONE_OBJECT)
    if may_be_too_deep(line) and _is_too_deep(value):
        raise MalformedLineError(problem=LineProblem.TOO_DEEP)
    return value


def may_be_too_deep(line: bytes) -> bool:
    """Return False only if nothing in `line` nests deeper than `MAX_DEPTH`; most lines are simply too short for it."""
    return len(line) > 2 * MAX_DEPTH and line.count(b"{") + line.count(b"[") > MAX_DEPTH


def _opens_too_deep(text: str) -> bool:
    """Return whether brackets outside strings nest deeper than `MAX_DEPTH`, closed or not."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest > MAX_DEPTH


def _is_too_deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        containers = [member for member in level if type(member) is dict or type(member) is list]
        level = [member for container in containers for member in _members(container)]
    return any(type(member) is dict or type(member) is list for member in level)


def _members(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if type(container) is dict else container


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedLineError(problem=LineProblem.DUPLICATE_KEY)
    return value


def _refuse_float(_: str) -> Never:
    raise MalformedLineError(problem=LineProblem.FLOAT)


# The scanner itself, not `JSONDecoder.decode`: that one skips whitespace around the value, and `json.loads` of bytes
# accepts UTF-16, a byte order mark and encoded surrogates.
_scan = make_scanner(
    json.JSONDecoder(  # type: ignore[arg-type]  # typeshed asks for a scanner where the decoder is meant
        object_pairs_hook=_object_of, parse_float=_refuse_float, parse_constant=_refuse_float
    )
)


def _refuse_unwritable(value: object, place: str, depth: int) -> None:
    match value:
        case list() | tuple() | dict() if depth >= MAX_DEPTH:
            raise NotCanonicalError(place=place, problem=ValueProblem.TOO_DEEP)
        case None | bool():
            pass
        case int():
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise NotCanonicalError(place=place, problem=ValueProblem.LARGE_INTEGER)
        case str():
            _refuse_surrogates(value, place)
        case list() | tuple():
            for index, item in enumerate(value):
                _refuse_unwritable(item, f"{place}[{index}]", depth + 1)
        case dict():
            _refuse_unwritable_members(value, place, depth)
        case float():
            raise NotCanonicalError(place=place, problem=ValueProblem.FLOAT)
        case _:
            raise NotCanonicalError(place=place, problem=ValueProblem.NOT_JSON)


def _refuse_unwritable_members(members: Mapping[object, object], place: str, depth: int) -> None:
    for key, item in members.items():
        if not isinstance(key, str) or not key.isascii():
            raise NotCanonicalError(place=place, problem=ValueProblem.KEY)
        _refuse_unwritable(item, f"{place}.{shown(key)}", depth + 1)


def _refuse_surrogates(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise NotCanonicalError(place=place, problem=ValueProblem.SURROGATE) from err
