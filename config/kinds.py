"""What a value may be: one class per kind, each turning a TOML value into ours or saying why not."""

import datetime
import json
import re
import zoneinfo
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from config.errors import N_, printable

# Longer values are cut in messages: a reason must stay readable on one line.
_LONGEST_SHOWN = 60


class RejectedError(Exception):
    """A value is not of its kind; caught where the key is known and turned into a ConfigProblem."""

    def __init__(self, template: str, **facts: object) -> None:
        super().__init__(template.format(**facts))
        self.template = template
        self.facts = facts


class Kind(Protocol):
    """A kind of value."""

    def read(self, value: object, folder: Path) -> object:
        """Return `value` as the settings hold it; relative paths start at `folder`.

        Raises:
            RejectedError: `value` is not of this kind.
        """


def shown_value(value: object) -> str:
    """Return a TOML value as it could stand in a file, cut to one readable line."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    text = printable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise RejectedError(N_("must be text in quotes, found {found}"), found=shown_value(value))
    if not value.strip():
        raise RejectedError(N_("must not be empty"))
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One printable line that is not blank."""

    at_most: int = 200

    def read(self, value: object, folder: Path) -> str:  # noqa: ARG002  # the interface of Kind
        """Return the text unchanged."""
        text = _text(value)
        if not text.isprintable():
            raise RejectedError(N_("must be one printable line, found {found}"), found=shown_value(value))
        if len(text) > self.at_most:
            raise RejectedError(
                N_("must have at most {most} characters, found {found}"), most=self.at_most, found=len(text)
            )
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A short machine name; `signs` are allowed besides lowercase letters and digits, but not first or last."""

    signs: str
    at_most: int

    def read(self, value: object, folder: Path) -> str:  # noqa: ARG002  # the interface of Kind
        """Return the name unchanged."""
        text = _text(value)
        if len(text) > self.at_most or not re.fullmatch(rf"[a-z0-9]([a-z0-9{re.escape(self.signs)}]*[a-z0-9])?", text):
            raise RejectedError(
                N_("must be 1 to {most} of a-z, 0-9 and {signs}, a letter or digit first and last, found {found}"),
                most=self.at_most,
                signs=" ".join(self.signs),
                found=shown_value(value),
            )
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The name of a time zone this machine knows."""

    def read(self, value: object, folder: Path) -> str:  # noqa: ARG002  # the interface of Kind
        """Return the name unchanged."""
        text = _text(value)
        try:
            zoneinfo.ZoneInfo(text)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise RejectedError(
                N_('is not a known time zone, found {found}; write a name such as "Asia/Shanghai"'),
                found=shown_value(value),
            ) from err
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber:
    """An integer within bounds."""

    at_least: int
    at_most: int

    def read(self, value: object, folder: Path) -> int:  # noqa: ARG002  # the interface of Kind
        """Return the number unchanged."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.at_least <= value <= self.at_most:
            raise RejectedError(
                N_("must be a whole number from {least} to {most}, found {found}"),
                least=self.at_least,
                most=self.at_most,
                found=shown_value(value),
            )
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class YesNo:
    """true or false."""

    def read(self, value: object, folder: Path) -> bool:  # noqa: ARG002  # the interface of Kind
        """Return the value unchanged."""
        if not isinstance(value, bool):
            raise RejectedError(N_("must be true or false, found {found}"), found=shown_value(value))
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDate:
    """A date without a time."""

    def read(self, value: object, folder: Path) -> datetime.date:  # noqa: ARG002  # the interface of Kind
        """Return the date unchanged."""
        # A datetime is a date to Python; here it would hide a zone that nobody meant.
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise RejectedError(
                N_("must be a date without quotes such as 2022-03-01, found {found}"), found=shown_value(value)
            )
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a closed set."""

    options: type[StrEnum]

    def read(self, value: object, folder: Path) -> StrEnum:  # noqa: ARG002  # the interface of Kind
        """Return the member whose text `value` is."""
        try:
            return self.options(_text(value))
        except ValueError as err:
            raise RejectedError(
                N_("must be one of {options}, found {found}"),
                options=", ".join(self.options),
                found=shown_value(value),
            ) from err


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A path; nothing is looked up on the disk."""

    def read(self, value: object, folder: Path) -> Path:
        """Return the path, made absolute from `folder`."""
        text = _text(value)
        if "\0" in text:
            raise RejectedError(N_("must be a path, found {found}"), found=shown_value(value))
        if text.startswith("~"):
            raise RejectedError(
                N_("must be written out in full: ~ is not replaced, found {found}"), found=shown_value(value)
            )
        return folder / text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """A list whose items are all of one kind."""

    items: Kind

    def read(self, value: object, folder: Path) -> tuple[object, ...]:
        """Return the items in their order."""
        if not isinstance(value, list):
            raise RejectedError(N_("must be a list in square brackets, found {found}"), found=shown_value(value))
        return tuple(self.items.read(item, folder) for item in value)
