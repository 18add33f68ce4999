"""What runs behind each row of the operation table."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archive.answers import Answer
from archive.bag_check import check_bag
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.errors import AmbiguousIdError, NotFoundError
from bodycam_custody.genesis import write_anchor
from bodycam_custody.interpretation import count_waiting
from bodycam_custody.model import DockingPhase
from bodycam_custody.operations import (
    ID_PREFIX_CHARACTERS,
    Caller,
    ClipPage,
    ImportFolder,
    Nothing,
    OneClip,
    OneDocking,
    Page,
    authorise,
    operation_named,
    parse_request,
)
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import (
    SAFE_STATES,
    clip_views,
    docking_view,
    files_view,
    pending_docking_view,
    problem,
    store_views,
)
from hashing.canonical import Json
from hashing.digest import Digest
from hashing.errors import shown

# What `status` shows of dockings that are over.
RECENT_DOCKINGS = 10

Handler = Callable[[Runtime, Any, Caller], Any]


def answer(runtime: Runtime, name: str, params: Mapping[str, object], caller: Caller) -> Any:
    """Run the operation `name` for `caller` and return a JSON value.

    Raises:
        StatedError: refused, not found, or failed; code, template and facts travel to the caller.
    """
    operation = operation_named(name)
    authorise(caller, operation, owner_uid=runtime.owner_uid)
    return _HANDLERS[name](runtime, parse_request(operation, params), caller)


def _status(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    station = runtime.station
    settings, ledger = station.settings, station.ledger
    refusal = ledger.refusal
    return {
        "station": {
            "origin": settings.station.origin,
            "name": settings.station.name,
            "unit": settings.rule_set.unit,
            "time_zone": settings.station.time_zone,
            "rule_set_version": settings.rule_set.version,
            "handover_hours": settings.rule_set.handover_hours,
            "handover_point": settings.rule_set.handover_point.value,
        },
        "daemon": {"mode": runtime.mode, "pid": runtime.pid, "since": rfc3339(runtime.since)},
        "ledger": {
            "size": ledger.size,
            "newest_at": rfc3339(ledger.newest.at) if ledger.newest else None,
            "writable": refusal is None,
            "problem": problem(refusal) if refusal else None,
        },
        "stores": store_views(station),
        "disks_apart": station.disks_apart,
        "dockings": _dockings_in_view(runtime),
        "clips": {
            "total": _number(runtime, "SELECT COUNT(*) AS n FROM clips"),
            "by_state": _counts(runtime, "SELECT state AS k, COUNT(*) AS n FROM clips GROUP BY state"),
            "by_handover": _counts(runtime, "SELECT handover AS k, COUNT(*) AS n FROM clips GROUP BY handover"),
        },
        "backlog": _backlog(runtime),
        "remarks": sorted(station.remarks),
    }


def _backlog(runtime: Runtime) -> dict[str, Any]:
    """Return what waits to be kept or understood, oldest first (R45)."""
    marks = ",".join("?" * len(SAFE_STATES))
    (unsafe,) = runtime.station.catalog.rows(
        f"SELECT COUNT(*) AS n, MIN(sealed_at) AS oldest FROM clips WHERE state NOT IN ({marks})",  # noqa: S608  # only marks
        tuple(SAFE_STATES),
    )
    return {
        "not_safe": unsafe["n"],
        "oldest_not_safe_at": unsafe["oldest"],
        "interpretation_waiting": count_waiting(runtime.station),
        "foreign_files": _number(runtime, "SELECT COUNT(*) AS n FROM clips WHERE file_type = 'foreign'"),
        "failed_files": _number(
            runtime,
            "SELECT COUNT(*) AS n FROM files f WHERE outcome = 'failed' AND NOT EXISTS (SELECT 1 FROM files later"
            " WHERE later.path = f.path AND later.docking_id > f.docking_id AND later.outcome <> 'failed')",
        ),
    }


def _dockings_in_view(runtime: Runtime) -> list[dict[str, Any]]:
    rows = runtime.station.catalog.rows(
        "SELECT * FROM dockings WHERE phase IN (?, ?) OR docking_id IN"
        " (SELECT docking_id FROM dockings ORDER BY seen_at DESC LIMIT ?) ORDER BY seen_at DESC",
        (DockingPhase.INVENTORY, DockingPhase.COPYING, RECENT_DOCKINGS),
    )
    return [docking_view(runtime.station, row, runtime.progress.get(row["docking_id"])) for row in rows]


def _list_dockings(runtime: Runtime, request: Page, _: Caller) -> Any:
    rows = runtime.station.catalog.rows(
        "SELECT * FROM dockings WHERE ? IS NULL OR (seen_at, docking_id) <"
        " (SELECT seen_at, docking_id FROM dockings WHERE docking_id = ?)"
        " ORDER BY seen_at DESC, docking_id DESC LIMIT ?",
        (request.after, request.after, request.limit + 1),
    )
    items = [
        docking_view(runtime.station, row, runtime.progress.get(row["docking_id"])) for row in rows[: request.limit]
    ]
    return {"items": items, "next": items[-1]["docking_id"] if len(rows) > request.limit else None}


def _show_docking(runtime: Runtime, request: OneDocking, _: Caller) -> Any:
    station = runtime.station
    progress = runtime.progress.get(request.docking_id)
    rows = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (request.docking_id,))
    if not rows:
        return _pending_docking(runtime, request.docking_id)
    specials = station.catalog.rows(
        "SELECT path, kind FROM specials WHERE docking_id = ? ORDER BY rowid", (request.docking_id,)
    )
    return {
        **docking_view(station, rows[0], progress),
        "files": files_view(station, request.docking_id),
        "specials": [
            {"path": None if row["path"] is None else shown(row["path"]), "kind": row["kind"]} for row in specials
        ],
    }


def _pending_docking(runtime: Runtime, docking_id: str) -> dict[str, Any]:
    arrival, progress = runtime.arrivals.get(docking_id), runtime.progress.get(docking_id)
    if arrival is None or progress is None:
        raise NotFoundError(what="docking", id=docking_id)
    return {**pending_docking_view(arrival, progress), "files": [], "specials": []}


def _start_import(runtime: Runtime, request: ImportFolder, caller: Caller) -> Any:
    return {"docking_id": runtime.start_import(Path(request.path), actor=Actor(uid=caller.uid))}


def _list_clips(runtime: Runtime, request: ClipPage, _: Caller) -> Any:
    conditions, values = ["1"], list[object]()
    if request.state is not None:
        conditions.append("state = ?")
        values.append(request.state)
    if request.docking_id is not None:
        conditions.append("clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?)")
        values.append(request.docking_id)
    if request.after is not None:
        conditions.append("(sealed_at, clip_id) > (SELECT sealed_at, clip_id FROM clips WHERE clip_id = ?)")
        values.append(request.after)
    chosen = " AND ".join(conditions)
    rows = runtime.station.catalog.rows(
        f"SELECT * FROM clips WHERE {chosen} ORDER BY sealed_at, clip_id LIMIT ?",  # noqa: S608  # fixed texts
        (*values, request.limit + 1),
    )
    items = clip_views(runtime.station, rows[: request.limit])
    return {"items": items, "next": items[-1]["clip_id"] if len(rows) > request.limit else None}


def _clip_row(runtime: Runtime, clip_id: str) -> dict[str, Any]:
    """Return the clip with this id or this beginning of it."""
    if len(clip_id) < ID_PREFIX_CHARACTERS:
        raise NotFoundError(what="clip", id=clip_id)
    rows = runtime.station.catalog.rows(
        "SELECT * FROM clips WHERE clip_id >= ? AND clip_id < ? LIMIT 3", (clip_id, clip_id + "~")
    )
    if not rows:
        raise NotFoundError(what="clip", id=clip_id)
    if len(rows) > 1:
        raise AmbiguousIdError(id=clip_id, count=len(rows))
    return rows[0]


def _show_clip(runtime: Runtime, request: OneClip, _: Caller) -> Any:
    station = runtime.station
    row = _clip_row(runtime, request.clip_id)
    (view,) = clip_views(station, [row])
    session = station.catalog.rows("SELECT facts FROM sessions WHERE session_id = ?", (row["session_id"],))
    sightings = station.catalog.rows(
        "SELECT s.docking_id, s.seen_at, f.path, f.mtime_ns FROM sightings s LEFT JOIN files f"
        " ON f.docking_id = s.docking_id AND f.file = s.file WHERE s.clip_id = ? ORDER BY s.seen_at",
        (row["clip_id"],),
    )
    supplements = station.catalog.rows(
        "SELECT bag_id, bag_path FROM supplements WHERE clip_id = ? ORDER BY bag_id", (row["clip_id"],)
    )
    return {
        **view,
        "bag_path": row["bag_path"],
        "tagmanifest_sha256": row["tagmanifest"],
        "supplements": supplements,
        "sightings_detail": [
            {
                "docking_id": sighting["docking_id"],
                "path": None if sighting["path"] is None else shown(sighting["path"]),
                "mtime": _mtime_text(sighting["mtime_ns"]),
                "seen_at": sighting["seen_at"],
            }
            for sighting in sightings
        ],
        "copies_detail": view["copies"],
        "media": json.loads(row["probe"]) if row["probe"] else None,
        "times": json.loads(row["times"]) if row["times"] else None,
        "session": _session_view(json.loads(session[0]["facts"])) if session else None,
    }


def _session_view(facts: Mapping[str, Any]) -> dict[str, Any]:
    gaps = [{**gap, "seconds": gap["milliseconds"] / 1000} for gap in facts["gaps"]]
    return {**facts, "gaps": gaps}


def _mtime_text(mtime_ns: str | None) -> str | None:
    """Return a file time as read from the card; not corrected, and not believed."""
    if mtime_ns is None:
        return None
    seconds = int(mtime_ns) // 1_000_000_000
    if not 0 <= seconds < 253_402_300_800:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _clip_history(runtime: Runtime, request: OneClip, _: Caller) -> Any:
    """Tell a clip's whole life: its own entries and those of the dockings it was seen at (R4)."""
    station = runtime.station
    clip_id = _clip_row(runtime, request.clip_id)["clip_id"]
    dockings = station.catalog.rows("SELECT DISTINCT docking_id FROM sightings WHERE clip_id = ?", (clip_id,))
    about = station.ledger.entries_about([f"clip:{clip_id}", *(f"docking:{row['docking_id']}" for row in dockings)])
    kept = [
        entry
        for entry in about
        if entry.subject.startswith("clip:") or entry.kind in {EntryKind.DOCK_SEEN, EntryKind.DOCK_CLOSED}
    ]
    head = station.ledger.head
    proofs = station.ledger.prove_inclusion([entry.seq for entry in kept])
    items = [
        {
            "seq": entry.seq,
            "at": rfc3339(entry.at),
            "kind": entry.kind,
            "actor": dict(entry.actor),
            "facts": dict(entry.facts),
            "leaf": entry.leaf.hex(),
            "proof": {
                "tree_size": head.size if head else 0,
                "inclusion": [node.hex() for node in proofs.get(entry.seq, [])],
            },
        }
        for entry in kept
    ]
    return {"items": items}


