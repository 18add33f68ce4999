"""Configuration files: which there are, and their tables merged with a note of where each value stands."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import N_, ConfigProblem, printable
from config.names import unknown_name, unknown_table
from config.schema import STORES, TABLES, keys_of

DEFAULT_FILE = Path("/etc/bodycam-custody/config.toml")
FILE_VARIABLE = "CUSTODY_CONFIG"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A value and the file it stands in."""

    value: object
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStore:
    """One `[[stores]]` table; `where` names it in messages, counted from 0 within its file."""

    where: str
    file: Path
    keys: dict[str, Placed]


@dataclass(slots=True, kw_only=True)
class MergedTables:
    """What all files say together; `problems` collects whatever could not be placed."""

    main_file: Path
    tables: dict[str, dict[str, Placed]] = field(default_factory=dict)
    stores: list[PlacedStore] = field(default_factory=list)
    problems: list[ConfigProblem] = field(default_factory=list)
    is_whole: bool = True  # False when a file could not be read: then nothing can be called missing


def find_config_file(path: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the main file: `path`, else the one CUSTODY_CONFIG names, else the system's; absolute, not looked at."""
    if path is None:
        named = environ.get(FILE_VARIABLE, "")
        path = Path(named) if named else DEFAULT_FILE
    return path.absolute()


def read_documents(main_file: Path) -> MergedTables:
    """Read `main_file` and `conf.d/*.toml` beside it, in name order, and merge their tables.

    Unreadable files, unknown names and keys set twice become problems; values are not looked at.
    """
    merged = MergedTables(main_file=main_file)
    for file in (main_file, *_drop_ins(main_file, merged)):
        document = _read(file, merged)
        for name, content in document.items():
            _place_table(name, content, file, merged)
    return merged


def _drop_ins(main_file: Path, merged: MergedTables) -> list[Path]:
    folder = main_file.parent / "conf.d"
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as err:
        _unreadable(folder, err, merged)
        return []
    # A leading dot is an editor's leftover, never a setting somebody meant.
    return [folder / name for name in names if name.endswith(".toml") and not name.startswith(".")]


def _unreadable(file: Path, err: OSError, merged: MergedTables) -> None:
    merged.is_whole = False
    template = N_("cannot be read: {why}")
    facts: dict[str, object] = {"why": err.strerror or str(err)}
    if isinstance(err, FileNotFoundError):
        template = N_("there is no such file; `custody init` writes one, and --config or {variable} names another")
        facts = {"variable": FILE_VARIABLE}
    merged.problems.append(ConfigProblem(file=file, key="", template=template, facts=facts))


def _read(file: Path, merged: MergedTables) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8"))
    except OSError as err:
        _unreadable(file, err, merged)
    except UnicodeDecodeError as err:
        _malformed(file, N_("is not UTF-8 text at byte {position}"), {"position": err.start}, merged)
    except (tomllib.TOMLDecodeError, RecursionError) as err:
        _malformed(file, N_("is not valid TOML: {why}"), {"why": str(err)}, merged)
    return {}


def _malformed(file: Path, template: str, facts: Mapping[str, object], merged: MergedTables) -> None:
    merged.is_whole = False
    merged.problems.append(ConfigProblem(file=file, key="", template=template, facts=facts))


def _place_table(name: str, content: object, file: Path, merged: MergedTables) -> None:
    if name not in TABLES:
        merged.problems.append(unknown_table(name, file))
    elif name == STORES:
        for position, item in enumerate(_items(content, file, merged)):
            _place_store(item, f"{STORES}[{position}]", file, merged)
    elif not isinstance(content, dict):
        template = N_("must be a table: write [{table}] on a line of its own and its keys below")
        merged.problems.append(ConfigProblem(file=file, key=name, template=template, facts={"table": name}))
    else:
        _place_keys(name, content, file, merged)


def _items(content: object, file: Path, merged: MergedTables) -> Iterator[dict[str, object]]:
    if isinstance(content, list) and all(isinstance(item, dict) for item in content):
        yield from content
        return
    template = N_("must be a list of tables: write [[stores]] above the keys of each store")
    merged.problems.append(ConfigProblem(file=file, key=STORES, template=template, facts={}))


def _place_store(item: dict[str, object], where: str, file: Path, merged: MergedTables) -> None:
    known = {key.name for key in keys_of(STORES)}
    merged.problems.extend(unknown_name(STORES, name, where, file) for name in item if name not in known)
    placed = {name: Placed(value=value, file=file) for name, value in item.items() if name in known}
    merged.stores.append(PlacedStore(where=where, file=file, keys=placed))


def _place_keys(table: str, content: dict[str, object], file: Path, merged: MergedTables) -> None:
    known = {key.name for key in keys_of(table)}
    placed = merged.tables.setdefault(table, {})
    for name, value in content.items():
        if name not in known:
            merged.problems.append(unknown_name(table, name, table, file))
        elif name in placed:
            template = N_("is set twice, the first time in {first}; keep one of them")
            facts = {"first": printable(str(placed[name].file))}
            merged.problems.append(ConfigProblem(file=file, key=f"{table}.{name}", template=template, facts=facts))
        else:
            placed[name] = Placed(value=value, file=file)
