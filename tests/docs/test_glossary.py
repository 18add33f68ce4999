"""docs/glossary.md: one word per thing."""

from collections import Counter

from tests.docs.reading import headings, rows, section

_LATER = "Words of what comes later"


def words() -> list[tuple[str, str]]:
    """Return every word with its Chinese."""
    found = []
    for _, title in headings("docs/glossary.md"):
        for cells in rows(section("docs/glossary.md", title)):
            pairs = [cells[0:2], cells[3:5]] if title == _LATER else [cells[0:2]]
            found += [(english, chinese) for english, chinese in pairs]
    return found


def test_no_word_is_explained_twice_and_none_lacks_its_chinese() -> None:
    assert len(words()) > 90
    assert all(english and chinese and not chinese.isascii() for english, chinese in words())
    assert [word for word, count in Counter(english for english, _ in words()).items() if count > 1] == []


def test_two_things_do_not_share_one_chinese_word() -> None:
    assert [word for word, count in Counter(chinese for _, chinese in words()).items() if count > 1] == []


def test_the_words_of_roles_are_the_program_s() -> None:
    from bodycam_custody.roles import Role

    english = {word for word, _ in words()}
    assert {role.value.replace("-", " ") for role in Role} <= english
