"""The tables and keys there are, read from the annotations of `config.settings`."""

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

from config.settings import (
    AcceptedRisks,
    DockingSettings,
    InterpretationSettings,
    PathSettings,
    RuleSet,
    ScheduleSettings,
    Setting,
    StationSettings,
    StoreSetting,
)

# `stores` is an array of tables; all others are plain tables.
STORES = "stores"

TABLES: dict[str, type[Any]] = {  # Any: the classes have nothing in common but being dataclasses
    "station": StationSettings,
    "paths": PathSettings,
    STORES: StoreSetting,
    "rule_set": RuleSet,
    "docking": DockingSettings,
    "interpretation": InterpretationSettings,
    "schedule": ScheduleSettings,
    "accepted_risks": AcceptedRisks,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of one table."""

    table: str
    name: str
    setting: Setting
    is_required: bool
    default: object

    @property
    def dotted(self) -> str:
        """`table.name`."""
        return f"{self.table}.{self.name}"


@cache
def keys_of(table: str) -> tuple[Key, ...]:
    """Return the keys of `table`, required ones first, each group in the order of the class."""
    shape = TABLES[table]
    hints = get_type_hints(shape, include_extras=True)
    keys = [_key(table, field, hints[field.name].__metadata__[0]) for field in dataclasses.fields(shape)]
    return tuple(sorted(keys, key=lambda key: not key.is_required))


def _key(table: str, field: dataclasses.Field[Any], setting: Setting) -> Key:
    has_default = field.default is not dataclasses.MISSING
    return Key(
        table=table,
        name=field.name,
        setting=setting,
        is_required=not has_default and not setting.computed_default,
        default=field.default if has_default else None,
    )


def all_keys() -> tuple[Key, ...]:
    """Return every key of every table."""
    return tuple(key for table in TABLES for key in keys_of(table))
