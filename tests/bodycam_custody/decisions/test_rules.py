"""What may be decided about people, and by whom; the text of every refusal."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bodycam_custody.decisions.register import Register
from bodycam_custody.decisions.rules import ToAppoint, reject_appointment, reject_deciders, reject_end
from bodycam_custody.entries import EntryKind, PersonId
from bodycam_custody.errors import CustodyError
from bodycam_custody.roles import Role
from hashing.ssh_keys import SigningKey
from tests.bodycam_custody.decisions.people import P1, P2, P3, P7, PeopleLedger

TODAY = date(2026, 11, 21)
ADMIN = PersonId("p-9")


@pytest.fixture
def ledger() -> PeopleLedger:
    return PeopleLedger()


@pytest.fixture
def wanted(ledger: PeopleLedger) -> ToAppoint:
    return ToAppoint(person=P7, role=Role.CUSTODIAN, since=TODAY, key=ledger.keys[P7].public)


def refusal(register: Register, wanted: ToAppoint) -> str:
    with pytest.raises(CustodyError) as caught:
        reject_appointment(register, wanted, seq=9, today=TODAY)
    return str(caught.value)


def refused_deciders(register: Register, *by: PersonId, concerned: PersonId = P7) -> str:
    with pytest.raises(CustodyError) as caught:
        reject_deciders(register, by, concerned=concerned, seq=9, today=TODAY)
    return str(caught.value)


def test_a_new_person_is_appointed_with_a_key(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    reject_appointment(ledger.register(), wanted, seq=9, today=TODAY)
    assert refusal(ledger.register(), replace(wanted, key=None)) == (
        "p-7 is new here: expected a public key (--key FILE), found none"
    )


def test_a_known_person_keeps_the_key(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    assert refusal(ledger.register(), replace(wanted, person=P3, role=Role.OPERATOR)) == (
        "p-3 has a key already and keeps it: leave --key out, or change it with: custody people change-key p-3"
    )


def test_nobody_is_appointed_for_a_day_that_is_over(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    # R39
    yesterday = TODAY - timedelta(days=1)
    assert refusal(ledger.register(), replace(wanted, since=yesterday)) == (
        "p-7 cannot be appointed from 2026-11-20 to —: expected a first day not before today (2026-11-21) and a last "
        "day not before the first; nobody is appointed afterwards (A3 art. 7)"
    )
    assert "to 2026-11-20" in refusal(ledger.register(), replace(wanted, until=yesterday))


def test_a_deputy_stands_in_for_who_holds_the_role_and_for_a_time(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    deputy = replace(wanted, role=Role.SUPERVISOR, deputy_for=P2, until=TODAY)
    reject_appointment(ledger.register(), deputy, seq=9, today=TODAY)
    for bad in (replace(deputy, until=None), replace(deputy, deputy_for=P1), replace(deputy, deputy_for=P7)):
        assert "cannot stand in for" in refusal(ledger.register(), bad)


def test_one_role_is_not_given_twice_while_it_runs(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    again = replace(wanted, person=P1, key=None)
    assert refusal(ledger.register(), again) == (
        "p-1 is appointed as custodian already, until —; end that appointment first"
    )
    ledger.add(EntryKind.PERSON_ENDED, person=P1, role="custodian")
    reject_appointment(ledger.register(), again, seq=9, today=TODAY)


@pytest.mark.parametrize("holder", ["p-1", "recovery"])
def test_a_key_tells_one_person(ledger: PeopleLedger, wanted: ToAppoint, holder: str) -> None:
    key = ledger.keys[P1].public if holder == "p-1" else ledger.recovery[0].public
    said = refusal(ledger.register(), replace(wanted, key=key))
    assert said == (
        f"the key {key.fingerprint} cannot become the key of p-7: it was registered before ({holder}); make a new one "
        "with: ssh-keygen -t ed25519"
    )


def test_a_replaced_key_never_comes_back(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    ledger.add(EntryKind.PERSON_KEY_CHANGED, person=P1, key=SigningKey.generate().public.text)
    assert "was registered before (p-1)" in refusal(ledger.register(), replace(wanted, key=ledger.keys[P1].public))


def test_a_unix_user_is_one_person(ledger: PeopleLedger, wanted: ToAppoint) -> None:
    ledger.appoint(P3, "operator", uid=1003)
    assert refusal(ledger.register(), replace(wanted, uid=1003)) == (
        "the Unix user 1003 is p-3; expected one that nobody else works as"
    )


def test_two_in_office_decide_about_a_third(ledger: PeopleLedger) -> None:
    reject_deciders(ledger.register(), (P1, P2), concerned=P7, seq=9, today=TODAY)


def test_one_alone_the_same_twice_or_oneself_cannot_decide(ledger: PeopleLedger) -> None:
    register = ledger.register()
    assert refused_deciders(register, P1) == (
        "p-1 cannot decide this: It takes two different ones. It takes two who are in office and whom it does not "
        "concern, or two recovery keys (A3 art. 7)"
    )
    assert "two different ones" in refused_deciders(register, P1, P1)
    assert "Nobody decides about themselves: p-2." in refused_deciders(register, P1, P2, concerned=P2)


def test_the_administrator_has_no_voice(ledger: PeopleLedger) -> None:
    ledger.appoint(ADMIN, "administrator", key=SigningKey.generate().public.text)
    assert "p-9 holds no office with a voice today." in refused_deciders(ledger.register(), P1, ADMIN)


def test_who_is_out_of_office_has_no_voice(ledger: PeopleLedger) -> None:
    ledger.add(EntryKind.PERSON_ENDED, person=P1, role="custodian")
    assert "p-1 holds no office with a voice today." in refused_deciders(ledger.register(), P1, P2)


def test_two_recovery_keys_decide_where_people_cannot(ledger: PeopleLedger) -> None:
    register = ledger.register()
    first, second, fourth = (PersonId(f"recovery@{number}") for number in (1, 2, 4))
    reject_deciders(register, (first, second), concerned=P1, seq=9, today=TODAY)
    assert "Recovery keys decide with each other" in refused_deciders(register, first, P1)
    assert "recovery@4 is not a recovery key of this station." in refused_deciders(register, first, fourth)


def test_an_appointment_ends_only_while_two_are_left_to_decide(ledger: PeopleLedger) -> None:
    register = ledger.register()
    reject_end(register, P3, Role.OFFICER, seq=9, today=TODAY)
    ledger.add(EntryKind.PERSON_ENDED, person=P3, role="officer")
    with pytest.raises(CustodyError) as caught:
        reject_end(ledger.register(), P1, Role.CUSTODIAN, seq=9, today=TODAY)
    assert str(caught.value) == (
        "ending the appointment of p-1 as custodian would leave 1 who can decide, expected two or more: appoint "
        "somebody else first"
    )


def test_what_does_not_run_cannot_end(ledger: PeopleLedger) -> None:
    with pytest.raises(CustodyError) as caught:
        reject_end(ledger.register(), P1, Role.SUPERVISOR, seq=9, today=TODAY)
    assert str(caught.value) == "p-1 is not appointed as supervisor; see: custody people show p-1"
