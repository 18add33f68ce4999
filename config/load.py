"""From files to settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.agreement import disagreements
from config.documents import MergedTables, Placed, find_config_file, read_documents
from config.errors import N_, ConfigError, ConfigProblem
from config.kinds import RejectedError
from config.schema import STORES, TABLES, keys_of
from config.settings import DEFAULT_STATE, PathSettings, Settings, StoreSetting


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the station.

    Read are `path`, else the file that CUSTODY_CONFIG names, else /etc/bodycam-custody/config.toml, and the files
    `conf.d/*.toml` beside it. Relative paths start at the folder of the file they stand in. What a path points to is
    not looked at, except that symbolic links are followed to see whether one folder lies inside another. Without
    `paths.keys`, the keys are those systemd passes as credentials (CREDENTIALS_DIRECTORY), else those in the state
    folder.

    Raises:
        ConfigError: anything is missing, unknown, set twice, of the wrong kind or contradictory; all of it at once.
    """
    file = find_config_file(path, environ)
    merged = read_documents(file)
    values = {
        table: _checked(table, table, merged.tables.get(table, {}), merged.main_file, merged)
        for table in TABLES
        if table != STORES
    }
    values["paths"] = _with_computed_folders(values["paths"], environ)
    stores = [_checked(STORES, store.where, store.keys, store.file, merged) for store in merged.stores]
    merged.problems.extend(disagreements(merged, values["paths"], stores))
    if merged.problems:
        raise ConfigError(problems=tuple(merged.problems))
    return _settings(file, values, stores)


# Any below: each table has its own types, and the kind of each key has checked its value.
def _checked(table: str, where: str, placed: Mapping[str, Placed], file: Path, merged: MergedTables) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in keys_of(table):
        dotted = f"{where}.{key.name}"
        found = placed.get(key.name)
        if found is not None:
            try:
                values[key.name] = key.setting.kind.read(found.value, found.file.parent)
            except RejectedError as err:
                problem = ConfigProblem(file=found.file, key=dotted, template=err.template, facts=err.facts)
                merged.problems.append(problem)
        elif key.is_required and merged.is_whole:
            template = N_("is missing and has no default")
            merged.problems.append(ConfigProblem(file=file, key=dotted, template=template, facts={}))
    return values


def _with_computed_folders(paths: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    state = paths.get("state", DEFAULT_STATE)
    # systemd.exec(5): set for a service with LoadCredential=, to a folder only that service can read.
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    keys = Path(credentials) if credentials else state / "keys"
    return {"state": state, "keys": keys, "trust": state / "trust"} | dict(paths)


def _settings(file: Path, values: Mapping[str, Mapping[str, Any]], stores: list[dict[str, Any]]) -> Settings:
    tables = {table: TABLES[table](**found) for table, found in values.items() if table != "paths"}
    paths = PathSettings(**values["paths"])
    return Settings(file=file, paths=paths, stores=tuple(StoreSetting(**store) for store in stores), **tables)
