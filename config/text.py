"""Writing a configuration file that people can read and `load_settings` accepts."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from config.errors import N_
from config.schema import STORES, TABLES, Key, all_keys, keys_of
from config.settings import StoreSetting

_HEADING = N_("Settings of this station. Every key is explained in docs/configuration.md.")


def toml_value(value: object) -> str:
    """Return `value` as TOML 1.0.

    Raises:
        ValueError: TOML has no way to write it, such as a path that is not UTF-8.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, str | Path):
        return _toml_string(str(value))
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    raise ValueError(f"TOML has no {type(value).__name__}: {value!r}")


def _toml_string(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError(f"TOML is UTF-8 and cannot hold {text!r}")
    return '"' + "".join(_toml_character(char) for char in text) + '"'


def _toml_character(char: str) -> str:
    # TOML 1.0 "Basic strings": quotation mark, backslash and control characters are escaped. Everything else that is
    # not printable is escaped too, so that a file cannot show another text than it holds.
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    return f"\\u{ord(char):04X}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08X}"


def config_text(
    values: Mapping[str, object], *, stores: Sequence[StoreSetting], translate: Callable[[str], str] = str
) -> str:
    """Return a commented configuration file.

    `values` maps dotted keys such as "station.agency" to values as Settings hold them; keys left out stand in the file
    as comments with their defaults. Paths are written as they are, so relative ones start at the folder of the file.
    `translate` turns the comments into the reader's language. Values are not checked: `load_settings` does that.

    Raises:
        ValueError: a key is unknown, a required one is missing, or TOML cannot hold a value.
    """
    _check_keys(values)
    lines = [f"# {translate(_HEADING)}", ""]
    for table in TABLES:
        if table == STORES:
            for store in stores:
                lines += ["[[stores]]", *_store_lines(store, translate), ""]
        else:
            lines += [f"[{table}]", *_key_lines(table, values, translate), ""]
    return "\n".join(lines)


def _check_keys(values: Mapping[str, object]) -> None:
    known = {key.dotted: key for key in all_keys() if key.table != STORES}
    if unknown := sorted(set(values) - set(known)):
        raise ValueError(f"no such configuration keys: {', '.join(unknown)}")
    if missing := [dotted for dotted, key in known.items() if key.is_required and dotted not in values]:
        raise ValueError(f"configuration keys without a value: {', '.join(missing)}")


def _key_lines(table: str, values: Mapping[str, object], translate: Callable[[str], str]) -> Iterator[str]:
    for key in keys_of(table):
        yield f"# {_comment(key, translate)}"
        value = values.get(key.dotted)
        yield f"#{key.name} = {default_text(key)}" if value is None else f"{key.name} = {toml_value(value)}"


def _store_lines(store: StoreSetting, translate: Callable[[str], str]) -> Iterator[str]:
    values: dict[str, str | Path | StrEnum] = {"id": store.id, "path": store.path, "role": store.role}
    for key in keys_of(STORES):
        yield f"# {_comment(key, translate)}"
        yield f"{key.name} = {toml_value(values[key.name])}"


def _comment(key: Key, translate: Callable[[str], str]) -> str:
    meaning = translate(key.setting.meaning)
    return f"{meaning} ({translate(key.setting.unit)})" if key.setting.unit else meaning


def default_text(key: Key) -> str:
    """Return the default of `key` as it could stand in a file; a computed or absent one in words."""
    if key.setting.computed_default:
        return f'"{key.setting.computed_default}"'
    return "…" if key.default is None else toml_value(key.default)
