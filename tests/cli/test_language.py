"""The language is the one of the environment, chosen as every gettext program does."""

import pytest

from cli.language import N_, _, ngettext


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "片段"),
        ({"LANG": "zh_CN"}, "片段"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "片段"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "Clip"),
        ({"LANG": "de_DE.UTF-8"}, "Clip"),
        ({"LANG": ""}, "Clip"),
    ],
)
def test_the_strongest_variable_decides(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], word: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert _("Clip") == word


def test_english_counts_and_chinese_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ngettext("{count} clip", "{count} clips", 1) == "{count} clip"
    assert ngettext("{count} clip", "{count} clips", 2) == "{count} clips"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert (
        ngettext("{count} clip", "{count} clips", 1) == ngettext("{count} clip", "{count} clips", 2) == "{count} 个片段"
    )


def test_a_marked_text_stays_as_it_is_until_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert N_("Clip") == "Clip"
