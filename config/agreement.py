"""What can be wrong between keys that are each right by themselves."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.documents import MergedTables
from config.errors import N_, ConfigProblem, printable
from config.schema import STORES
from config.settings import StoreRole

# Any: values of one table by key, as `load` checked them; keys that were refused are absent.
Checked = Mapping[str, Any]

_INSIDE = N_("must not lie inside {other}, which is {folder}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    file: Path
    key: str
    path: Path

    def real(self) -> Path:
        # realpath, not resolve(): it has an answer for loops of symbolic links too.
        return Path(os.path.realpath(self.path))


def disagreements(merged: MergedTables, paths: Checked, stores: Sequence[Checked]) -> Iterator[ConfigProblem]:
    """Yield every contradiction among the values that could be read; nothing is said about what could not be."""
    if merged.is_whole:
        yield from _roles(merged, stores)
    yield from _repeated_ids(merged, stores)
    kept = _kept_folders(merged, paths, stores)
    yield from _nested(kept)
    for root in paths.get("import_roots", ()):
        file = merged.tables["paths"]["import_roots"].file
        yield from _inside_any(_Folder(file=file, key="paths.import_roots", path=root), kept)


def _roles(merged: MergedTables, stores: Sequence[Checked]) -> Iterator[ConfigProblem]:
    roles = [store["role"] for store in stores if "role" in store]
    if len(roles) < len(stores):
        return  # an unreadable role may be the missing one
    if roles.count(StoreRole.PRIMARY) != 1:
        template = N_('needs exactly one store with role = "primary", found {found}')
        facts = {"found": roles.count(StoreRole.PRIMARY)}
        yield ConfigProblem(file=merged.main_file, key=STORES, template=template, facts=facts)
    if StoreRole.REPLICA not in roles:
        template = N_('needs at least one store with role = "replica": backups lie on other devices (A3 art. 7)')
        yield ConfigProblem(file=merged.main_file, key=STORES, template=template, facts={})


def _repeated_ids(merged: MergedTables, stores: Sequence[Checked]) -> Iterator[ConfigProblem]:
    seen: set[str] = set()
    for placed, store in zip(merged.stores, stores, strict=True):
        if store.get("id") in seen:
            template = N_("is already the id of another store: {id}")
            yield ConfigProblem(
                file=placed.file, key=f"{placed.where}.id", template=template, facts={"id": store["id"]}
            )
        seen.update({store["id"]} if "id" in store else ())


def _kept_folders(merged: MergedTables, paths: Checked, stores: Sequence[Checked]) -> list[_Folder]:
    state = merged.tables.get("paths", {}).get("state")
    state_file = state.file if state is not None else merged.main_file
    return [_Folder(file=state_file, key="paths.state", path=paths["state"])] + [
        _Folder(file=placed.file, key=f"{placed.where}.path", path=store["path"])
        for placed, store in zip(merged.stores, stores, strict=True)
        if "path" in store
    ]


def _nested(folders: Sequence[_Folder]) -> Iterator[ConfigProblem]:
    for position, folder in enumerate(folders):
        # Of two equal folders only the later one is named.
        later = [other for other in folders[position + 1 :] if other.real() != folder.real()]
        yield from _inside_any(folder, [*folders[:position], *later])


def _inside_any(inner: _Folder, folders: Sequence[_Folder]) -> Iterator[ConfigProblem]:
    for outer in folders:
        if inner.real().is_relative_to(outer.real()):
            facts = {"other": outer.key, "folder": printable(str(outer.path))}
            yield ConfigProblem(file=inner.file, key=inner.key, template=_INSIDE, facts=facts)