def _verify_clip(runtime: Runtime, request: OneClip, caller: Caller) -> Any:
    """Re-read every copy of a clip from its medium and enter what was found."""
    station = runtime.station
    row = _clip_row(runtime, request.clip_id)
    (view,) = clip_views(station, [row])
    copies = []
    for copy in view["copies"]:
        look = station.stores.by_id(copy["store_id"])
        if look is None or look.store is None:
            findings = [problem(look.problem)] if look and look.problem else []
            copies.append({"store_id": copy["store_id"], "answer": Answer.CANNOT_TELL.value, "findings": findings})
            continue
        found = check_bag(
            look.store.path / row["bag_path"],
            verify_signature=bag_verifier(station),
            expected_tagmanifest=Digest(hex=row["tagmanifest"]),
        )
        findings = [
            {"code": one.code.value, "template": one.template, "facts": {"place": one.place, **one.facts}}
            for one in found
        ]
        copies.append(
            {"store_id": copy["store_id"], "answer": Answer.NO if found else Answer.YES, "findings": findings}
        )
    said: list[Json] = [
        {
            "store_id": copy["store_id"],
            "answer": str(copy["answer"]),
            "codes": [one["code"] for one in copy["findings"]],
        }
        for copy in copies
    ]
    station.record.enter(
        [
            Draft(
                kind=EntryKind.CLIP_VERIFIED,
                subject=f"clip:{row['clip_id']}",
                actor=Actor(uid=caller.uid),
                facts={"clip_id": row["clip_id"], "copies": said},
            )
        ]
    )
    return {"clip_id": row["clip_id"], "copies": copies, "answer": _worst([copy["answer"] for copy in copies])}


