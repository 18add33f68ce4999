"""A ledger of people, written by hand: entries as the station writes them, without a station."""

from datetime import UTC, datetime
from typing import Any

from bodycam_custody.decisions.register import Register
from bodycam_custody.entries import Draft, Entry, EntryKind, PersonId, write_entry
from hashing.ssh_keys import SigningKey

MOMENT = datetime(2026, 11, 21, 9, tzinfo=UTC)
P1, P2, P3, P7 = (PersonId(f"p-{number}") for number in (1, 2, 3, 7))


class PeopleLedger:
    """Entries in order, and the private keys of those who appear in them."""

    def __init__(self) -> None:
        self.keys = {person: SigningKey.generate() for person in (P1, P2, P3, P7)}
        self.recovery = [SigningKey.generate() for _ in range(3)]
        self.entries: list[Entry] = []
        people = [(P1, "custodian"), (P2, "supervisor"), (P3, "officer")]
        self.add(
            EntryKind.GENESIS,
            people=[{"person": who, "role": role, "key": self.keys[who].public.text} for who, role in people],
            recovery_keys=[key.public.text for key in self.recovery],
        )

    def add(self, kind: EntryKind, **facts: Any) -> Entry:
        prev = self.entries[-1].leaf if self.entries else None
        draft = Draft(kind=kind, subject="station", facts=facts)
        self.entries.append(write_entry(draft, seq=len(self.entries), at=MOMENT, prev=prev))
        return self.entries[-1]

    def appoint(self, person: PersonId, role: str, **facts: Any) -> Entry:
        particulars = dict.fromkeys(("since", "until", "deputy_for", "key", "uid")) | facts
        return self.add(EntryKind.PERSON_APPOINTED, person=person, role=role, **particulars)

    def register(self) -> Register:
        register = Register()
        for entry in self.entries:
            register.add(entry)
        return register
