"""The text of a recorder profile: TOML in, a checked `RecorderProfile` out.

name = "…"                      identifies the profile; a local file of the same name replaces a shipped one
title = "…"                     for people
time_zone = "Asia/Shanghai"     zone of times in names; left out: unknown, such times are not used
clip_folders = ["police/video"] relative to the card, letter case aside; empty: anywhere
time_sources = ["name", …]      best first: name, container, filesystem
[extensions]                    video, audio, photo, sidecar, foreign: lists without dots
[[names]]                       pattern: a Python regular expression for the whole name, case aside (no pattern fits a
                                name that is not ASCII), with the groups police, device, started, sequence, important;
                                time_format: how `started` is read, as in strptime
"""

import re
import tomllib
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from docking.errors import ProfileInvalidError
from docking.profile import NameGrammar, RecorderProfile, TimeSource
from docking.source import FileType
from hashing.errors import shown

_KEYS: Final = frozenset({"name", "title", "time_zone", "clip_folders", "time_sources", "extensions", "names"})
_NAME_KEYS: Final = frozenset({"pattern", "time_format"})
_GROUPS: Final = frozenset({"police", "device", "started", "sequence", "important"})
# `unknown` is what no list names, so no list may name it.
_LISTED_TYPES: Final = frozenset(FileType) - {FileType.UNKNOWN}


def parse_profile(data: bytes, path: str) -> RecorderProfile:
    """Return the profile written in `data`; `path` only names it in errors.

    Raises:
        ProfileInvalidError: not TOML, an unknown or missing key, a wrong type, zone, pattern or time source.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise ProfileInvalidError(path=shown(path), field="(file)", expected="TOML in UTF-8", found=str(err)) from err
    return _Reader(path).profile(table)


class _Reader:
    """Reads one profile and knows which file to name when something is wrong."""

    def __init__(self, path: str) -> None:
        self._path = path

    def profile(self, table: dict[str, object]) -> RecorderProfile:
        self._known_keys(table, _KEYS, "(top level)")
        return RecorderProfile(
            name=self._text(table, "name"),
            title=self._text(table, "title"),
            zone=self._zone(table),
            clip_folders=tuple(folder.strip("/").lower() for folder in self._texts(table, "clip_folders")),
            grammars=tuple(self._grammar(entry) for entry in self._list(table, "names")),
            types=self._types(table.get("extensions")),
            time_sources=tuple(self._time_source(text) for text in self._texts(table, "time_sources")),
        )

    def _wrong(self, field: str, expected: str, found: object) -> ProfileInvalidError:
        return ProfileInvalidError(path=shown(self._path), field=field, expected=expected, found=repr(found))

    def _known_keys(self, table: dict[str, object], known: frozenset[str], where: str) -> None:
        for key in table.keys() - known:
            raise self._wrong(where, "one of " + ", ".join(sorted(known)), key)

    def _text(self, table: dict[str, object], key: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "a text", value)
        return value

    def _list(self, table: dict[str, object], key: str) -> list[object]:
        value = table.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, "a list", value)
        return value

    def _texts(self, table: dict[str, object], key: str) -> list[str]:
        texts: list[str] = []
        for value in self._list(table, key):
            if not isinstance(value, str) or not value:
                raise self._wrong(key, "a list of texts", value)
            texts.append(value)
        return texts

    def _zone(self, table: dict[str, object]) -> ZoneInfo | None:
        if "time_zone" not in table:
            return None
        name = self._text(table, "time_zone")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise self._wrong("time_zone", "an IANA zone known on this machine", name) from err

    def _time_source(self, text: str) -> TimeSource:
        try:
            return TimeSource(text)
        except ValueError as err:
            raise self._wrong("time_sources", "one of " + ", ".join(TimeSource), text) from err

    def _types(self, extensions: object) -> dict[str, FileType]:
        if not isinstance(extensions, dict):
            raise self._wrong("extensions", "a table", extensions)
        self._known_keys(extensions, _LISTED_TYPES, "extensions")
        types: dict[str, FileType] = {}
        for name in extensions:
            for extension in self._texts(extensions, name):
                if types.setdefault(extension.lower(), FileType(name)) != name:
                    raise self._wrong(f"extensions.{name}", "an extension in one list only", extension)
        return types

    def _grammar(self, entry: object) -> NameGrammar:
        if not isinstance(entry, dict):
            raise self._wrong("names", "a table with pattern", entry)
        self._known_keys(entry, _NAME_KEYS, "names")
        text = self._text(entry, "pattern")
        try:
            pattern = re.compile(text, re.IGNORECASE)
        except re.error as err:
            raise self._wrong("names.pattern", "a regular expression", text) from err
        self._known_keys(dict.fromkeys(pattern.groupindex), _GROUPS, "names.pattern")
        time_format = self._text(entry, "time_format") if "time_format" in entry else None
        if (time_format is None) == ("started" in pattern.groupindex):
            raise self._wrong("names.time_format", "a time_format exactly where a group `started` is", text)
        return NameGrammar(pattern=pattern, time_format=time_format)
