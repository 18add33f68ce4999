"""Who was what, and held which key, at every position of the ledger."""

from datetime import date

import pytest

from bodycam_custody.decisions.register import Register
from bodycam_custody.entries import EntryKind, PersonId
from hashing.ssh_keys import SigningKey
from tests.bodycam_custody.decisions.people import P1, P2, P3, P7, PeopleLedger

DAY = date(2026, 11, 21)


@pytest.fixture
def ledger() -> PeopleLedger:
    return PeopleLedger()


def roles(register: Register, person: PersonId, *, seq: int, on: date = DAY) -> list[str]:
    return [one.role for one in register.in_force(person, seq=seq, on=on)]


def test_the_people_of_genesis_are_in_office_from_the_next_entry_on(ledger: PeopleLedger) -> None:
    register = ledger.register()
    assert register.people() == (P1, P2, P3)
    assert roles(register, P2, seq=0) == []
    assert roles(register, P2, seq=1) == ["supervisor"]
    assert register.key_of(P2, seq=1) == ledger.keys[P2].public
    assert register.recovery_keys == tuple(key.public for key in ledger.recovery)


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2026, 11, 30), []),
        (date(2026, 12, 1), ["supervisor"]),
        (date(2026, 12, 24), ["supervisor"]),
        (date(2026, 12, 25), []),
    ],
)
def test_a_deputy_counts_from_the_first_day_to_the_last(ledger: PeopleLedger, day: date, found: list[str]) -> None:
    # R39: authority is a dated appointment
    ledger.appoint(P7, "supervisor", since="2026-12-01", until="2026-12-24", deputy_for=P2)
    assert roles(ledger.register(), P7, seq=2, on=day) == found


def test_an_appointment_ends_with_the_entry_that_ends_it(ledger: PeopleLedger) -> None:
    ledger.add(EntryKind.CLOCK_MARK)
    ended = ledger.add(EntryKind.PERSON_ENDED, person=P1, role="custodian")
    register = ledger.register()
    assert [roles(register, P1, seq=seq) for seq in (1, ended.seq, ended.seq + 1)] == [["custodian"], ["custodian"], []]


def test_a_key_signs_until_the_entry_that_replaces_it(ledger: PeopleLedger) -> None:
    new = SigningKey.generate().public
    changed = ledger.add(EntryKind.PERSON_KEY_CHANGED, person=P1, key=new.text)
    register = ledger.register()
    assert register.key_of(P1, seq=changed.seq) == ledger.keys[P1].public
    assert register.key_of(P1, seq=changed.seq + 1) == new


def test_nobody_else_has_a_key(ledger: PeopleLedger) -> None:
    assert ledger.register().key_of(P7, seq=1) is None


def test_who_is_appointed_again_keeps_the_key_and_gets_another_role(ledger: PeopleLedger) -> None:
    ledger.appoint(P3, "operator")
    register = ledger.register()
    assert roles(register, P3, seq=2) == ["officer", "operator"]
    assert register.key_of(P3, seq=2) == ledger.keys[P3].public
