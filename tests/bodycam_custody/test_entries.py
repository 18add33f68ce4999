"""Entries are written in one form only, and read back as they were."""

from datetime import UTC, datetime

import pytest

from bodycam_custody.entries import Actor, Draft, EntryKind, PersonId, read_entry, write_entry
from hashing.errors import HashingError

AT = datetime(2026, 11, 21, 12, 34, 56, 7, tzinfo=UTC)
DRAFT = Draft(kind=EntryKind.CLIP_SIGHTED, subject="clip:abc", facts={"n": 1, "b": None, "a": ["x", True]})


def test_an_entry_is_one_canonical_line() -> None:
    entry = write_entry(DRAFT, seq=5, at=AT, prev=bytes(32))
    # RFC 8785: members sorted, no spaces; the time with six fraction digits
    assert entry.line == (
        b'{"actor":{"system":"daemon"},"at":"2026-11-21T12:34:56.000007Z","facts":{"a":["x",true],"b":null,"n":1},'
        b'"kind":"clip.sighted","prev":"' + b"0" * 64 + b'","seq":5,"subject":"clip:abc","v":1}'
    )


def test_an_entry_is_read_as_it_was_written() -> None:
    for prev in (None, bytes(range(32))):
        entry = write_entry(DRAFT, seq=0, at=AT, prev=prev)
        assert read_entry(entry.line) == entry


def test_an_actor_is_somebody() -> None:
    with pytest.raises(ValueError, match="an actor is a system part, a uid or a person"):
        Actor()
    assert Actor(uid=0).to_facts() == {"uid": 0}
    assert Actor(person=PersonId("custodian-1"), uid=1000).to_facts() == {"uid": 1000, "person": "custodian-1"}


@pytest.mark.parametrize("facts", [{"x": 1.5}, {"é": 1}, {"x": 2**53}, {"x": "y" * 16_384}])
def test_a_fact_that_has_no_place_in_a_line_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(HashingError):
        write_entry(
            Draft(kind=EntryKind.CLOCK_MARK, subject="station", facts=facts),  # type: ignore[arg-type]  # on purpose
            seq=0,
            at=AT,
            prev=None,
        )


def test_a_line_that_is_no_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="entry members have wrong types"):
        read_entry(b'{"actor":[],"at":"","facts":{},"kind":"","seq":0,"subject":"","v":1}')
