"""Decisions about people are checked from the ledger alone: what root writes into the database is found."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from archive.answers import Answer
from bodycam_custody.audit.evidence import verify_evidence
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.genesis import write_anchor
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from tests.bodycam_custody.stations import LiveStation

ME = Caller(uid=os.geteuid())
KEYS = {
    name: SigningKey.from_seed(bytes([number]) * 32)
    for number, name in enumerate(("custodian-1", "supervisor-1", "officer-1"), 1)
}
NEW = SigningKey.from_seed(bytes([77]) * 32)


@pytest.fixture
def runtime(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="in-process")
    yield runtime
    runtime.close()


def appoint(runtime: Runtime, person: str, keys: Mapping[str, SigningKey] = KEYS, **params: object) -> None:
    wanted = {"person": person, "role": "custodian", "by": "custodian-1 supervisor-1", "key": NEW.public.text} | params
    asked = answer(runtime, "people.appoint", wanted, ME)
    namespace = Namespace(asked["namespace"])
    signatures = {
        name: sign(asked["text"].encode(), keys[name], namespace).decode() for name in str(wanted["by"]).split()
    }
    answer(runtime, "people.hand_in", {"request": str(asked["request"]), "signatures": signatures}, ME)


def findings(live: LiveStation) -> tuple[Answer, list[tuple[str, str]]]:
    live.station.record.publish()
    head = live.station.ledger.head
    assert head is not None
    write_anchor(live.settings.paths.trust, head.note)
    report = verify_evidence(
        [live.primary, live.backup], trust=live.settings.paths.trust, seen=[], max_age_days=None, now=live.clock.now()
    )
    return report.answer, sorted({(one.code, str(one.facts.get("reason"))) for one in report.findings})


def forge(live: LiveStation, kind: EntryKind, **facts: Any) -> None:
    """Enter what no operation enters, as root can who has the database and the station's key."""
    live.station.record.enter([Draft(kind=kind, subject="people", facts=facts)])


def test_decisions_signed_by_those_they_name_verify(live: LiveStation, runtime: Runtime) -> None:
    appoint(runtime, "custodian-2")
    appoint(runtime, "deputy-1", role="supervisor", by="custodian-1 officer-1", deputy_for="supervisor-1",
            until="2026-12-24", key=SigningKey.generate().public.text)  # fmt: skip
    assert findings(live) == (Answer.YES, [])


def test_an_appointment_that_nobody_asked_for_is_found(live: LiveStation, runtime: Runtime) -> None:
    appoint(runtime, "custodian-2")
    (entry,) = live.entries("person.appointed")
    forge(live, EntryKind.PERSON_APPOINTED, **dict(entry.facts, person="root-1"))
    said, found = findings(live)
    assert (said, [code for code, _ in found]) == (Answer.NO, ["A123"])
    assert "asks for exactly this and is undecided" in found[0][1]


def test_signatures_of_other_keys_are_found(live: LiveStation, runtime: Runtime) -> None:
    wanted = {"person": "root-1", "role": "custodian", "by": "custodian-1 supervisor-1", "key": NEW.public.text}
    asked = answer(runtime, "people.appoint", wanted, ME)
    (request,) = live.entries("person.requested")
    mine = sign(asked["text"].encode(), NEW, Namespace.PEOPLE_APPOINT).decode()
    signatures = [{"person": who, "key": KEYS[who].public.text, "signature": mine} for who in asked["signers"]]
    forge(
        live, EntryKind.PERSON_APPOINTED, **request.facts["said"],  # type: ignore[arg-type]  # an object
        request=asked["request"], head=asked["request"] + 1, signatures=signatures,
    )  # fmt: skip
    said, found = findings(live)
    assert (said, [code for code, _ in found]) == (Answer.NO, ["A123"])
    assert "The signature of custodian-1 for custody-people-appoint was refused" in found[0][1]


def test_what_a_forged_person_signs_counts_for_nothing(live: LiveStation, runtime: Runtime) -> None:
    appoint(runtime, "custodian-2")
    (entry,) = live.entries("person.appointed")
    keys = {**KEYS, "root-1": SigningKey.from_seed(bytes([66]) * 32)}
    forge(live, EntryKind.PERSON_APPOINTED, **dict(entry.facts, person="root-1", key=keys["root-1"].public.text))
    appoint(runtime, "custodian-3", keys, by="root-1 supervisor-1", key=SigningKey.generate().public.text)
    said, found = findings(live)
    assert (said, [code for code, _ in found]) == (Answer.NO, ["A123", "A123"])
    assert "no key signs for root-1" in found[1][1] + found[0][1]


@pytest.mark.parametrize("facts", [{}, {"request": 3, "person": "x"}, {"request": None, "said": 7, "signatures": 7}])
def test_an_entry_out_of_shape_is_a_finding_and_no_crash(
    live: LiveStation, runtime: Runtime, facts: dict[str, Any]
) -> None:
    forge(live, EntryKind.PERSON_APPOINTED, **facts)
    said, found = findings(live)
    assert (said, [code for code, _ in found]) == (Answer.NO, ["A123"])
