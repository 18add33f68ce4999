"""What daemon and helper say to each other."""

import json
import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.clearance import SealedBag
from bodycam_custody.clearing.request import (
    ClearRequest,
    FileToClear,
    HelperError,
    Lines,
    numbers_in,
    parse_request,
    problem_to_json,
    ranges_of,
)
from docking.clearing import ReceiptedFile
from docking.clearing_errors import FileNotReceiptedError
from hashing.digest import Digest
from hashing.errors import Statement

DIGEST = Digest.of(b"x")
REQUEST = ClearRequest(
    docking_id="d-1",
    slip="sdb1.json",
    receipt_seq=7,
    accepted_seq=8,
    bags=(SealedBag(bag_path="clips/2026/11/21/a", tagmanifest=DIGEST, seq=5),),
    files=(
        FileToClear(
            file=ReceiptedFile(number=0, path=b"\xff\n.mp4", size_bytes=1, mtime_ns=2**62, sha256=DIGEST), bags=(0,)
        ),
    ),
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_a_request_survives_the_way_whatever_the_names() -> None:
    assert parse_request(json.loads(json.dumps(REQUEST.to_json()))) == REQUEST


@pytest.mark.parametrize(
    "differing",
    [
        {"v": 2},
        {"files": [[0, "%%", 1, 1, DIGEST.hex, []]]},
        {"files": [[0, "", 1, 1, DIGEST.hex, [1]]]},
        {"bags": [1]},
    ],
)
def test_what_is_no_request_is_refused(differing: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        parse_request({**REQUEST.to_json(), **differing})


@given(st.sets(st.integers(min_value=0, max_value=300)))
def test_ranges_stand_for_their_numbers_in_order_and_as_few_as_can_be(numbers: set[int]) -> None:
    ranges = ranges_of(numbers)
    assert numbers_in(ranges) == numbers
    edges = [edge for pair in ranges for edge in pair]
    assert edges == sorted(edges)
    assert all(low + 1 < high for (_, low), (high, _) in pairwise(ranges))


def test_lines_come_whole_however_they_are_cut(ends: tuple[socket.socket, socket.socket]) -> None:
    one, other = ends
    for piece in (b'{"a"', b": 1}\n{", b'"b": 2}\n'):
        one.sendall(piece)
    lines = Lines(other)
    assert [lines.receive(), lines.receive()] == [{"a": 1}, {"b": 2}]
    assert not lines.is_abandoned()
    one.close()
    assert lines.is_abandoned()
    with pytest.raises(EOFError):
        lines.receive()


def test_who_has_nothing_more_to_say_still_hears_the_other(ends: tuple[socket.socket, socket.socket]) -> None:
    lines, peer = Lines(ends[0]), Lines(ends[1])
    assert lines.finish(5)
    assert peer.is_abandoned()
    peer.send({"step": "end"})
    assert lines.receive() == {"step": "end"}
    assert not lines.finish(5)


def test_what_is_no_object_is_refused(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[0].sendall(b"[1]\n")
    with pytest.raises(ValueError, match="not a JSON object"):
        Lines(ends[1]).receive()


def test_an_error_is_the_same_on_the_other_side() -> None:
    error = FileNotReceiptedError(path="a.mp4", what=Statement("size"), expected="5", found="6")
    arrived = HelperError(**json.loads(json.dumps(problem_to_json(error))))
    assert (arrived.code, str(arrived)) == (error.code, str(error))
    assert isinstance(arrived.facts["what"], Statement)
