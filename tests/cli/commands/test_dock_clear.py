"""`custody dock clear`."""

import json
from pathlib import Path

import pytest

from tests.cli.answering_server import StatedProblemError
from tests.cli.conftest import Custody
from tests.cli.records import make_clearing
from tests.cli.station import FakeStation

AT = "2026-11-21T10:00:00.000000Z"


def test_a_slot_is_cleared_by_a_custodian(custody: Custody, config_file: Path, station: FakeStation) -> None:
    # R40
    station.clearing = make_clearing(state="cleared", at=AT, by="custodian-1", files_removed=3, files_left=0)
    ended = custody("--config", config_file, "dock", "clear", "slot 1", "--by", "custodian-1")
    assert (ended.code, ended.err) == (0, "")
    assert station.seen[0] == ("dockings.clear", {"target": "slot 1", "person": "custodian-1"})
    assert ended.out.splitlines() == [
        "Docking 20261121T085900Z-k3f9: card cleared by custodian-1, 2026-11-21 18:00:00 (Asia/Shanghai).",
        "3 files removed.",
    ]


@pytest.mark.parametrize(("state", "code"), [("cleared", 0), ("partly", 8), ("unknown", 8)])
def test_only_a_cleared_card_ends_well(
    custody: Custody, config_file: Path, station: FakeStation, state: str, code: int
) -> None:
    station.clearing = make_clearing(state=state, at=AT, by="custodian-1")
    ended = custody("--config", config_file, "dock", "clear", "slot 1", "--by", "custodian-1", "--json")
    assert ended.code == code
    assert json.loads(ended.out) == {"docking_id": "20261121T085900Z-k3f9", **station.clearing}


NOT_CHOSEN = (
    "the rule set of {unit} ({document_number}, version {version}) keeps recorders at the desk (rule_set.clearing "
    "= {clearing}; A3 art. 7); no card is cleared here"
)


@pytest.mark.usefixtures("in_chinese")
def test_a_unit_that_keeps_its_recorders_is_told_its_own_rule_in_chinese(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    facts = {"unit": "某局", "document_number": "〔2022〕1号", "version": "1", "clearing": "keep-at-desk"}
    station.refuses = StatedProblemError(409, "clearing-not-chosen", NOT_CHOSEN, **facts)
    ended = custody("--config", config_file, "dock", "clear", "slot 1", "--by", "custodian-1")
    assert ended.code == 5
    assert "某局的规则集（〔2022〕1号，版本 1）规定执法记录仪留存于柜台" in ended.err
