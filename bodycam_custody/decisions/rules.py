"""What may be decided about people, and by whom: plain rules over the register (design.md, decisions and keys).

Every change needs the signatures of two who are in office and whom it does not concern; a new key is also signed with,
and so is the old one while its holder still has it. Where too few are left, or a key is in other hands, two of the
three recovery keys take the place of the two people; they can do nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bodycam_custody.decisions.errors import (
    AppointmentDatesError,
    AppointmentRunsError,
    DeputyError,
    KeyKnownError,
    KeyNeededError,
    KeyTakenError,
    NotAppointedError,
    SignersError,
    TooFewLeftError,
    UidTakenError,
)
from bodycam_custody.decisions.register import NEW_KEY, Register, is_recovery
from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import PersonId
from bodycam_custody.roles import Role
from hashing.errors import N_, Statement
from hashing.ssh_keys import SshPublicKey

DECIDERS: Final = 2
# The administrator keeps the machine and decides nothing about evidence (design.md).
_WITHOUT_VOICE: Final = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAppoint:
    """Somebody to appoint: dates are legal dates, a deputy stands in for somebody and not for ever."""

    person: PersonId
    role: Role
    since: date
    until: date | None = None
    deputy_for: PersonId | None = None
    key: SshPublicKey | None = None
    uid: int | None = None


def reject_appointment(register: Register, wanted: ToAppoint, *, seq: int, today: date) -> None:
    """Return if `wanted` may be appointed by an entry at ledger position `seq`.

    Raises:
        AppointmentDatesError: it would begin before today, or end before it begins.
        DeputyError: who is stood in for does not hold that role, or the end is missing.
        AppointmentRunsError: the person has this role already.
        KeyNeededError, KeyKnownError: a new person has none, or a known one another.
        KeyTakenError, UidTakenError: key or uid are somebody else's.
    """
    if wanted.since < today or (wanted.until is not None and wanted.until < wanted.since):
        until = "—" if wanted.until is None else wanted.until.isoformat()
        raise AppointmentDatesError(
            person=wanted.person, since=wanted.since.isoformat(), until=until, today=today.isoformat()
        )
    _reject_deputy(register, wanted, seq=seq, today=today)
    for one in register.appointments:
        is_same = (one.person, one.role, one.ended_seq) == (wanted.person, wanted.role, None)
        if is_same and (one.until is None or one.until >= wanted.since):
            until = "—" if one.until is None else one.until.isoformat()
            raise AppointmentRunsError(person=wanted.person, role=wanted.role.value, until=until)
    known = register.key_of(wanted.person, seq=seq)
    if known is None and wanted.key is None:
        raise KeyNeededError(person=wanted.person)
    if known is not None and wanted.key is not None:
        raise KeyKnownError(person=wanted.person)
    reject_key(register, wanted.person, wanted.key)
    for person, uid in register.uids.items():
        if wanted.uid is not None and uid == wanted.uid and person != wanted.person:
            raise UidTakenError(uid=uid, person=person)


def reject_key(register: Register, person: PersonId, key: SshPublicKey | None) -> None:
    """Return if nobody had `key` before: a key tells one person, and what was replaced is not taken again.

    Raises:
        KeyTakenError: somebody did, or it is a recovery key.
    """
    if key is None:
        return
    for holder, tenures in register.keys.items():
        if any(tenure.key == key for tenure in tenures):
            raise KeyTakenError(person=person, fingerprint=key.fingerprint, holder=holder)
    if key in register.recovery_keys:
        raise KeyTakenError(person=person, fingerprint=key.fingerprint, holder="recovery")


def reject_key_change(register: Register, person: PersonId, key: SshPublicKey, *, seq: int) -> None:
    """Return if `person` may get `key` in the place of the one they have.

    Raises:
        NotAppointedError: nobody of this id was ever appointed.
        KeyTakenError: somebody had the key before.
    """
    if register.key_of(person, seq=seq) is None:
        raise NotAppointedError(person=person, role="—")
    reject_key(register, person, key)


def reject_end(register: Register, person: PersonId, role: Role, *, seq: int, today: date) -> None:
    """Return if the appointment may end: somebody must be left to decide.

    Raises:
        NotAppointedError: the person has no such appointment.
        TooFewLeftError: fewer than two with a voice would be left.
    """
    running = [one for one in register.appointments if (one.person, one.role, one.ended_seq) == (person, role, None)]
    if not running:
        raise NotAppointedError(person=person, role=role.value)
    left = {
        one.person
        for one in register.appointments
        if one not in running and one.role not in _WITHOUT_VOICE and one.is_in_force(seq=seq, on=today)
    }
    if len(left) < DECIDERS:
        raise TooFewLeftError(person=person, role=role.value, left=len(left))


def deciders_among(verb: Verb, person: PersonId, signers: Sequence[PersonId]) -> tuple[PersonId, ...]:
    """Return who of the signers decides: not whoever only shows that a key is theirs."""
    if verb is not Verb.CHANGE_KEY:
        return tuple(signers)
    return tuple(one for one in signers if one != person and not one.startswith(NEW_KEY))


def reject_deciders(register: Register, by: Sequence[PersonId], *, concerned: PersonId, seq: int, today: date) -> None:
    """Return if `by` may decide about `concerned`: two in office whom it does not concern, or two recovery keys.

    Raises:
        SignersError: they may not; says why.
    """
    reason = _why_not(register, by, concerned=concerned, seq=seq, today=today)
    if reason is not None:
        raise SignersError(by=" ".join(sorted(by)), reason=reason)


def _why_not(
    register: Register, by: Sequence[PersonId], *, concerned: PersonId, seq: int, today: date
) -> Statement | None:
    if len(set(by)) != DECIDERS:
        return Statement(N_("It takes two different ones."))
    recovery = [one for one in by if is_recovery(one)]
    if recovery:
        if len(recovery) < DECIDERS:
            return Statement(N_("Recovery keys decide with each other, not with people."))
        missing = [one for one in recovery if register.key_of(one, seq=seq) is None]
        return Statement(N_("{name} is not a recovery key of this station."), name=missing[0]) if missing else None
    if concerned in by:
        return Statement(N_("Nobody decides about themselves: {name}."), name=concerned)
    for one in by:
        if not any(held.role not in _WITHOUT_VOICE for held in register.in_force(one, seq=seq, on=today)):
            return Statement(N_("{name} holds no office with a voice today."), name=one)
    return None


def _reject_deputy(register: Register, wanted: ToAppoint, *, seq: int, today: date) -> None:
    if wanted.deputy_for is None:
        return
    held = [one.role for one in register.in_force(wanted.deputy_for, seq=seq, on=max(today, wanted.since))]
    if wanted.until is None or wanted.role not in held or wanted.deputy_for == wanted.person:
        raise DeputyError(person=wanted.person, deputy_for=wanted.deputy_for, role=wanted.role.value)
