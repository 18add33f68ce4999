"""`custody recorder …` on a real station at rest: its card was docked by a recorder that is issued to officer-1."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Custody, Ended

ISSUED = "usb:4255:0001:DEMO000017"
NEW = "usb:4255:0001:DSJ0042"


@pytest.fixture
def recorder(custody: Custody, demo: Path) -> Any:
    """Run `custody recorder ARGS…` on the station."""

    def run(*args: str | Path) -> Ended:
        return custody("--config", demo / "config.toml", "recorder", *args)

    return run


def add(recorder: Any, *more: str) -> Ended:
    ended: Ended = recorder("add", NEW, "--by", "custodian-1", *more)
    return ended


def test_a_recorder_is_added_issued_and_shown_with_its_history(recorder: Any) -> None:
    # R68, R70
    added = add(recorder, "--model", "DSJ-V8", "--unit", "一中队", "--capacity", "64", "--note", "spare")
    assert added.code == 0
    for line in ("State         in stock", "Model         DSJ-V8", "Unit          一中队", "Capacity      64 GB"):
        assert line in added.out
    issued = recorder("issue", "DSJ0042", "--by", "custodian-1", "--officer", "officer-1", "--json")
    assert (issued.code, json.loads(issued.out)["officer_id"]) == (0, "officer-1")
    assert recorder("fault", "DSJ0042", "--by", "custodian-1", "--note", "no sound").code == 0
    shown = recorder("show", "DSJ0042").out
    assert "State         FAULTY" in shown
    for words in ("recorder registered", "recorder issued", "recorder found faulty", "no sound", "custodian-1"):
        assert words in shown
    assert [act["note"] for act in json.loads(recorder("show", NEW, "--json").out)["history"]] == [
        "spare", None, "no sound",
    ]  # fmt: skip
    for _ in range(2):
        assert recorder("return", NEW, "--by", "custodian-1").code == 0
    assert "State         retired" in recorder("retire", NEW, "--by", "custodian-1", "--note", "old").out


REFUSALS = [
    (
        ("add", ISSUED, "--by", "custodian-1"),
        5,
        "is in the register since",
        "已于",
    ),
    (
        ("issue", NEW, "--by", "custodian-1", "--officer", "officer-1"),
        5,
        f"recorder {NEW} is not in the register (A3 art. 3); a custodian registers it with: custody recorder add",
        f"执法记录仪 {NEW} 未在台账中登记（A3 art. 3）；由保管员用 custody recorder add 登记",
    ),
    (
        ("issue", ISSUED, "--by", "custodian-1", "--officer", "officer-1"),
        5,
        "one officer at a time answers for a recorder (HY, CZ): enter its return first",
        "一台执法记录仪同一时间只由一名执法人员负责（HY, CZ）：请先登记交回",
    ),
    (
        ("return", ISSUED, "--by", "officer-1"),
        5,
        "officer-1 is an officer; the rules reserve this to a custodian (HY, CZ)",
        "officer-1 是执法人员；制度规定此事只由保管员办理（HY, CZ）",
    ),
    (
        ("return", ISSUED, "--by", "nobody"),
        2,
        "nobody at this station has the person id nobody; expected one of those in: custody people list",
        "本采集站没有人员编号 nobody；应为以下命令所列之一：custody people list",
    ),
    (
        ("return", ISSUED, "--by", "custodian-1", "--on", "2999-01-01"),
        5,
        "the act is dated 2999-01-01 00:00:00 (Asia/Shanghai), but it is",
        "所填时间为 2999-01-01 00:00:00 (Asia/Shanghai)，而现在是",
    ),
    (
        ("return", ISSUED, "--by", "custodian-1", "--on", "2001-01-01"),
        5,
        "two officers never answer for a recorder at one time (HY, CZ)",
        "一台执法记录仪不得同时由两名执法人员负责（HY, CZ）",
    ),
    (
        ("add", "DSJ0042", "--by", "custodian-1"),
        2,
        "DSJ0042 names no single recorder: expected usb:VENDOR:PRODUCT:SERIAL",
        "DSJ0042 不能确定唯一一台执法记录仪：应为 usb:VENDOR:PRODUCT:SERIAL",
    ),
]


@pytest.mark.parametrize(("args", "code", "english", "chinese"), REFUSALS)
def test_a_refusal_says_why_in_english_and_in_chinese(
    recorder: Any, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], code: int, english: str, chinese: str
) -> None:
    ended = recorder(*args)
    assert (ended.code, ended.out) == (code, "")
    assert english in ended.err
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ended = recorder(*args)
    assert ended.code == code
    assert chinese in ended.err


@pytest.mark.parametrize(
    ("acts", "args", "english", "chinese"),
    [
        (
            (),
            ("return", NEW, "--by", "custodian-1"),
            "is neither issued nor faulty, so nothing can be returned (HY, CZ); it is in stock",
            "既未配发也无故障，没有可交回的（HY, CZ）；它在库",
        ),
        (
            (("fault", NEW, "--by", "custodian-1", "--note", "no sound"),),
            ("issue", NEW, "--by", "custodian-1", "--officer", "officer-1"),
            "(HY, CZ); enter its return from repair first",
            "起有故障（HY, CZ）；请先登记修复后交回",
        ),
        (
            (("retire", NEW, "--by", "custodian-1", "--note", "old"),),
            ("issue", NEW, "--by", "custodian-1", "--officer", "officer-1"),
            "and takes no further acts (HY, CZ)",
            "报废，不再接受任何登记（HY, CZ）",
        ),
        (
            (("add", "usb:4255:0002:DSJ0042", "--by", "custodian-1"),),
            ("return", "DSJ0042", "--by", "custodian-1"),
            "serial DSJ0042 fits 2 recorders; type the whole id, as `custody recorder list` shows it",
            "序列号 DSJ0042 对应 2 台执法记录仪；请按 `custody recorder list` 所示输入完整编号",
        ),
    ],
)
def test_what_cannot_follow_is_refused_in_both_languages(
    recorder: Any,
    monkeypatch: pytest.MonkeyPatch,
    acts: tuple[tuple[str, ...], ...],
    args: tuple[str, ...],
    english: str,
    chinese: str,
) -> None:
    for act in (("add", NEW, "--by", "custodian-1"), *acts):
        assert recorder(*act).code == 0
    assert english in recorder(*args).err
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert chinese in recorder(*args).err


def test_the_list_lines_up_and_counts(recorder: Any) -> None:
    add(recorder)
    header, first, second, _, closing = recorder("list").out.splitlines()
    assert header.split() == ["State", "Officer", "Operator", "Since", "Last", "docked", "Recorder"]
    assert (first.split()[:3], first.split()[-1]) == (["issued", "officer-1", "officer-1"], ISSUED)
    assert second.split() == ["in", "stock", "–", "–", "–", "–", NEW]
    assert closing == "2 recorders; times in Asia/Shanghai."
    assert [one["recorder_id"] for one in json.loads(recorder("list", "--json").out)] == [ISSUED, NEW]
    assert recorder("list", "--state", "retired").out == "No recorders.\n"


@pytest.mark.usefixtures("in_chinese")
def test_the_register_reads_in_chinese(recorder: Any, tmp_path: Path) -> None:
    add(recorder)
    file = tmp_path / "register.csv"
    out = recorder("list", "--csv", file).out
    assert out.splitlines()[0].split() == ["状态", "执法人员", "记录人", "起始", "最近接入", "执法记录仪"]
    assert "已配发" in out
    assert rows_of(file)[0][:2] == ["执法记录仪", "状态"]


def rows_of(file: Path) -> list[list[str]]:
    assert file.read_bytes().startswith(b"\xef\xbb\xbf"), "a spreadsheet reads Chinese only with the mark"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))


def test_the_register_as_csv_has_every_recorder_and_no_formula(recorder: Any, tmp_path: Path) -> None:
    # R70–R72
    add(recorder, "--model", "=HYPERLINK(1)", "--note", "-5 °C, «ok»", "--capacity", "64")
    file = tmp_path / "register.csv"
    listed = recorder("list", "--csv", file, "--json")
    header, issued, new = rows_of(file)
    assert [one["recorder_id"] for one in json.loads(listed.out)] == [issued[0], new[0]] == [ISSUED, NEW]
    line = dict(zip(header, new, strict=True))
    assert (line["Model"], line["Note"], line["Capacity (GB)"]) == ("'=HYPERLINK(1)", "'-5 °C, «ok»", "64")
    assert (line["State"], line["Officer"], line["Last docked"]) == ("in stock", "", "")
    again = recorder("list", "--csv", file)
    assert again.code == 2
    assert f"{file} is there already; choose a new file" in again.err


def test_a_check_tells_findings_with_what_they_are_counted_of(recorder: Any, tmp_path: Path) -> None:
    # R70–R73
    add(recorder)
    file = tmp_path / "check.csv"
    ended = recorder("check", "--minimum", "3", "--csv", file)
    assert ended.code == 0
    assert ended.out.splitlines()[:8] == [
        "Missing: 0 of 1 (issued) – never docked since the issue, and 24 hours are over",
        "Overdue: 0 of 1 (issued) – neither issued nor docked within 24 hours",
        "Faulty: 0 of 2 (registered and not retired) – not usable",
        "Away for recovery: 0 of 2 (registered or ever docked) – files of it were never kept (A3 art. 7)",
        "Not registered: 0 of 1 (ever docked) – sealed and held; cannot be filed until registered (A3 art. 3)",
        "Officers without a usable recorder: 0 of 1",
        "Recorders in service for each officer: 2 (2 for 1)",
        "Minimum 3 for each officer: NOT met",
    ]
    assert ended.out.splitlines()[-1].endswith("times in Asia/Shanghai. Nothing was entered.")
    assert rows_of(file)[1] == ["Missing", "", "", "", "", "", "", "0", "1"]
    assert rows_of(file)[-2:] == [
        ["Recorders in service, officers", "", "", "", "", "", "", "2", "1"],
        ["Minimum of recorders, for each officer", "", "NOT met", "", "", "", "", "3", "1"],
    ]


def test_a_check_that_misses_a_recorder_ends_with_8_and_names_it(recorder: Any, tmp_path: Path) -> None:
    # R70, R72
    add(recorder)
    recorder("issue", NEW, "--by", "custodian-1", "--officer", "officer-1", "--from", "2026-01-05T08:00")
    file = tmp_path / "check.csv"
    ended = recorder("check", "--csv", file)
    assert ended.code == 8
    lines = ended.out.splitlines()
    assert lines[0].startswith("Missing: 1 of 2 (issued)")
    assert lines[1] == f"  {NEW}  officer officer-1 since 2026-01-05 08:00, last docked –"
    named = ["Missing", NEW, "issued", "officer-1", "officer-1", "2026-01-05 08:00:00", "", "", ""]
    assert rows_of(file)[2] == named
    assert json.loads(recorder("check", "--json").out)["overdue"]["items"][0]["recorder_id"] == NEW
    since = recorder("check", "--since", "2026-01-05").out
    assert since.startswith("Missing: 0 of 2 (issued) – not docked since 2026-01-05 00:00:00")


@pytest.mark.usefixtures("in_chinese")
def test_a_check_reads_in_chinese(recorder: Any) -> None:
    lines = recorder("check", "--minimum", "1").out.splitlines()
    assert lines[0] == "下落不明：0 / 1（已配发）– 自配发以来从未接入，且已超过 24 小时"
    assert lines[3] == "送修恢复：0 / 1（已登记或接入过）– 其中的文件从未保存（A3 第七条）"
    assert lines[4] == "未登记：0 / 1（曾接入）– 已固定并封存待处理；登记前不得附卷（A3 art. 3）"
    assert "每名执法人员至少 1 台：达到" in lines


def test_an_unregistered_recorder_is_remarked_upon_in_both_languages(
    custody: Custody, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # R73
    folder = demo / "import" / "usb"
    folder.mkdir()
    (folder / "a.amr").write_bytes(b"#!AMR other")
    custody("--config", demo / "config.toml", "import", folder)
    (clip,) = [
        one for one in json.loads(custody("--config", demo / "config.toml", "clips", "list", "--json").out)
        if one["recorder_id"] == "unknown"
    ]  # fmt: skip
    show = ("--config", demo / "config.toml", "clips", "show", clip["clip_id"])
    assert "Remark: nobody is known to have answered for the recorder when it was docked." in custody(*show).out
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "接入时由谁负责该执法记录仪不明" in custody(*show).out
