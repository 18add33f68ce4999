"""The Chinese catalogue is complete: every text of every package, with the same fields."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import typer
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from cli import labels
from cli.language import LOCALE_FOLDER
from tests.cli.error_classes import PACKAGES

ROOT = Path(__file__).parents[2]
CHINESE = LOCALE_FOLDER / "zh_CN" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
MessageId = str | tuple[str, ...]


def sources() -> Iterator[Path]:
    """Yield every module of the six packages."""
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


@cache
def message_ids() -> frozenset[MessageId]:
    """Return every text that Babel finds in the six packages."""
    found = (
        message for source in sources() for _, message, _, _ in extract_from_file("python", source, keywords=KEYWORDS)
    )
    return frozenset(message if isinstance(message, str) else tuple(message) for message in found)


@cache
def catalogue() -> Catalog:
    """Return the Chinese catalogue."""
    with CHINESE.open("rb") as file:
        return read_po(file, locale="zh_CN", abort_invalid=True)


def message(message_id: MessageId) -> Message | None:
    """Return the catalogue's entry for a text."""
    return catalogue().get(message_id if isinstance(message_id, str) else message_id[0])


def fields(text: str) -> set[str]:
    """Return the names of the fields of a template."""
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_is_translated_and_none_is_fuzzy() -> None:
    missing = [one for one in message_ids() if (found := message(one)) is None or not found.string or found.fuzzy]
    assert missing == []


def test_every_translation_has_the_fields_of_its_text() -> None:
    differing = []
    for found in catalogue():
        if not found.id:
            continue
        originals = [found.id] if isinstance(found.id, str) else list(found.id)
        translations = [found.string] if isinstance(found.string, str) else list(found.string or ())
        wanted = set().union(*(fields(text) for text in originals))
        differing += [found.id for text in translations if fields(text) != wanted]
    assert differing == []


def test_the_catalogue_holds_nothing_that_is_no_longer_said() -> None:
    known = {one if isinstance(one, str) else one[0] for one in message_ids()}
    said = {one.id if isinstance(one.id, str) else one.id[0] for one in catalogue() if one.id}
    assert said - known == set()


def test_no_text_hides_from_extraction_inside_a_formatted_string() -> None:
    """Babel does not look into f-strings on every Python; a text there would be lost without a word."""
    calls = [
        f"{source.relative_to(ROOT)}:{inner.lineno}"
        for source in sources()
        for node in ast.walk(ast.parse(source.read_bytes()))
        if isinstance(node, ast.JoinedStr)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in KEYWORDS
    ]
    assert calls == []


def test_every_error_template_is_marked_for_translation() -> None:
    from bodycam_custody.errors import StatedError
    from tests.cli.error_classes import all_errors

    unmarked = [error.__name__ for error in all_errors() if message(error.template) is None]
    assert unmarked == []
    assert StatedError not in all_errors()


@pytest.mark.parametrize(
    ("closed_set", "words"),
    [
        ("ClipState", labels.STATE),
        ("Handover", labels.HANDOVER),
        ("HandoverReason", labels.HANDOVER_REASON),
        ("Remark", labels.REMARK),
        ("DockingPhase", labels.PHASE),
        ("FileOutcome", labels.OUTCOME),
    ],
)
def test_every_member_of_a_closed_set_has_words(closed_set: str, words: dict[str, str]) -> None:
    from bodycam_custody import model

    assert {member.value for member in getattr(model, closed_set)} == set(words)


def test_every_kind_of_entry_has_words() -> None:
    from bodycam_custody.entries import EntryKind

    assert {kind.value for kind in EntryKind} <= set(labels.ENTRY_KIND)


def test_the_texts_borrowed_from_click_and_typer_are_really_theirs() -> None:
    said: set[MessageId] = {"Usage:"}  # inside an f-string of click
    for library in (click, typer):
        for source in Path(str(library.__file__)).parent.glob("*.py"):
            for _, found, _, _ in extract_from_file("python", source, keywords=KEYWORDS):
                said.add(found if isinstance(found, str) else tuple(found))
    borrowed = extract_from_file("python", ROOT / "cli" / "library_texts.py", keywords=KEYWORDS)
    ours = {found if isinstance(found, str) else tuple(found) for _, found, _, _ in borrowed}
    assert ours - said == set()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Recorder", "执法记录仪"),
        ("primary", "指定存储设备"),
        ("replica", "备份件"),
        ("sealed", "已固定"),
        ("Handover", "移交"),
        ("Session", "连续录制"),
        ("Clip", "片段"),
        ("Slot", "槽位"),
        ("Card", "存储卡"),
        ("Entry", "条目"),
        ("Seen on cards", "出现记录"),
    ],
)
def test_legal_words_are_the_fixed_ones(english: str, chinese: str) -> None:
    found = message(english)
    assert found is not None
    assert found.string == chinese


def test_chinese_has_one_word_for_a_thing() -> None:
    """The words that stand in docs/glossary.md, and not these beside them."""
    others = re.compile(r"主管|档案员|清空|留存窗口|(?<!存证)(?<!系统)日志(?!头)")
    said = [
        text
        for found in catalogue()
        for text in ([found.string] if isinstance(found.string, str) else found.string or ())
    ]
    assert [text for text in said if others.search(text)] == []