def _worst(answers: list[str]) -> str:
    for worst in (Answer.NO, Answer.CANNOT_TELL):
        if worst in answers:
            return worst
    return Answer.YES if answers else Answer.CANNOT_TELL


def _list_stores(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    return {"items": store_views(runtime.station), "disks_apart": runtime.station.disks_apart}


def _rebuild(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Make the catalog again from ledger, texts and bags."""
    station = runtime.station
    started_s = station.clock.monotonic_s()
    with station.sealing:
        station.catalog.clear()
        entries = station.record.catch_up_catalog()
        bags_read = station.record.fill_names_from_bags()
    return {
        "entries": entries,
        "clips": _number(runtime, "SELECT COUNT(*) AS n FROM clips"),
        "bags_read": bags_read,
        "seconds": round(station.clock.monotonic_s() - started_s, 3),
        "problems": [],
    }


def _checkpoint(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Give the newest signed head, for somebody to keep elsewhere."""
    station = runtime.station
    head = station.ledger.head
    if head is None:
        raise NotFoundError(what="head", id=station.settings.station.origin)
    path = write_anchor(station.settings.paths.trust, head.note)
    return {"note": head.note.decode(), "size": head.size, "origin": station.ledger.origin, "path": str(path)}


def _keys(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    keys, trust = runtime.station.keys, runtime.station.settings.paths.trust
    return {
        "checkpoint_vkey": keys.checkpoint.vkey,
        "bag_key": keys.bag.public.text,
        "bag_key_fingerprint": keys.bag.public.fingerprint,
        "allowed_signers": keys.allowed_signers.format().decode(),
        "genesis": runtime.station.ledger.genesis_leaf.hex(),
        "trust_folder": str(trust),
    }


def _counts(runtime: Runtime, query: str) -> dict[str, int]:
    return {row["k"]: row["n"] for row in runtime.station.catalog.rows(query)}


def _number(runtime: Runtime, query: str) -> int:
    return int(runtime.station.catalog.rows(query)[0]["n"])


_HANDLERS: Mapping[str, Handler] = {
    "status.show": _status,
    "dockings.list": _list_dockings,
    "dockings.show": _show_docking,
    "imports.start": _start_import,
    "clips.list": _list_clips,
    "clips.show": _show_clip,
    "clips.history": _clip_history,
    "clips.verify": _verify_clip,
    "stores.list": _list_stores,
    "stores.rebuild": _rebuild,
    "audit.checkpoint": _checkpoint,
    "keys.show": _keys,
}
