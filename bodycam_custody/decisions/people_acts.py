"""Decisions about people: asked for, signed elsewhere, handed in, entered (design.md, decisions and keys).

Asking enters the request and gives the text. Handing in writes the text again from that entry, verifies the signatures
over it, asks the rules once more, and enters the decision with all signatures, so that an outsider can do the same from
the ledger alone. A request is decided once.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bodycam_custody.decisions.errors import DecisionRequestError
from bodycam_custody.decisions.register import NEW_KEY, Register, is_recovery
from bodycam_custody.decisions.registered import SUBJECT, register_of, today_of
from bodycam_custody.decisions.requests import AskAppointment, AskEnd, AskKeyChange, HandInSignatures
from bodycam_custody.decisions.rules import (
    ToAppoint,
    deciders_among,
    reject_appointment,
    reject_deciders,
    reject_end,
    reject_key_change,
)
from bodycam_custody.decisions.signing import require_signatures
from bodycam_custody.decisions.text import Decision, render
from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import Actor, Draft, Entry, EntryKind, PersonId
from bodycam_custody.errors import RequestInvalidError
from bodycam_custody.operations import Caller
from bodycam_custody.people import parse_person_id
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station
from hashing.canonical import Json
from hashing.errors import N_, Statement
from hashing.ssh_keys import SshPublicKey

_ENTERED_AS: Mapping[Verb, EntryKind] = {
    Verb.APPOINT: EntryKind.PERSON_APPOINTED,
    Verb.END_APPOINTMENT: EntryKind.PERSON_ENDED,
    Verb.CHANGE_KEY: EntryKind.PERSON_KEY_CHANGED,
}


def ask_appointment(runtime: Runtime, request: AskAppointment, caller: Caller) -> Any:
    """Enter that somebody is to be appointed, and return the text to sign."""
    said: dict[str, Json] = {
        "person": parse_person_id(request.person),
        "role": request.role,
        "since": _day("since", request.since or today_of(runtime.station).isoformat()).isoformat(),
        "until": None if request.until is None else _day("until", request.until).isoformat(),
        "deputy_for": request.deputy_for,
        "key": None if request.key is None else SshPublicKey.parse(request.key).text,
        "uid": None if request.uid is None else _uid(request.uid),
    }
    return _ask(runtime.station, Verb.APPOINT, said, request.by, caller)


def ask_end(runtime: Runtime, request: AskEnd, caller: Caller) -> Any:
    """Enter that an appointment is to end, and return the text to sign."""
    said: dict[str, Json] = {"person": request.person, "role": request.role}
    return _ask(runtime.station, Verb.END_APPOINTMENT, said, request.by, caller)


def ask_key_change(runtime: Runtime, request: AskKeyChange, caller: Caller) -> Any:
    """Enter that a person is to get another key, and return the text to sign."""
    said: dict[str, Json] = {"person": request.person, "key": SshPublicKey.parse(request.key).text}
    return _ask(runtime.station, Verb.CHANGE_KEY, said, request.by, caller)


def hand_in(runtime: Runtime, request: HandInSignatures, caller: Caller) -> Any:
    """Enter a decision with its signatures; it is in force from the next entry on.

    Raises:
        DecisionRequestError: there is no such request, or it is decided already.
        SignatureMissingError, SignerWithoutKeyError, SignatureError: not signed as it must be.
        SignersError and the others of the rules: what was allowed when it was asked is not any more.
    """
    station = runtime.station
    armoured = {PersonId(who): text.encode() for who, text in request.signatures.items()}
    # From the look at the register to the entry: two decisions may concern the same person.
    with station.sealing:
        asked = _request_entry(station, request.request)
        verb, said = Verb(str(asked.facts["verb"])), _said(asked)
        by = _signers(asked)
        register, seq = register_of(station.ledger), station.ledger.size
        _reject(station, register, verb, said, by, seq=seq)
        decision = _decision(station, asked)
        signatures = require_signatures(decision, armoured, register, seq=seq)
        facts: dict[str, Json] = {
            **said,
            "request": asked.seq,
            "head": decision.head.size,
            "signatures": [one.to_facts() for one in signatures],
        }
        draft = Draft(kind=_ENTERED_AS[verb], subject=SUBJECT, facts=facts, actor=Actor(uid=caller.uid))
        (entry,) = station.record.enter([draft])
    return {"entry": entry.seq, "person": said["person"], "verb": verb.value}


def _ask(station: Station, verb: Verb, said: Mapping[str, Json], by: str, caller: Caller) -> Any:
    deciders = tuple(PersonId(one) for one in by.split())
    with station.sealing:
        register, seq = register_of(station.ledger), station.ledger.size
        signers = _all_signers(verb, said, deciders)
        _reject(station, register, verb, said, signers, seq=seq)
        draft = Draft(
            kind=EntryKind.PERSON_REQUESTED,
            subject=SUBJECT,
            facts={"verb": verb.value, "by": sorted(signers), "said": dict(said)},
            actor=Actor(uid=caller.uid),
        )
        (entry,) = station.record.enter([draft])
    return {
        "request": entry.seq,
        "verb": verb.value,
        "namespace": verb.namespace.value,
        "signers": sorted(signers),
        "text": render(_decision(station, entry)).decode(),
    }


def _all_signers(verb: Verb, said: Mapping[str, Json], deciders: tuple[PersonId, ...]) -> tuple[PersonId, ...]:
    """Who decides, and with which other keys it is signed: with the new one, and with the old while it is held."""
    if verb is not Verb.CHANGE_KEY:
        return deciders
    person = PersonId(str(said["person"]))
    # Recovery keys speak where the old key is lost or in other hands: nobody waits for its signature.
    old = () if any(is_recovery(one) for one in deciders) else (person,)
    return (*deciders, *old, PersonId(f"{NEW_KEY}{person}"))


def _reject(
    station: Station, register: Register, verb: Verb, said: Mapping[str, Json], by: tuple[PersonId, ...], *, seq: int
) -> None:
    today, person = today_of(station), PersonId(str(said["person"]))
    reject_deciders(register, deciders_among(verb, person, by), concerned=person, seq=seq, today=today)
    if verb is Verb.END_APPOINTMENT:
        reject_end(register, person, Role(str(said["role"])), seq=seq, today=today)
    elif verb is Verb.CHANGE_KEY:
        reject_key_change(register, person, SshPublicKey.parse(str(said["key"])), seq=seq)
    else:
        reject_appointment(register, _to_appoint(said), seq=seq, today=today)


def _to_appoint(said: Mapping[str, Json]) -> ToAppoint:
    until, deputy_for, key, uid = said["until"], said["deputy_for"], said["key"], said["uid"]
    return ToAppoint(
        person=PersonId(str(said["person"])),
        role=Role(str(said["role"])),
        since=date.fromisoformat(str(said["since"])),
        until=None if until is None else date.fromisoformat(str(until)),
        deputy_for=None if deputy_for is None else PersonId(str(deputy_for)),
        key=None if key is None else SshPublicKey.parse(str(key)),
        uid=None if uid is None else int(str(uid)),
    )


def _request_entry(station: Station, text: str) -> Entry:
    seq = int(text) if text.isascii() and text.isdigit() else -1
    about = station.ledger.entries_about([SUBJECT])
    for entry in about:
        if entry.facts.get("request") == seq:
            raise DecisionRequestError(seq=text, reason=Statement(N_("It was decided by entry {by}."), by=entry.seq))
    for entry in about:
        if entry.seq == seq and entry.kind == EntryKind.PERSON_REQUESTED:
            return entry
    raise DecisionRequestError(seq=text, reason=Statement(N_("It asks for nothing about people.")))


def _decision(station: Station, asked: Entry) -> Decision:
    return Decision(
        verb=Verb(str(asked.facts["verb"])),
        by=_signers(asked),
        request_seq=asked.seq,
        request_leaf=asked.leaf,
        head=station.ledger.first_head_over(asked.seq),
        said={name: None if value is None else str(value) for name, value in _said(asked).items()},
    )


def _said(asked: Entry) -> Mapping[str, Json]:
    said = asked.facts["said"]
    if not isinstance(said, dict):
        raise ValueError(f"entry {asked.seq} says {said!r}")
    return said


def _signers(asked: Entry) -> tuple[PersonId, ...]:
    by = asked.facts["by"]
    if not isinstance(by, list):
        raise ValueError(f"entry {asked.seq} is by {by!r}")
    return tuple(PersonId(str(one)) for one in by)


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as err:
        raise RequestInvalidError(name=name, expected="a date such as 2026-12-01", found=text) from err


def _uid(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise RequestInvalidError(name="uid", expected="the number of a Unix user, not 0", found=text)
    return int(text)
