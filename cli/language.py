"""Which language a person reads, and every text in it.

The language comes from the environment as gettext has it everywhere (LANGUAGE, LC_ALL, LC_MESSAGES, LANG). English is
the source: a text without a translation is shown in English. click and typer look their own texts up in the same
catalogue, because `bind` makes it the one of their domain.
"""

import gettext
import os
from functools import lru_cache
from pathlib import Path

DOMAIN = "messages"  # the domain click and typer use; it cannot be chosen
LOCALE_FOLDER = Path(__file__).parent / "locale"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def bind() -> None:
    """Make our catalogue the one of click and typer; must run before typer is imported."""
    gettext.bindtextdomain(DOMAIN, LOCALE_FOLDER)
    gettext.textdomain(DOMAIN)


@lru_cache(maxsize=8)
def _catalogue(_environment: tuple[str | None, ...]) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_FOLDER, fallback=True)


def _current() -> gettext.NullTranslations:
    return _catalogue(tuple(os.environ.get(name) for name in _VARIABLES))


def _(message: str) -> str:
    """Return `message` in the user's language."""
    return _current().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of the message that fits `count`, in the user's language."""
    return _current().ngettext(one, many, count)


def N_(message: str) -> str:
    """Mark `message` for the catalogue; the text itself is returned unchanged and translated where it is shown."""
    return message
