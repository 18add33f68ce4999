"""What a sealed bag without an entry says of itself, and whether the ledger already bears it out.

The bag's signature was checked before, so its clip.json is the station's own word; the inventory in the ledger shows
that the files were on a card, under these names and with these sizes. Only both together make a bag evidence.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.bag import CLIP_JSON, TAGMANIFEST
from archive.store import Store
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import ClipId, clip_id_of
from bodycam_custody.station import Station
from hashing.canonical import Json
from hashing.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class _BagFile:
    name: bytes
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _BagFacts:
    """What clip.json says; nothing is compared yet."""

    clip_id: ClipId
    docking_id: str
    file: int
    recorder: str
    files: tuple[_BagFile, ...]


def adoption_drafts(station: Station, store: Store, path: Path, relative: str) -> list[Draft]:
    """Return the entries that make the bag at `path` evidence, none where the ledger does not bear it out.

    Not checked: the bag itself (see `check_bag`), and whether a tombstone speaks against it.
    """
    facts = _read_facts(path)
    if facts is None:
        return []
    place: dict[str, Json] = {
        "bag_path": relative,
        "tagmanifest_sha256": Digest.of((path / TAGMANIFEST).read_bytes()).hex,
        "docking_id": facts.docking_id,
        "stores": {store.location.store_id: "medium"},
    }
    if path.name == facts.clip_id:
        return _clip_drafts(station, facts, place)
    return _supplement_drafts(station, facts, {**place, "bag_id": path.name})


def _clip_drafts(station: Station, facts: _BagFacts, place: Mapping[str, Json]) -> list[Draft]:
    main, *sidecars = facts.files
    rows = station.catalog.rows(
        "SELECT f.file, f.size_bytes, f.file_type, f.path, d.recorder FROM files f JOIN dockings d USING (docking_id)"
        " WHERE f.docking_id = ? AND f.file = ?",
        (facts.docking_id, facts.file),
    )
    is_this_clip = clip_id_of(recorder=facts.recorder, main=Digest(hex=main.sha256)) == facts.clip_id
    if not is_this_clip or not rows or rows[0]["recorder"] != facts.recorder or not _is_listed(main, rows[0]):
        return []
    adopted = Draft(
        kind=EntryKind.BAG_ADOPTED,
        subject=f"clip:{facts.clip_id}",
        facts={
            **place,
            "main_sha256": main.sha256,
            "size_bytes": main.size_bytes,
            "sidecars": [sidecar.sha256 for sidecar in sidecars],
            "file": facts.file,
            "recorder": facts.recorder,
            "file_type": rows[0]["file_type"],
            "rule_set_version": station.settings.rule_set.version,
        },
    )
    sighted = Draft(
        kind=EntryKind.CLIP_SIGHTED,
        subject=f"clip:{facts.clip_id}",
        facts={
            "docking_id": facts.docking_id,
            "file": facts.file,
            "newly_sealed": True,
        },
    )
    return [adopted, sighted]


def _supplement_drafts(station: Station, facts: _BagFacts, place: Mapping[str, Json]) -> list[Draft]:
    if not station.catalog.rows("SELECT 1 FROM clips WHERE clip_id = ?", (facts.clip_id,)):
        return []
    rows = station.catalog.rows(
        "SELECT f.file, f.size_bytes, f.path FROM files f JOIN dockings d USING (docking_id)"
        " WHERE f.docking_id = ? AND f.main = ? AND d.recorder = ? ORDER BY f.file",
        (facts.docking_id, facts.file, facts.recorder),
    )
    numbers = _numbers_of(facts.files, rows)
    before, number = f"{facts.clip_id}-s", str(place["bag_id"]).removeprefix(f"{facts.clip_id}-s")
    if numbers is None or place["bag_id"] != f"{before}{number}" or not number.isdecimal():
        return []
    sidecars: list[Json] = [file.sha256 for file in facts.files]
    return [
        Draft(
            kind=EntryKind.SUPPLEMENT_SEALED,
            subject=f"clip:{facts.clip_id}",
            facts={**place, "sidecars": sidecars, "files": numbers},
        )
    ]


def _numbers_of(files: Sequence[_BagFile], rows: Sequence[Mapping[str, Any]]) -> list[Json] | None:
    """Return the number each file has in the inventory, None where one is not in it."""
    numbers: list[Json] = []
    for file in files:
        listed = [row["file"] for row in rows if _is_listed(file, row) and row["file"] not in numbers]
        if not listed:
            return None
        numbers.append(listed[0])
    return numbers


def _is_listed(file: _BagFile, row: Mapping[str, Any]) -> bool:
    """Compare with one row of an inventory, whose name may have been erased."""
    return row["size_bytes"] == file.size_bytes and row["path"] in {file.name, None}


def _read_facts(path: Path) -> _BagFacts | None:
    """Return what clip.json says, None where it is not as the station writes it."""
    try:
        facts: dict[str, Any] = json.loads((path / CLIP_JSON).read_bytes())
        return _BagFacts(
            clip_id=ClipId(facts["clip_id"]),
            docking_id=facts["docking_id"],
            file=facts["file"],
            recorder=facts["recorder"],
            files=tuple(
                _BagFile(
                    name=base64.b64decode(file["path_base64"]), size_bytes=file["size_bytes"], sha256=file["sha256"]
                )
                for file in facts["files"]
            ),
        )
    except (ValueError, KeyError, TypeError):
        return None
