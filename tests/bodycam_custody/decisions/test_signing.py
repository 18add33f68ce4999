"""A decision counts with the signatures of all whom it is by, over exactly its text."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bodycam_custody.decisions.errors import SignatureMissingError, SignerWithoutKeyError
from bodycam_custody.decisions.signing import Signature, require_signatures
from bodycam_custody.decisions.text import Decision, render
from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import EntryKind, PersonId
from hashing.checkpoint import Checkpoint
from hashing.errors import SignatureError
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from tests.bodycam_custody.decisions.people import P1, P2, P3, P7, PeopleLedger

DECISION = Decision(
    verb=Verb.APPOINT,
    by=(P1, P2),
    request_seq=1,
    request_leaf=bytes(32),
    head=Checkpoint(origin="cg.example.gov.cn/station-1/1", size=2, root=bytes(32)),
    said={"person": P7, "role": "custodian"},
)


@pytest.fixture
def ledger() -> PeopleLedger:
    return PeopleLedger()


def signed(ledger: PeopleLedger, decision: Decision, *people: PersonId) -> dict[PersonId, bytes]:
    return {who: sign(render(decision), ledger.keys[who], decision.verb.namespace) for who in people}


def require(ledger: PeopleLedger, armoured: dict[PersonId, bytes], **changed: object) -> tuple[Signature, ...]:
    decision = replace(DECISION, **changed)  # type: ignore[arg-type]  # any field
    return require_signatures(decision, armoured, ledger.register(), seq=2)


def test_a_decision_by_two_counts_with_both_signatures(ledger: PeopleLedger) -> None:
    found = require(ledger, signed(ledger, DECISION, P1, P2))
    assert [(one.person, one.key) for one in found] == [(who, ledger.keys[who].public) for who in (P1, P2)]
    assert found[0].to_facts()["key"] == ledger.keys[P1].public.text


def test_what_ssh_keygen_signs_elsewhere_counts(ledger: PeopleLedger, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(render(DECISION))
    armoured = {}
    for who in DECISION.by:
        key = tmp_path / f"{who}.key"
        key.write_bytes(ledger.keys[who].to_openssh())
        key.chmod(0o600)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", DECISION.verb.namespace, "-f", str(key)]
        armoured[who] = subprocess.run(
            command, input=render(DECISION), check=True, capture_output=True, timeout=30
        ).stdout
    assert len(require(ledger, armoured)) == 2


def test_a_missing_signature_is_asked_for_with_the_command_to_make_it(ledger: PeopleLedger) -> None:
    with pytest.raises(SignatureMissingError) as caught:
        require(ledger, signed(ledger, DECISION, P1))
    assert str(caught.value) == (
        "the decision needs the signature of p-2, and there is none (A3 art. 10). Sign the text where the key is: "
        "ssh-keygen -Y sign -n custody-people-appoint -f KEY TEXT"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"said": {"person": P7, "role": "supervisor"}},
        {"request_leaf": bytes([1]) * 32},
        {"head": Checkpoint(origin="cg.example.gov.cn/station-2/1", size=2, root=bytes(32))},
        {"head": Checkpoint(origin="cg.example.gov.cn/station-1/1", size=3, root=bytes(32))},
    ],
    ids=["other particulars", "other request", "other origin", "other head"],
)
def test_a_signature_over_another_text_does_not_count(ledger: PeopleLedger, changed: dict[str, object]) -> None:
    with pytest.raises(SignatureError):
        require(ledger, signed(ledger, DECISION, P1, P2), **changed)


def test_a_signature_for_another_verb_does_not_count(ledger: PeopleLedger) -> None:
    armoured = {who: sign(render(DECISION), ledger.keys[who], Namespace.PEOPLE_END) for who in DECISION.by}
    with pytest.raises(SignatureError):
        require(ledger, armoured)


def test_a_signature_of_another_person_does_not_count(ledger: PeopleLedger) -> None:
    armoured = signed(ledger, DECISION, P1, P3)
    with pytest.raises(SignatureError):
        require(ledger, {P1: armoured[P1], P2: armoured[P3]})


def test_a_replaced_key_signs_no_more(ledger: PeopleLedger) -> None:
    armoured = signed(ledger, DECISION, P1, P2)
    ledger.add(EntryKind.PERSON_KEY_CHANGED, person=P2, key=SigningKey.generate().public.text)
    with pytest.raises(SignatureError):
        require(ledger, armoured)


def test_who_was_never_appointed_has_no_key_that_counts(ledger: PeopleLedger) -> None:
    with pytest.raises(SignerWithoutKeyError) as caught:
        require(ledger, signed(ledger, replace(DECISION, by=(P1, P7)), P1, P7), by=(P1, P7))
    assert str(caught.value) == (
        "no key signs for p-7 at ledger position 2: the person is not registered, or the key was replaced. "
        "Ask: custody people show p-7"
    )
