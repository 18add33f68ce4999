"""The register of people, and what is signed to change it."""

from typing import TypedDict


class Person(TypedDict):
    """One person as they are today; `until` is the nearest last day of what they hold."""

    person: str
    roles: list[str]
    deputy_for: list[str]
    until: str | None
    uid: int | None
    fingerprint: str | None


class Appointment(TypedDict):
    """One appointment, running or over; `entry` and `ended_by` are ledger positions."""

    role: str
    since: str | None
    until: str | None
    deputy_for: str | None
    entry: int
    ended_by: int | None


class KeyTenure(TypedDict):
    """A key and the ledger positions between which it signs."""

    key: str
    fingerprint: str
    entry: int
    replaced_by: int | None


class PersonDetail(Person):
    """A person with everything they were appointed as, and every key they had."""

    appointments: list[Appointment]
    keys: list[KeyTenure]


class People(TypedDict):
    """Everybody, and the fingerprints of the recovery keys."""

    items: list[Person]
    recovery_keys: list[str]


class ToSign(TypedDict):
    """A request, and the text that its signers sign in this namespace."""

    request: int
    verb: str
    namespace: str
    signers: list[str]
    text: str


class Decided(TypedDict):
    """A decision that stands in the ledger."""

    entry: int
    person: str
    verb: str
