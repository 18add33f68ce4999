"""The fields of a note: one line of JSON in, checked values out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from docking.errors import NoteMalformedError
from hashing.canonical import Json, parse_line
from hashing.errors import MalformedLineError, StatedError, Statement, shown

# A wrong value is quoted in an error this far.
_SHOWN_CHARACTERS: Final = 100

_Kind = TypeVar("_Kind", bound=StrEnum)


def problem_facts(error: StatedError) -> dict[str, Json]:
    """Return an error as it travels: code, template and facts; a statement among them travels whole."""
    return {"code": error.code, "template": error.template, "facts": _travelling(error.facts)}


def _travelling(facts: Mapping[str, object]) -> dict[str, Json]:
    travelling: dict[str, Json] = {}
    for name, fact in facts.items():
        if isinstance(fact, Statement):
            travelling[name] = {"template": fact.template, "facts": _travelling(fact.facts)}
        else:
            travelling[name] = fact if isinstance(fact, int) else str(fact)
    return travelling


def parse_note(data: bytes, path: Path) -> "NoteFields":
    """Return the fields of the note in `data`; `path` only names it in errors.

    Raises:
        NoteMalformedError: it is not one line of JSON with an object.
    """
    try:
        return NoteFields(parse_line(data.removesuffix(b"\n")), path)
    except MalformedLineError as err:
        raise NoteMalformedError(path=shown(path), field="(file)", expected="one line of JSON", found=str(err)) from err


class NoteFields:
    """The fields of one object in a note. Every method raises `NoteMalformedError`, which names file and field.

    Keys that are not asked for are left to newer versions.
    """

    def __init__(self, values: Mapping[str, Json], path: Path) -> None:
        self._values = values
        self._path = path

    def inside(self, key: str) -> "NoteFields | None":
        """Return the fields of the object `key`, None where it is null."""
        value = self._value(key)
        if value is not None and not isinstance(value, dict):
            raise self.wrong(key, "an object")
        return None if value is None else NoteFields(value, self._path)

    def line(self, key: str) -> Mapping[str, Json] | None:
        """Return the object `key` as it stands, None where it is null."""
        found = self.inside(key)
        return None if found is None else found._values

    def text(self, key: str) -> str:
        """Return a printable text."""
        value = self._value(key)
        if not (isinstance(value, str) and value.isprintable()):
            raise self.wrong(key, "a printable text")
        return value

    def text_or_none(self, key: str) -> str | None:
        """Return a printable text, None where it is null."""
        return None if self._value(key) is None else self.text(key)

    def number(self, key: str) -> int:
        """Return a whole number."""
        value = self._value(key)
        if type(value) is not int:
            raise self.wrong(key, "a whole number")
        return value

    def number_or_none(self, key: str) -> int | None:
        """Return a whole number, None where it is null."""
        return None if self._value(key) is None else self.number(key)

    def moment(self, key: str) -> datetime:
        """Return an aware time in UTC."""
        text = self.text(key)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise self.wrong(key, "a time with zone")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError) as err:
            raise self.wrong(key, "a time with zone") from err

    def moment_or_none(self, key: str) -> datetime | None:
        """Return an aware time in UTC, None where it is null."""
        return None if self._value(key) is None else self.moment(key)

    def member(self, key: str, kind: type[_Kind]) -> _Kind:
        """Return a member of a closed set."""
        text = self.text(key)
        if text not in list(kind):
            raise self.wrong(key, f"one of {', '.join(kind)}")
        return kind(text)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "a list of texts")
        return tuple(str(one) for one in value)

    def serial(self, key: str) -> str | None:
        """Return what a device says of itself; what nobody can print names nothing, as in a dock slip."""
        value = self._value(key)
        return value if isinstance(value, str) and value.isprintable() and value.strip() else None

    def raw(self, key: str) -> Json:
        """Return whatever stands there."""
        return self._value(key)

    def problem(self, key: str) -> dict[str, Any] | None:
        """Return an error that travelled, None where there was none."""
        stated = self.inside(key)
        if stated is None:
            return None
        if not stated.text("code") or not stated.text("template") or stated.inside("facts") is None:
            raise self.wrong(key, "a code, a template and facts")
        return dict(stated._values)

    def wrong(self, field: str, expected: str) -> NoteMalformedError:
        """Return the error that says what is wrong with a field."""
        found = ascii(self._values.get(field))[:_SHOWN_CHARACTERS]
        return NoteMalformedError(path=shown(self._path), field=field, expected=expected, found=found)

    def _value(self, key: str) -> Json:
        if key not in self._values:
            raise NoteMalformedError(path=shown(self._path), field=key, expected="a value or null", found="no such key")
        return self._values[key]
