"""What a person signs: one decision, one sequence of bytes."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodycam_custody.decisions.text import Decision, render
from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import PersonId
from hashing.checkpoint import Checkpoint
from hashing.namespaces import Namespace

HEAD = Checkpoint(origin="cg.example.gov.cn/station-1/1", size=46, root=bytes(32))
DECISION = Decision(
    verb=Verb.APPOINT,
    by=(PersonId("p-2"), PersonId("p-1")),
    request_seq=45,
    request_leaf=bytes(range(32)),
    head=HEAD,
    said={"person": "p-7", "role": "custodian", "until": None},
)
VALUES = st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)


def test_the_text_is_lines_that_a_person_can_read() -> None:
    assert render(DECISION).decode() == (
        "custody-decision: 1\n"
        "origin: cg.example.gov.cn/station-1/1\n"
        "verb: people.appoint\n"
        "by: p-1 p-2\n"
        "request: 45 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
        "head: 46 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "person: p-7\n"
        "role: custodian\n"
        "until: -\n"
    )


@given(VALUES, VALUES)
def test_different_decisions_have_different_texts(one: str | None, other: str | None) -> None:
    first, second = replace(DECISION, said={"note": one}), replace(DECISION, said={"note": other})
    assert (render(first) == render(second)) == (one == other)


@pytest.mark.parametrize("value", ["", "two\nlines", "a\u202eb"])
def test_a_value_that_could_pass_for_another_line_is_no_value(value: str) -> None:
    with pytest.raises(ValueError, match="not one line"):
        replace(DECISION, said={"note": value})


def test_the_order_in_which_particulars_are_given_does_not_matter() -> None:
    # An entry gives them back sorted, and the text must be the same before and after.
    assert render(replace(DECISION, said=dict(reversed([*DECISION.said.items()])))) == render(DECISION)


def test_a_decision_is_on_a_request_that_its_head_covers() -> None:
    with pytest.raises(ValueError, match="does not cover entry 46"):
        replace(DECISION, request_seq=46)


def test_one_person_does_not_decide_twice() -> None:
    with pytest.raises(ValueError, match="different people"):
        replace(DECISION, by=(PersonId("p-1"), PersonId("p-1")))


def test_every_verb_has_a_namespace_of_its_own(tmp_path: Path) -> None:
    namespaces = [verb.namespace for verb in Verb]
    assert len(set(namespaces)) == len(Verb)
    assert set(namespaces) < set(Namespace)
