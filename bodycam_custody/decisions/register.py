"""Who was appointed as what, and held which key, at every position of the ledger: a fold over its entries.

Nobody is ever removed: a signature is judged by what was in force where it stands (docs/decision-format.md). Dates are
the station's legal dates; an appointment counts on its first and its last day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from bodycam_custody.entries import Entry, EntryKind, PersonId
from bodycam_custody.roles import Role
from hashing.canonical import Json
from hashing.ssh_keys import SshPublicKey

RECOVERY = "recovery@"
"""`recovery@1` to `recovery@3` sign with the keys that genesis holds back; no person id has such a form."""


NEW_KEY = "new@"
"""`new@<person>` signs with the key that a decision gives to the person."""


def is_recovery(name: PersonId) -> bool:
    """Return whether `name` stands for a recovery key, of this station or none."""
    return name.startswith(RECOVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A person in a role; `deputy_for` names whom they stand in for, None where the role is their own."""

    person: PersonId
    role: Role
    since: date | None
    until: date | None
    deputy_for: PersonId | None
    from_seq: int
    ended_seq: int | None = None

    def is_in_force(self, *, seq: int, on: date) -> bool:
        """Return whether it counts for an act at ledger position `seq` on the day `on`."""
        is_entered = self.from_seq < seq and (self.ended_seq is None or seq <= self.ended_seq)
        return is_entered and (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTenure:
    """A key and the entries between which it signs for a person."""

    key: SshPublicKey
    from_seq: int
    until_seq: int | None = None


@dataclass(slots=True)
class Register:
    """The fold; feed it every entry in order, those that concern nobody included."""

    appointments: list[Appointment] = field(default_factory=list)
    keys: dict[PersonId, list[KeyTenure]] = field(default_factory=dict)
    uids: dict[PersonId, int] = field(default_factory=dict)
    recovery_keys: tuple[SshPublicKey, ...] = ()

    def add(self, entry: Entry) -> None:
        """Follow one entry.

        Raises:
            KeyError, ValueError, KeyFormatError: it is not as this program writes it.
        """
        match entry.kind:
            case EntryKind.GENESIS:
                self._genesis(entry.seq, entry.facts)
            case EntryKind.PERSON_APPOINTED:
                self._take_office(entry.seq, entry.facts)
            case EntryKind.PERSON_ENDED:
                self._end(entry.seq, entry.facts)
            case EntryKind.PERSON_KEY_CHANGED:
                self._change_key(entry.seq, PersonId(str(entry.facts["person"])), str(entry.facts["key"]))

    def people(self) -> tuple[PersonId, ...]:
        """Return everybody ever appointed, in the order of their first appointment."""
        return tuple(dict.fromkeys(one.person for one in self.appointments))

    def in_force(self, person: PersonId, *, seq: int, on: date) -> tuple[Appointment, ...]:
        """Return what `person` is appointed as at ledger position `seq` on the day `on`."""
        return tuple(one for one in self.appointments if one.person == person and one.is_in_force(seq=seq, on=on))

    def key_of(self, person: PersonId, *, seq: int) -> SshPublicKey | None:
        """Return the key that signs for `person` (or a recovery key) in an entry at `seq`, None where none does."""
        if is_recovery(person):
            number = person.removeprefix(RECOVERY)
            known = {str(place): key for place, key in enumerate(self.recovery_keys, start=1)}
            return known.get(number) if seq > 0 else None
        for tenure in self.keys.get(person, ()):
            if tenure.from_seq < seq and (tenure.until_seq is None or seq <= tenure.until_seq):
                return tenure.key
        return None

    def _genesis(self, seq: int, facts: Mapping[str, Any]) -> None:
        for person in facts["people"]:
            self._take_office(seq, {**dict.fromkeys(("since", "until", "deputy_for", "uid")), **person})
        self.recovery_keys = tuple(SshPublicKey.parse(line) for line in facts["recovery_keys"])

    def _end(self, seq: int, facts: Mapping[str, Any]) -> None:
        person, role = PersonId(facts["person"]), Role(facts["role"])
        for index, one in enumerate(self.appointments):
            if (one.person, one.role, one.ended_seq) == (person, role, None):
                self.appointments[index] = replace(one, ended_seq=seq)

    def _take_office(self, seq: int, facts: Mapping[str, Any]) -> None:
        person = PersonId(facts["person"])
        deputy_for = facts["deputy_for"]
        self.appointments.append(
            Appointment(
                person=person,
                role=Role(facts["role"]),
                since=_day(facts["since"]),
                until=_day(facts["until"]),
                deputy_for=None if deputy_for is None else PersonId(deputy_for),
                from_seq=seq,
            )
        )
        if facts["key"] is not None:
            self._change_key(seq, person, facts["key"])
        if facts["uid"] is not None:
            self.uids[person] = int(facts["uid"])

    def _change_key(self, seq: int, person: PersonId, line: str) -> None:
        tenures = self.keys.setdefault(person, [])
        if tenures:
            tenures[-1] = replace(tenures[-1], until_seq=seq)
        tenures.append(KeyTenure(key=SshPublicKey.parse(line), from_seq=seq))


def fold_register(entries: Iterable[Entry]) -> Register:
    """Return the register after `entries`, which begin at entry 0."""
    register = Register()
    for entry in entries:
        register.add(entry)
    return register


def _day(text: Json) -> date | None:
    return None if text is None else date.fromisoformat(str(text))
