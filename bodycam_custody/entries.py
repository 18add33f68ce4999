"""Ledger entries: their kinds, their drafts and their one-line form (docs/ledger-format.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bodycam_custody.clock import parse_rfc3339, rfc3339
from hashing.canonical import Json, canonical_line, parse_line
from hashing.chain import leaf_hash

ENTRY_VERSION = 1

PersonId = NewType("PersonId", str)
"""An opaque id of a person; the name behind it lies only in texts.db."""


class EntryKind(StrEnum):
    """What an entry states. The text is part of the ledger format: a member is never renamed."""

    GENESIS = "genesis"
    PERSON_REQUESTED = "person.requested"
    PERSON_APPOINTED = "person.appointed"
    PERSON_ENDED = "person.ended"
    PERSON_KEY_CHANGED = "person.key-changed"
    STATION_STARTED = "station.started"
    RULE_SET_LOADED = "rule_set.loaded"
    STORE_ADDED = "store.added"
    STORES_MOVED = "stores.moved"
    DOCK_SEEN = "dock.seen"
    DOCK_INVENTORY = "dock.inventory"
    DOCK_CLOSED = "dock.closed"
    DOCK_COMPARED = "dock.compared"
    DOCK_ACCEPTED = "dock.accepted"
    DOCK_WITHDRAWN = "dock.withdrawn"
    DOCK_RELEASED = "dock.released"
    DOCK_RECOVERED = "dock.recovered"
    DOCK_ALARMED = "dock.alarmed"
    ALARM_ACKNOWLEDGED = "alarm.acknowledged"
    RECORDER_VISITED = "recorder.visited"
    RECEIPT_ISSUED = "receipt.issued"
    CARD_CLEARING = "card.clearing"
    CARD_CLEARED = "card.cleared"
    CARD_CLEARING_FAILED = "card.clearing-failed"
    CLIP_SEALED = "clip.sealed"
    SUPPLEMENT_SEALED = "supplement.sealed"
    CLIP_SIGHTED = "clip.sighted"
    FILE_FAILED = "file.failed"
    BAG_ADOPTED = "bag.adopted"
    BAG_QUARANTINED = "bag.quarantined"
    COPY_MISSING = "copy.missing"
    REPLICA_WRITTEN = "replica.written"
    CLIP_PROBED = "clip.probed"
    CLIP_TIMED = "clip.timed"
    SESSION_GROUPED = "session.grouped"
    CLIP_JUDGED = "clip.judged"
    CLIP_VERIFIED = "clip.verified"
    SLOT_LEARNT = "slot.learnt"
    CLOCK_JUDGED = "clock.judged"
    CLOCK_MARK = "clock.mark"
    RECORDER_REGISTERED = "recorder.registered"
    RECORDER_ISSUED = "recorder.issued"
    RECORDER_RETURNED = "recorder.returned"
    RECORDER_FAULTED = "recorder.faulted"
    RECORDER_RETIRED = "recorder.retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: a part of the system, or the peer of the socket by Unix uid."""

    system: str | None = None
    uid: int | None = None
    person: PersonId | None = None

    def __post_init__(self) -> None:
        if self.system is None and self.uid is None and self.person is None:
            raise ValueError("an actor is a system part, a uid or a person")

    def to_facts(self) -> dict[str, Json]:
        """Return the actor as it stands in an entry."""
        named: dict[str, Json] = {"system": self.system, "uid": self.uid, "person": self.person}
        return {name: value for name, value in named.items() if value is not None}


DAEMON = Actor(system="daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before the ledger gave it a position and a time."""

    kind: EntryKind
    subject: str
    facts: Mapping[str, Json]
    actor: Actor = DAEMON


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it stands in the ledger; `line` are the stored bytes, `leaf` their hash."""

    seq: int
    at: datetime
    kind: str
    subject: str
    actor: Mapping[str, Json]
    facts: Mapping[str, Json]
    line: bytes
    leaf: bytes

    @property
    def clip_id(self) -> str:
        """The clip this entry is about.

        Raises:
            ValueError: it is about something else.
        """
        what, _, clip_id = self.subject.partition(":")
        if what != "clip" or not clip_id:
            raise ValueError(f"entry {self.seq} is about {self.subject}, not about a clip")
        return clip_id


def write_entry(draft: Draft, *, seq: int, at: datetime, prev: bytes | None) -> Entry:
    """Give `draft` its position, time and link, and its stored bytes.

    Raises:
        NotCanonicalError: a fact has no place in a canonical line.
        EntryTooLargeError: the line would pass 16 KiB.
    """
    line = canonical_line(
        {
            "v": ENTRY_VERSION,
            "seq": seq,
            "at": rfc3339(at),
            "kind": draft.kind.value,
            "actor": draft.actor.to_facts(),
            "subject": draft.subject,
            "facts": dict(draft.facts),
            "prev": None if prev is None else prev.hex(),
        }
    )
    return Entry(
        seq=seq,
        at=at,
        kind=draft.kind.value,
        subject=draft.subject,
        actor=draft.actor.to_facts(),
        facts=draft.facts,
        line=line,
        leaf=leaf_hash(line),
    )


def read_entry(line: bytes) -> Entry:
    """Read a stored line; its chain position is not checked here.

    Raises:
        NotCanonicalError: the line is not one JSON object with the members of an entry.
    """
    raw = parse_line(line)
    actor, facts = raw["actor"], raw["facts"]
    seq, at, kind, subject = raw["seq"], raw["at"], raw["kind"], raw["subject"]
    if not (isinstance(actor, dict) and isinstance(facts, dict) and isinstance(seq, int)):
        raise ValueError(f"entry members have wrong types: {raw!r}")
    return Entry(
        seq=seq,
        at=parse_rfc3339(str(at)),
        kind=str(kind),
        subject=str(subject),
        actor=actor,
        facts=facts,
        line=line,
        leaf=leaf_hash(line),
    )
