"""docs/decision-format.md against the program."""

from pathlib import Path

from bodycam_custody.decisions.text import Decision, render
from bodycam_custody.decisions.verbs import Verb
from bodycam_custody.entries import PersonId
from hashing.checkpoint import Checkpoint

PAGE = (Path(__file__).parents[3] / "docs" / "decision-format.md").read_text(encoding="utf-8")


def test_the_text_on_the_page_is_the_one_the_program_writes() -> None:
    decision = Decision(
        verb=Verb.APPOINT,
        by=(PersonId("p-1"), PersonId("p-2")),
        request_seq=45,
        request_leaf=bytes(range(32)),
        head=Checkpoint(origin="cg.example.gov.cn/station-1/1", size=46, root=bytes(32)),
        said={
            "person": "p-7",
            "role": "supervisor",
            "since": "2026-12-01",
            "until": "2026-12-24",
            "deputy_for": "p-2",
            "key": None,
            "uid": None,
        },
    )
    assert f"```\n{render(decision).decode()}```" in PAGE


def test_the_page_lists_every_verb_with_its_namespace() -> None:
    for verb in Verb:
        assert f"| `{verb.value}` | `{verb.namespace.value}` |" in PAGE
