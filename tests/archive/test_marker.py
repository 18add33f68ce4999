"""The bytes of a store marker."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from archive.filesystem import FilesystemIdentity
from archive.marker import StoreId, StoreLocation, StoreMarker, StoreRole, parse_marker
from hashing.errors import HashingError
from tests.archive.station import CREATED_AT, ORIGIN

MARKER = StoreMarker(
    store_id=StoreId("primary"),
    origin=ORIGIN,
    role=StoreRole.PRIMARY,
    filesystem=FilesystemIdentity(kind="ext4", fsid="a81e4964202b1510", uuid="f349839e-8637-4443-a2f8-81dc10d3c549"),
    disks=frozenset({"sdb", "sda"}),
    created_at=CREATED_AT,
)

GOLDEN = (
    b'{"created_at":"2026-11-21T12:34:56.123456Z",'  # UTC, always six fraction digits
    b'"disks":["sda","sdb"],'  # sorted; null: cannot tell
    b'"filesystem":{"fsid":"a81e4964202b1510","kind":"ext4","uuid":"f349839e-8637-4443-a2f8-81dc10d3c549"},'
    b'"origin":"cg.example.gov.cn/station-1/1",'
    b'"role":"primary",'  # primary | replica
    b'"store_id":"primary",'
    b'"v":1}\n'
)


def test_a_marker_has_these_bytes() -> None:
    assert MARKER.to_bytes() == GOLDEN


def test_a_marker_is_read_back_as_it_was() -> None:
    assert parse_marker(GOLDEN) == MARKER
    unknown = replace(MARKER, disks=None, filesystem=replace(MARKER.filesystem, uuid=None), role=StoreRole.REPLICA)
    assert parse_marker(unknown.to_bytes()) == unknown


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"v":1', b'"v":2', "version 2, expected 1"),
        (b'"v":1', b'"v":1,"w":2', "unknown fields or another way of writing them"),
        (b'"v":1', b'"v": 1', "unknown fields or another way of writing them"),
        (b"}\n", b"}", "unknown fields or another way of writing them"),
        (b'"role":"primary"', b'"role":"owner"', "'owner' is not a valid StoreRole"),
        (b'"role":"primary"', b'"role":1', "role is not a text"),
        (b'"store_id":"primary"', b'"store_id":"a/b"', "not a store id: 'a/b'"),
        (b'["sda","sdb"]', b'"sda"', "disks is neither null nor a list"),
        (b"56.123456Z", b"56.123456", "does not match format"),
    ],
)
def test_what_is_not_a_marker_of_ours_is_refused(old: bytes, new: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_marker(GOLDEN.replace(old, new))


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(HashingError):
        parse_marker(b"\x00" * 200)


def test_a_marker_needs_a_time_in_utc() -> None:
    with pytest.raises(ValueError, match="not a time in UTC"):
        replace(MARKER, created_at=datetime(2026, 11, 21))  # noqa: DTZ001  # the mistake under test


def test_a_location_is_an_absolute_path_with_a_plain_id() -> None:
    with pytest.raises(ValueError, match="the path of a store is absolute: store"):
        StoreLocation(store_id=StoreId("primary"), path=Path("store"), role=StoreRole.PRIMARY)
    with pytest.raises(ValueError, match="not a store id: 'Primary'"):
        StoreLocation(store_id=StoreId("Primary"), path=Path("/store"), role=StoreRole.PRIMARY)
