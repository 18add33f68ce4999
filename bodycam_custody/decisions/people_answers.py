"""What is asked of the register of people: who is appointed today, and what one person was and is."""

from typing import Any

from bodycam_custody.decisions.register import Appointment, KeyTenure, Register
from bodycam_custody.decisions.registered import register_of, today_of
from bodycam_custody.decisions.requests import OnePerson
from bodycam_custody.entries import PersonId
from bodycam_custody.errors import PersonUnknownError
from bodycam_custody.operations import Caller, Nothing
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station


def list_people(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Return everybody ever appointed, in the order of their first appointment, and the recovery keys."""
    register = register_of(runtime.station.ledger)
    return {
        "items": [_view(runtime.station, register, person) for person in register.people()],
        "recovery_keys": [key.fingerprint for key in register.recovery_keys],
    }


def show_person(runtime: Runtime, request: OnePerson, _: Caller) -> Any:
    """Return one person with all appointments and keys, the ended ones included.

    Raises:
        PersonUnknownError: nobody of this id was ever appointed.
    """
    station, person = runtime.station, PersonId(request.person)
    register = register_of(station.ledger)
    if person not in register.people():
        raise PersonUnknownError(person=person)
    return {
        **_view(station, register, person),
        "appointments": [_appointment(one) for one in register.appointments if one.person == person],
        "keys": [_tenure(one) for one in register.keys.get(person, ())],
    }


def _view(station: Station, register: Register, person: PersonId) -> dict[str, Any]:
    seq, today = station.ledger.size, today_of(station)
    key = register.key_of(person, seq=seq)
    in_force = register.in_force(person, seq=seq, on=today)
    return {
        "person": person,
        "roles": [one.role.value for one in in_force],
        "deputy_for": sorted({one.deputy_for for one in in_force if one.deputy_for is not None}),
        "until": min((one.until.isoformat() for one in in_force if one.until is not None), default=None),
        "uid": register.uids.get(person),
        "fingerprint": None if key is None else key.fingerprint,
    }


def _tenure(one: KeyTenure) -> dict[str, Any]:
    return {
        "key": one.key.text,
        "fingerprint": one.key.fingerprint,
        "entry": one.from_seq,
        "replaced_by": one.until_seq,
    }


def _appointment(one: Appointment) -> dict[str, Any]:
    return {
        "role": one.role.value,
        "since": None if one.since is None else one.since.isoformat(),
        "until": None if one.until is None else one.until.isoformat(),
        "deputy_for": one.deputy_for,
        "entry": one.from_seq,
        "ended_by": one.ended_seq,
    }
