"""Who may act today: the people in office by opaque id, with their roles."""

from collections.abc import Collection, Mapping

from bodycam_custody.decisions.registered import register_of, today_of
from bodycam_custody.entries import PersonId
from bodycam_custody.errors import OutOfOfficeError, PersonUnknownError, RoleRequiredError
from bodycam_custody.roles import Role
from bodycam_custody.station import Station
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


def people_in_office(station: Station) -> dict[PersonId, frozenset[Role]]:
    """Return everybody who is appointed today, deputies included, with all their roles."""
    register, seq, today = register_of(station.ledger), station.ledger.size, today_of(station)
    roles = {one: register.in_force(one, seq=seq, on=today) for one in register.people()}
    return {person: frozenset(one.role for one in held) for person, held in roles.items() if held}


def require_role(station: Station, person: str, roles: Collection[Role], *, article: str) -> PersonId:
    """Return the id of `person` if they are appointed as one of `roles` today (R39).

    Not checked: that it is this person who asks; only a signature of theirs would prove it.

    Raises:
        PersonUnknownError: nobody has this id.
        OutOfOfficeError: they hold no office today.
        RoleRequiredError: they have another role; the text quotes `article`.
    """
    person_id = PersonId(person)
    if person_id not in register_of(station.ledger).people():
        raise PersonUnknownError(person=person)
    held = people_in_office(station).get(person_id)
    if held is None:
        raise OutOfOfficeError(person=person, needed=_worded(roles), article=article)
    if held.isdisjoint(roles):
        raise RoleRequiredError(person=person, found=_worded(held), needed=_worded(roles), article=article)
    return person_id


def _worded(roles: Collection[Role]) -> Statement:
    one, *more = [Statement(_WORDS[role]) for role in Role if role in roles]
    for other in more:
        one = Statement(N_("{one} or {other}"), one=one, other=other)
    return one
