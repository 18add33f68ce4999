"""Every closed set that people are shown has words for each of its members; nobody reads a raw code."""

from collections.abc import Mapping
from enum import StrEnum

import pytest

from bodycam_custody.roles import Role
from cli import labels
from config.settings import HandoverPoint
from docking.drivers.report import UnlockWarning
from tests.docs.test_interface import SETS

SHOWN: Mapping[str, Mapping[str, str]] = {
    "state": labels.STATE,
    "handover": labels.HANDOVER,
    "handover reason": labels.HANDOVER_REASON,
    "remarks": labels.REMARK,
    "clock verdict": labels.CLOCK_VERDICT,
    "recorder state": labels.RECORDER_STATE,
    "clearing state": labels.CLEARING,
    "phase": labels.PHASE,
    "outcome": labels.OUTCOME,
    "file type": labels.FILE_TYPE,
    "special": labels.SPECIAL_KIND,
    "slot phase": labels.SLOT_PHASE,
    "why not": labels.WHY_NOT,
    "slot remark": labels.SLOT_REMARK,
    "docking kind": labels.DOCKING_KIND,
    "role": labels.STORE_ROLE,
    "answer": labels.ANSWER,
    "severity": labels.SEVERITY,
    "kind of entry": labels.ENTRY_KIND,
}
# Told in sentences of their own, or in `--json` alone.
NEVER_SHOWN = {"difference", "basis", "alarm code", "probe outcome", "sandbox", "time source"}

BESIDE_THE_PAGE: Mapping[type[StrEnum], Mapping[str, str]] = {
    Role: labels.ROLE,
    HandoverPoint: labels.HANDOVER_POINT,
    UnlockWarning: labels.UNLOCK_WARNING,
}


def test_every_closed_set_is_shown_in_words_or_never() -> None:
    assert set(SHOWN) | NEVER_SHOWN == set(SETS)
    assert set(SHOWN).isdisjoint(NEVER_SHOWN)


@pytest.mark.parametrize("heading", SHOWN)
def test_every_closed_set_that_is_shown_has_a_label(heading: str) -> None:
    assert {member.value for member in SETS[heading]} - set(SHOWN[heading]) == set()


@pytest.mark.parametrize("closed_set", BESIDE_THE_PAGE)
def test_a_closed_set_that_stands_on_no_page_has_a_label_too(closed_set: type[StrEnum]) -> None:
    assert {member.value for member in closed_set} == set(BESIDE_THE_PAGE[closed_set])
