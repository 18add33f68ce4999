"""`custody doctor`: findings with codes and the way to mend them, in both languages, and an exit code to act on."""

import json
from pathlib import Path

import pytest

from bodycam_custody.installation.diagnosis import Sign, untold, wrong
from cli.views.doctor import doctor_text
from tests.cli.conftest import Custody


def test_it_finds_what_is_missing_without_a_daemon(custody: Custody, config_file: Path) -> None:
    ended = custody("--config", config_file, "doctor", "--json")
    report = json.loads(ended.out)
    codes = [finding["code"] for finding in report["findings"]]
    assert (ended.code, report["answer"]) == (8, "no")
    assert {Sign.STATE_MISSING, Sign.KEYS_UNUSABLE, Sign.SLIPS_MISSING, Sign.STORE_MISSING} <= set(codes)
    for finding in report["findings"]:
        assert set(finding) == {"code", "answer", "template", "facts"}


def test_every_finding_is_a_code_a_sentence_and_what_to_do(custody: Custody, config_file: Path) -> None:
    ended = custody("--config", config_file, "doctor")
    assert ended.out.startswith("TO MEND: the findings below say what and how.\n")
    slips = config_file.parent / "docked"
    assert (
        f"D015  wrong\n  {slips}: expected the folder of dock slips, found nothing. Run: systemd-tmpfiles --create "
        "bodycam-custody.conf" in ended.out
    )


@pytest.mark.usefixtures("in_chinese")
def test_findings_are_told_in_chinese(custody: Custody, config_file: Path) -> None:
    ended = custody("--config", config_file, "doctor")
    assert ended.out.startswith("需要修复：")
    assert "D015  有误\n" in ended.out
    assert "应为入站单文件夹，实际没有。请运行：systemd-tmpfiles --create bodycam-custody.conf" in ended.out


def test_a_reason_inside_a_finding_is_told_too() -> None:
    reason = {"template": "{path}: recorder profile, {field}", "facts": {"path": "/p", "field": "name"}}
    report = {"answer": "no", "findings": [wrong(Sign.PROFILE_UNUSABLE, reason=reason).to_json()]}  # type: ignore[arg-type]  # a dict of texts is JSON
    assert doctor_text(report).endswith("The recorder profiles cannot be used: /p: recorder profile, name")


def test_what_cannot_be_told_is_not_called_wrong() -> None:
    report = {"answer": "cannot-tell", "findings": [untold(Sign.CLOCK_UNKNOWN).to_json()]}
    assert "D031  cannot tell\n" in doctor_text(report)
    assert doctor_text({"answer": "yes", "findings": []}) == "HEALTHY: nothing was found that must be mended."
