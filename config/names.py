"""Names nobody knows: what the writer probably meant."""

import difflib
from pathlib import Path

from config.errors import N_, ConfigProblem
from config.schema import TABLES, all_keys, keys_of


def unknown_table(name: str, file: Path) -> ConfigProblem:
    """Return the problem of a top-level `name` that is no table."""
    homes = [key.table for key in all_keys() if key.name == name]
    if homes:
        return _belongs(homes[0], name, name, file)
    return _unknown(name, name, list(TABLES), file)


def unknown_name(table: str, name: str, where: str, file: Path) -> ConfigProblem:
    """Return the problem of a key `name` that `table` does not have; `where` is the table as messages name it."""
    homes = [key.table for key in all_keys() if key.name == name]
    if homes:
        return _belongs(homes[0], name, f"{where}.{name}", file)
    return _unknown(name, f"{where}.{name}", [key.name for key in keys_of(table)], file)


def _belongs(table: str, name: str, key: str, file: Path) -> ConfigProblem:
    template = N_("does not belong here; {name} is a key of [{table}]")
    return ConfigProblem(file=file, key=key, template=template, facts={"name": name, "table": table})


def _unknown(name: str, key: str, known: list[str], file: Path) -> ConfigProblem:
    # Cutoff 0: there is always a nearest name, and naming one beats printing the whole list.
    nearest = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.0)[0]
    template = N_("is not a known name; the nearest one is {nearest}")
    return ConfigProblem(file=file, key=key, template=template, facts={"nearest": nearest})
