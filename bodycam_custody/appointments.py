"""Who is appointed as what: the people of entry 0, by opaque id."""

from collections.abc import Collection, Mapping

from bodycam_custody.entries import PersonId, read_entry
from bodycam_custody.errors import PersonUnknownError, RoleRequiredError
from bodycam_custody.ledger import Ledger
from bodycam_custody.people import Role
from hashing.errors import N_, Statement

_WORDS: Mapping[Role, str] = {
    Role.OFFICER: N_("an officer"),
    Role.OPERATOR: N_("an operator"),
    Role.CUSTODIAN: N_("a custodian"),
    Role.SUPERVISOR: N_("a supervisor"),
    Role.AUDITOR: N_("an auditor"),
    Role.ARCHIVE_OFFICER: N_("an archive officer"),
    Role.LEGAL_REVIEWER: N_("a legal reviewer"),
    Role.ADMINISTRATOR: N_("an administrator"),
}


def appointed_people(ledger: Ledger) -> dict[PersonId, Role]:
    """Return everybody whom entry 0 appoints, with the role."""
    people = read_entry(ledger.lines(0, 1)[0]).facts["people"]
    if not isinstance(people, list):
        raise ValueError(f"entry 0 names its people as {people!r}")
    named = [person for person in people if isinstance(person, dict)]
    return {PersonId(str(person["person"])): Role(str(person["role"])) for person in named}


def require_role(ledger: Ledger, person: str, roles: Collection[Role], *, article: str) -> PersonId:
    """Return the id of `person` if they are appointed as one of `roles`.

    Not checked: that it is this person who asks; only a signature of theirs would prove it.

    Raises:
        PersonUnknownError: nobody has this id.
        RoleRequiredError: they have another role; the text quotes `article`.
    """
    person_id = PersonId(person)
    role = appointed_people(ledger).get(person_id)
    if role is None:
        raise PersonUnknownError(person=person)
    if role not in roles:
        raise RoleRequiredError(person=person, found=_worded([role]), needed=_worded(roles), article=article)
    return person_id


def _worded(roles: Collection[Role]) -> Statement:
    one, *more = [Statement(_WORDS[role]) for role in Role if role in roles]
    for other in more:
        one = Statement(N_("{one} or {other}"), one=one, other=other)
    return one
