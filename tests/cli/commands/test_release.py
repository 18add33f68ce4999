"""`custody dock withdraw | release`, and what everything else says of such a docking, in both languages."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bodycam_custody.handover.test_receipt import LEFT, RECEIPT
from tests.cli.answering_server import StatedProblemError
from tests.cli.conftest import Custody
from tests.cli.records import make_docking
from tests.cli.station import FakeStation

DOCKING = "20261121T085900Z-k3f9"
UNSAFE: dict[str, Any] = {"safe_to_take_away": "no", "files_failed": 1, "files_sealed": 2}
WITHDRAWN = {
    **UNSAFE,
    "withdrawn_at": "2026-11-21T10:00:00.000000Z",
    "withdrawn_by": "custodian-1",
    "withdrawn_reason": "bad sectors",
}
RELEASED = {
    **WITHDRAWN,
    "withdrawn_until": "2026-11-21T11:00:00.000000Z",
    "released_at": "2026-11-21T11:00:00.000000Z",
    "released_by": "supervisor-1",
}
ACTS = [
    (
        "withdraw",
        f"{DOCKING}: recorder usb:4255:0001:ZX12 withdrawn for recovery by p-1, 2026-11-21 18:00:00 (Asia/Shanghai), "
        "entry 41.\n1 file was never kept.\n2 folders could not be listed.\nIt may be taken away now. It is issued to "
        "nobody until it is returned, until a docking reads what was left, or until a supervisor releases it.\n",
        f"{DOCKING}：执法记录仪 usb:4255:0001:ZX12 由 p-1 于 2026-11-21 18:00:00（Asia/Shanghai）取走送修恢复，存证日志"
        "条目 41。\n1 个文件从未保存。\n2 个文件夹无法列出。\n现在可以取走。在交回、或再次接入读取全部遗留内容、或由"
        "执法单位负责人放行之前，不得配发给任何人。\n",
    ),
    (
        "release",
        f"{DOCKING}: recorder usb:4255:0001:ZX12 released uncleared by p-1, 2026-11-21 18:00:00 (Asia/Shanghai), "
        "ledger entry 41.\n1 file was never kept.\n2 folders could not be listed.\nIt may be taken away now. What was "
        "left stays listed, and the receipt says it was not taken over.\n",
        f"{DOCKING}：执法记录仪 usb:4255:0001:ZX12 由 p-1 于 2026-11-21 18:00:00（Asia/Shanghai）未清卡放行，存证日志"
        "条目 41。\n1 个文件从未保存。\n2 个文件夹无法列出。\n现在可以取走。遗留内容继续列出，移交清单注明其"
        "未被接收。\n",
    ),
]


@pytest.mark.parametrize(("act", "english", "chinese"), ACTS)
def test_an_act_says_what_is_given_up_and_what_comes_next(
    custody: Custody,
    config_file: Path,
    station: FakeStation,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
    english: str,
    chinese: str,
) -> None:
    # R11, R40
    args = ("--config", config_file, "dock", act, DOCKING, "--by", "p-1", "--reason", "bad sectors")
    ended = custody(*args)
    assert (ended.code, ended.out) == (0, english)
    assert station.seen[-1] == (
        f"dockings.{act}",
        {"target": DOCKING, "person": "p-1", "reason": "bad sectors"},
    )
    assert json.loads(custody(*args, "--json").out)["files_left"] == 1
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert custody(*args).out == chinese


def test_a_recorder_whose_card_was_never_read_is_named_by_its_slot(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:
    args = ("dock", "withdraw", "slot 3", "--by", "p-1", "--reason", "locked")
    lines = custody("--config", config_file, *args).out.splitlines()
    assert lines[0].startswith("pci-0000:00:14.0-usb-0:2: recorder usb:4255:0001:ZX12 withdrawn")
    assert lines[1] == "Its card was never read: nobody knows what is on it."


def test_an_act_needs_a_person_and_a_reason(custody: Custody, config_file: Path, station: FakeStation) -> None:
    for missing in (("--by", "p-1"), ("--reason", "bad sectors")):
        assert custody("--config", config_file, "dock", "release", DOCKING, *missing).code == 2
    assert station.seen == []


# R39, R40: the texts and codes that the station states, as a person sees them.
REFUSALS = [
    (
        "nothing-left",
        "docking {docking_id}: every file is kept and safe, so the recorder may be taken away as it is (A3 art. 7)",
        {},
        "接入 d-1：每个文件都已安全保存，执法记录仪可直接取走（A3 第七条）",
    ),
    (
        "already-withdrawn",
        "the recorder of docking {docking_id} was withdrawn by {person} at {at} already (A3 art. 7); an act is entered "
        "once",
        {"person": "p-1", "at": "T"},
        "接入 d-1 的执法记录仪已由 p-1 于 T 取走送修恢复（A3 第七条）；同一行为只登记一次",
    ),
    (
        "already-released",
        "the recorder of docking {docking_id} was released uncleared by {person} at {at} already (A3 art. 7); an act "
        "is entered once",
        {"person": "p-2", "at": "T"},
        "接入 d-1 的执法记录仪已由 p-2 于 T 未清卡放行（A3 第七条）；同一行为只登记一次",
    ),
    (
        "slot-empty",
        "nothing stands in slot {slot} now; name the docking instead, as `custody dock list` shows it (A3 art. 7)",
        {"slot": "slot 3"},
        "槽位 slot 3 现在没有设备；请改用 `custody dock list` 所示的接入编号（A3 第七条）",
    ),
    (
        "recorder-withdrawn",
        "recorder {recorder} is away for recovery since {since}: files of it were never kept (A3 art. 7). Enter its "
        "return first, dock it and read them, or have a supervisor release it",
        {"recorder": "r-1", "since": "T"},
        "执法记录仪 r-1 自 T 起送修恢复：其中的文件从未保存（A3 第七条）。请先登记其交回，或接入并读取这些文件，"
        "或由执法单位负责人放行",
    ),
]


@pytest.mark.parametrize(("code", "template", "facts", "chinese"), REFUSALS)
def test_a_refusal_quotes_the_article_in_both_languages(
    custody: Custody,
    config_file: Path,
    station: FakeStation,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    template: str,
    facts: dict[str, str],
    chinese: str,
) -> None:
    station.refuses = StatedProblemError(409, code, template, docking_id="d-1", **facts)
    args = ("--config", config_file, "dock", "release", "d-1", "--by", "p-2", "--reason", "x")
    ended = custody(*args)
    assert (ended.code, ended.out) == (5, "")
    assert template.format(docking_id="d-1", **facts) in ended.err
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert chinese in custody(*args).err


@pytest.mark.parametrize(
    ("differing", "english", "chinese"),
    [
        (WITHDRAWN, "away for recovery", "送修恢复中"),
        ({**WITHDRAWN, "withdrawn_until": "2026-11-21T11:00:00.000000Z"}, "was away for recovery", "曾送修恢复"),
        (RELEASED, "released uncleared", "已未清卡放行"),
    ],
)
def test_lists_and_status_say_by_whose_decision_a_card_left(
    custody: Custody,
    config_file: Path,
    station: FakeStation,
    monkeypatch: pytest.MonkeyPatch,
    differing: dict[str, Any],
    english: str,
    chinese: str,
) -> None:
    station.dockings = [make_docking(**differing)]
    for command in (("dock", "list"), ("status",), ("dock", "show", DOCKING)):
        assert english in custody("--config", config_file, *command).out
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    for command in (("dock", "list"), ("status",), ("dock", "show", DOCKING)):
        assert chinese in custody("--config", config_file, *command).out


def test_a_docking_tells_who_decided_when_and_why(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.dockings = [make_docking(**RELEASED)]
    shown = [
        " ".join(line.split()) for line in custody("--config", config_file, "dock", "show", DOCKING).out.splitlines()
    ]
    assert "This card: released uncleared." in shown
    assert "Withdrawn 2026-11-21 18:00:00 by custodian-1: bad sectors" in shown
    assert "Away until 2026-11-21 19:00:00" in shown
    assert "Released uncleared 2026-11-21 19:00:00 by supervisor-1: (reason erased)" in shown


def test_a_receipt_says_what_was_not_taken_over(
    custody: Custody, config_file: Path, station: FakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # R11, R39
    station.receipt = replace(RECEIPT, left=LEFT).to_bytes().decode()
    page = custody("--config", config_file, "dock", "receipt", "d-1").out
    assert (
        "Not taken over; the recorder was released uncleared by supervisor-1, 2026-11-21 20:20:00: (reason erased)\n"
        "  The card was not read to its end: there may be more on it than is listed here.\n"
        "   1  DCIM/坏.mp4  5 B (5 B), video, FAILED\n"
        "  –: could not be listed\n"
    ) in page
    assert "Failed          1\n" in page
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    page = custody("--config", config_file, "dock", "receipt", "d-1").out
    assert "未接收；执法记录仪由 supervisor-1 于 2026-11-21 20:20:00 未清卡放行：（理由已删除）" in page
    assert "存储卡未读取到底：其中内容可能多于此处所列。" in page
