"""`custody dock …`."""

import json
from pathlib import Path

import pytest

from cli import wire
from tests.cli.answering_server import StatedProblemError
from tests.cli.conftest import Custody
from tests.cli.records import make_docking
from tests.cli.station import CANONICAL, FakeStation


def test_every_docking_says_what_was_found_kept_and_left(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R11
    station.dockings = [make_docking(files_found=5, files_sealed=2, files_known=1, safe_to_take_away="no")]
    header, row, *_ = custody("--config", config_file, "dock", "list").out.splitlines()
    assert " ".join(header.split()) == "Docking Docked Slot Phase Found Kept Left Card Officer Recorder"
    assert row.split()[1:] == [
        *["2026-11-21", "16:59", "slot-1", "finished", "5", "3", "2"],
        *["leave", "it", "here", "officer-1", "usb:4255:0001:ZX12"],
    ]


def test_the_number_of_dockings_is_limited(custody: Custody, config_file: Path, station: FakeStation) -> None:
    custody("--config", config_file, "dock", "list", "--limit", "7")
    assert station.seen[0] == ("dockings.list", {"limit": "7"})


def test_a_station_without_dockings_says_so(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.dockings = []
    assert custody("--config", config_file, "dock", "list").out == "No card has been docked yet.\n"


MISSING: wire.CardDifference = {
    "what": "missing",
    "path": "a.mp4",
    "size_bytes": 3,
    "kept": False,
    "clip_id": None,
    "device_id": None,
    "first": None,
    "last": None,
}
DIFFERENCES: list[wire.CardDifference] = [
    MISSING,
    {**MISSING, "path": "b.mp4", "kept": True},
    {**MISSING, "what": "reappeared", "path": "c.mp4"},
    {**MISSING, "what": "sequence-gap", "path": None, "device_id": "DSJ0017", "first": 3, "last": 4},
]
JUDGED = {
    "previous_docking_id": "20261120T085900Z-aaaa",
    "files_missing": 2,
    "files_missing_unkept": 1,
    "files_reappeared": 1,
    "sequence_gaps": 1,
    "clock_verdict": "beyond-limit",
    "clock_drift_ms_per_day": -4_250,
    "remarks": ["clock-drifts", "files-gone"],
}


def shown(custody: Custody, config_file: Path, station: FakeStation) -> str:
    station.dockings = [make_docking(**JUDGED)]
    station.differences = DIFFERENCES
    ended = custody("--config", config_file, "dock", "show", "20261121T085900Z-k3f9")
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def test_a_docking_is_shown_with_what_differs_from_the_one_before(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R40, R32
    out = shown(custody, config_file, station)
    assert station.seen[0] == ("dockings.show", {"docking_id": "20261121T085900Z-k3f9"})
    for line in (
        "  Missing since then     2 (1 never kept)\n",
        "  Reappeared             1\n",
        "  Gaps in the numbering  1\n",
        "  Recorder's clock       DRIFTS by more than 3 seconds a day (-4.250 s a day)\n",
        "  a.mp4: GONE from the card and never kept\n",
        "  b.mp4: no longer on the card; the station keeps it\n",
        "  c.mp4: was gone at the previous docking and is back\n",
        "  DSJ0017: no file bears the numbers 3 to 4\n",
        "Remark: files that were on this recorder at its previous docking are gone and were never kept.\n",
    ):
        assert line in f"{out}\n"


@pytest.mark.usefixtures("in_chinese")
def test_the_same_is_said_in_chinese(custody: Custody, config_file: Path, station: FakeStation) -> None:  # R40, R32
    out = shown(custody, config_file, station)
    for text in (
        "2（其中 1 个从未保存）",
        "每日漂移超过 3 秒（异常）（每日 -4.250 秒）",
        "a.mp4：已从存储卡上消失，且从未保存",
        "DSJ0017：没有文件带有编号 3 至 4",
        "上次接入时在此执法记录仪上的文件已不在，且从未保存",
    ):
        assert text in out


def test_the_differences_are_in_the_json(custody: Custody, config_file: Path, station: FakeStation) -> None:
    station.differences = DIFFERENCES
    ended = custody("--config", config_file, "dock", "show", "20261121T085900Z-k3f9", "--json")
    assert json.loads(ended.out)["differences"] == DIFFERENCES


def test_an_acceptance_names_person_time_and_entry(custody: Custody, config_file: Path, station: FakeStation) -> None:
    # R39
    ended = custody("--config", config_file, "dock", "accept", "d-1", "--by", "custodian-1", "--reason", "flood")
    assert ended.code == 0
    assert station.seen[0] == ("dockings.accept", {"docking_id": "d-1", "person": "custodian-1", "reason": "flood"})
    assert ended.out.splitlines() == [
        "Docking d-1: 3 clips accepted by custodian-1, 2026-11-21 18:00:00 (Asia/Shanghai), ledger entry 27.",
        "Handed over late: 1; the reason is recorded.",
    ]


LATE = (
    "{late} of {clips} recordings of docking {docking_id} are handed over later than {hours} hours after their end "
    "(A3 art. 7: hand over within 24 hours); say why with --reason"
)


@pytest.mark.usefixtures("in_chinese")
def test_a_late_acceptance_without_reason_is_refused_in_chinese_too(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R38
    station.refuses = StatedProblemError(409, "late-without-reason", LATE, late=1, clips=3, docking_id="d-1", hours=24)
    ended = custody("--config", config_file, "dock", "accept", "d-1", "--by", "custodian-1")
    assert ended.code == 5
    assert "接入 d-1 的 3 个录制中有 1 个在录制结束 24 小时之后才移交" in ended.err
    assert "--reason" in ended.err


def test_a_receipt_is_a_page_to_print_and_sign(custody: Custody, config_file: Path, station: FakeStation) -> None:
    # R38, R39
    ended = custody("--config", config_file, "dock", "receipt", "20261121T120000Z-k3f9")
    assert (ended.code, ended.err) == (0, "")
    page = ended.out
    for line in (
        "Receipt for recordings handed over (A3 art. 7)\n",
        "Unit        綦江区城市管理局\n",
        "Station     station-1 (cg.example.gov.cn/station-1/1)\n",
        "Docking     20261121T120000Z-k3f9\n",
        "Recorder    usb:4255:0001:0000017\n",
        "Officer     officer-1\n",
        "Docked      2026-11-21 20:00:00\n",
        "Files found     2 (909.7 KiB)\n",
        "Sealed now      1\n",
        "Already kept    1, 1 of them by the listing, not read again\n",
        "Failed          0\n",
        "Foreign files   0\n",
        "Time allowed    24 hours, until docking\n",
        "LATE            1, by up to 1:00:00\n",
        "   1  6py6imm2  DCIM/现场.mp4\n      909.7 KiB (931528 B), video, sealed, seen 1 times\n",
        f"      sha256 {'ab' * 32}\n",
        "      recorded 2026-11-20 18:59:00 – 19:00:00; due 2026-11-21 19:00:00\n",
        "      LATE: docked after the time allowed\n",
        "   2  6py6imm2  –\n      7 B (7 B), accompanying file, already kept (not read again), seen 1 times\n",
        "Ledger entries covered        27\n",
        f"Root of the ledger            {'00' * 32}\n",
        f"SHA-256 of the signed form    {'5a' * 32}\n",
        "ssh-keygen -Y verify -f allowed_signers -I station -n custody-receipt -s FILE.json.sig < FILE.json\n",
        "Handed over by (officer) officer-1  ________________________  Date ________________________\n",
        "Taken over by (custodian)           ________________________  Date ________________________\n",
    ):
        assert line in page


@pytest.mark.usefixtures("in_chinese")
def test_the_page_is_in_chinese_for_those_who_read_it(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R39
    page = custody("--config", config_file, "dock", "receipt", "20261121T120000Z-k3f9").out
    for text in (
        "音像记录移交清单",
        "移交人（执法人员） officer-1",
        "接收人（保管员）",
        "最长逾期 1:00:00",
        "录制 2026-11-20 18:59:00 – 19:00:00；移交期限 2026-11-21 19:00:00",
        "custody-receipt",
    ):
        assert text in page


def test_a_receipt_is_written_beside_its_signed_form_and_overwrites_nothing(
    custody: Custody, config_file: Path, station: FakeStation, tmp_path: Path
) -> None:  # R39
    out = tmp_path / "receipt.txt"
    ended = custody("--config", config_file, "dock", "receipt", "d-1", "--out", out)
    assert ended.code == 0
    assert out.read_text(encoding="utf-8") == ended.out
    assert (tmp_path / "receipt.txt.json").read_text(encoding="utf-8") == CANONICAL
    assert (tmp_path / "receipt.txt.json.sig").read_text(encoding="utf-8") == "-----BEGIN SSH SIGNATURE-----\n"
    out.unlink()
    again = custody("--config", config_file, "dock", "receipt", "d-1", "--out", out)
    assert again.code == 2
    assert "receipt.txt.json is there already; choose a new file" in again.err
    assert [name for name, _ in station.seen] == ["dockings.receipt"], "nothing is entered for a page that has no place"


@pytest.mark.usefixtures("in_chinese")
def test_a_refused_receipt_names_the_files_in_chinese(
    custody: Custody, config_file: Path, station: FakeStation
) -> None:  # R39
    reason = {
        "template": "{count} of {found} files are neither sealed nor kept before: {names}. Dock the recorder again.",
        "facts": {"count": 1, "found": 2, "names": "b.mp4"},
    }
    template = "no receipt for docking {docking_id} (A3 art. 7); sealing goes on all the same. {reason}"
    station.refuses = StatedProblemError(409, "receipt-refused", template, docking_id="d-1", reason=reason)
    ended = custody("--config", config_file, "dock", "receipt", "d-1")
    assert ended.code == 5
    assert ended.err == (
        "custody：不出具接入 d-1 的移交清单（A3 art. 7）；固定照常进行。2 个文件中有 1 个既未固定也未曾保存：b.mp4。"
        "请重新接入执法记录仪。\n"
    )
