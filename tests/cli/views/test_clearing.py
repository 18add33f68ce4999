"""What became of clearing a card, for people: first whether it is cleared, then what is left."""

import zoneinfo
from typing import Any

import pytest

from cli.views.clearing import broken_off, card_said, clearing_done_text, clearing_rows, waiting_lines
from cli.wire import ClearingDone
from tests.cli.records import make_clearing, make_docking

ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
AT = "2026-11-21T10:00:00.000000Z"
PROBLEM = {
    "code": "clearing-broken-off",
    "template": "clearing broke off: {removed} of {files} files were removed, {unknown} more may have been. All of "
    "them are kept in the stores. Dock the recorder again to see what is left on it.",
    "facts": {"removed": 1, "files": 3, "unknown": 1},
}


def done(**differing: Any) -> ClearingDone:
    found: Any = {"docking_id": "d-1", **make_clearing(at=AT, by="custodian-1", is_chosen=True, **differing)}
    return found  # type: ignore[no-any-return]  # built field by field from the interface


def test_a_cleared_card_is_said_to_be_with_all_that_is_left_on_it() -> None:
    left = [{"path": "late.mp4", "size_bytes": 13}, {"path": None, "size_bytes": 2048}]
    text = clearing_done_text(done(state="cleared", files_removed=3, files_left=2, left=left), ZONE)
    assert text.splitlines() == [
        "Docking d-1: card cleared by custodian-1, 2026-11-21 18:00:00 (Asia/Shanghai).",
        "3 files removed.",
        "2 files are on the card that are on no receipt; they were not touched:",
        "  late.mp4 (13 B)",
        "  – (2.0 KiB)",
    ]


def test_a_clearing_that_broke_off_says_what_may_be_gone() -> None:
    text = clearing_done_text(done(state="unknown", files_perhaps_removed=2, problem=PROBLEM), ZONE)
    assert text.splitlines()[:2] == [
        "Docking d-1: clearing BROKE OFF, 2026-11-21 18:00:00 (Asia/Shanghai).",
        "2 files may be removed.",
    ]
    assert "1 of 3 files were removed" in text


@pytest.mark.usefixtures("in_chinese")
def test_the_same_in_chinese() -> None:
    text = clearing_done_text(done(state="unknown", files_perhaps_removed=2, problem=PROBLEM), ZONE)
    assert text.splitlines()[:2] == [
        "接入 d-1：清卡中断，2026-11-21 18:00:00（Asia/Shanghai）。",
        "2 个文件可能已清除。",
    ]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "may be taken away"),
        ("cleared", "may be taken away, cleared"),
        ("whole", "may be taken away, NOT cleared, nothing removed"),
        ("partly", "may be taken away, only PARTLY cleared"),
    ],
)
def test_a_list_says_of_each_card_whether_it_is_cleared(state: str | None, said: str) -> None:
    assert card_said(make_docking(clearing=make_clearing(state=state))) == said


def test_a_unit_that_keeps_its_recorders_reads_nothing_of_clearing() -> None:
    assert clearing_rows(make_docking(), ZONE) == []
    assert clearing_rows(make_docking(clearing=make_clearing(is_chosen=True)), ZONE) == [("Cleared", "not yet")]


def test_only_cards_in_their_slots_say_why_they_are_not_cleared() -> None:
    there = make_docking(clearing=make_clearing(is_chosen=True, is_in_slot=True, problem=PROBLEM))
    gone = make_docking(clearing=make_clearing(is_chosen=True, problem=PROBLEM))
    assert len(waiting_lines([there, gone, make_docking()])) == 1


@pytest.mark.parametrize(("state", "count"), [("partly", 1), ("unknown", 1), ("whole", 0), ("cleared", 0), (None, 0)])
def test_status_asks_for_a_person_where_a_clearing_did_not_come_to_its_end(state: str | None, count: int) -> None:
    docking = make_docking(clearing=make_clearing(state=state, problem=PROBLEM))
    assert len(broken_off([docking])) == count
