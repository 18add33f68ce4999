"""What is asked of the register of people."""

from dataclasses import dataclass, field

from bodycam_custody.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePerson:
    """A person by id."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAppointment:
    """An appointment to be signed by the two of `by` (ids between spaces); dates are local, `since` is today else."""

    person: str
    role: str = field(metadata={"one_of": Role})
    by: str
    since: str | None = None
    until: str | None = None
    deputy_for: str | None = None
    key: str | None = None
    uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEnd:
    """The end of an appointment, to be signed by the two of `by`."""

    person: str
    role: str = field(metadata={"one_of": Role})
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskKeyChange:
    """Another key for a person, signed by the two of `by`, with the new key, and with the old one while it is held."""

    person: str
    key: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInSignatures:
    """The signatures over the text of one request, by whose they are."""

    request: str
    signatures: dict[str, str]
