"""What is asked about clips: lists, one clip, its history, whether its copies still verify."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.answers import Answer
from archive.bag_check import check_bag
from archive.bag_findings import answer_of
from archive.errors import ArchiveError
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.errors import AmbiguousIdError, NotFoundError
from bodycam_custody.operations import ID_PREFIX_CHARACTERS, Caller, ClipPage, OneClip
from bodycam_custody.recorders.attribution import attributions_of_clips, subject_of
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station
from bodycam_custody.views import clip_views, problem
from hashing.canonical import Json
from hashing.digest import Digest
from hashing.errors import shown

# What a clip's history has of entries that are not about the clip alone.
_HISTORY_KINDS = frozenset({EntryKind.DOCK_SEEN, EntryKind.DOCK_CLOSED, EntryKind.RECORDER_REGISTERED})


def list_clips(runtime: Runtime, request: ClipPage, _: Caller) -> Any:
    """Return a page of clips in the order they were sealed."""
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


def show_clip(runtime: Runtime, request: OneClip, _: Caller) -> Any:
    """Return everything known of one clip: sightings, copies, media facts, times, session."""
    station = runtime.station
    row = _clip_row(runtime, request.clip_id)
    (view,) = clip_views(station, [row])
    session = station.catalog.rows("SELECT facts FROM sessions WHERE session_id = ?", (row["session_id"],))
    sightings = station.catalog.rows(
        "SELECT s.docking_id, s.seen_at, s.basis, f.path, f.mtime_ns FROM sightings s LEFT JOIN files f"
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
                "basis": sighting["basis"],
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


def clip_history(runtime: Runtime, request: OneClip, _: Caller) -> Any:
    """Tell a clip's whole life: its own entries and those of the dockings it was seen at (R4).

    Also when its recorder was registered (R73), and the issue to whoever answered for it at the first docking (R31).
    """
    station = runtime.station
    row = _clip_row(runtime, request.clip_id)
    clip_id = row["clip_id"]
    dockings = station.catalog.rows("SELECT DISTINCT docking_id FROM sightings WHERE clip_id = ?", (clip_id,))
    subjects = [f"clip:{clip_id}", subject_of(row["recorder"]), *(f"docking:{one['docking_id']}" for one in dockings)]
    issue_seq = attributions_of_clips(station.catalog, [clip_id])[clip_id].issue_seq
    kept = [
        entry
        for entry in station.ledger.entries_about(subjects)
        if entry.subject.startswith("clip:") or entry.kind in _HISTORY_KINDS or entry.seq == issue_seq
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


def verify_clip(runtime: Runtime, request: OneClip, caller: Caller) -> Any:
    """Re-read every copy of a clip, its supplements with it, from its medium and enter what was found."""
    station = runtime.station
    row = _clip_row(runtime, request.clip_id)
    (view,) = clip_views(station, [row])
    bags = [_Bag(path=row["bag_path"], tagmanifest=row["tagmanifest"], stores=tuple(_stores_of(view)), prefix="")]
    for one in station.catalog.rows("SELECT * FROM supplements WHERE clip_id = ? ORDER BY bag_id", (row["clip_id"],)):
        held = tuple(sorted(json.loads(one["stores"])))
        prefix = f"{one['bag_id']}/"
        bags.append(_Bag(path=one["bag_path"], tagmanifest=one["tagmanifest"], stores=held, prefix=prefix))
    checked: list[tuple[str, list[tuple[_Bag, Answer, list[dict[str, Any]]]]]] = [
        (store_id, [(bag, *_check(station, store_id, bag)) for bag in bags if store_id in bag.stores])
        for store_id in dict.fromkeys(store_id for bag in bags for store_id in bag.stores)
    ]
    said: list[Json] = [
        {"store_id": store_id, "bag_path": bag.path, "answer": str(answer), "codes": [one["code"] for one in findings]}
        for store_id, bags_there in checked
        for bag, answer, findings in bags_there
    ]
    station.record.enter(
        [
            Draft(
                kind=EntryKind.CLIP_VERIFIED,
                subject=f"clip:{row['clip_id']}",
                actor=Actor(uid=caller.uid),
                facts={"copies": said},
            )
        ]
    )
    copies: list[dict[str, Any]] = [
        {
            "store_id": store_id,
            "answer": _worst([answer for _, answer, _ in bags_there]),
            "findings": [one for _, _, findings in bags_there for one in findings],
        }
        for store_id, bags_there in checked
    ]
    return {"clip_id": row["clip_id"], "copies": copies, "answer": _worst([copy["answer"] for copy in copies])}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bag:
    """One bag of a clip: where it lies, what the ledger says of it, and how its files are named to people."""

    path: str
    tagmanifest: str
    stores: tuple[str, ...]
    prefix: str


def _stores_of(view: Mapping[str, Any]) -> list[str]:
    return [copy["store_id"] for copy in view["copies"]]


def _check(station: Station, store_id: str, bag: _Bag) -> tuple[Answer, list[dict[str, Any]]]:
    """Read one bag in one store; a store that is away, or goes away meanwhile, tells nothing of it."""
    look = station.stores.by_id(store_id)
    if look is None or look.store is None:
        return Answer.CANNOT_TELL, [problem(look.problem)] if look and look.problem else []
    found = check_bag(
        look.store.path / bag.path,
        verify_signature=bag_verifier(station),
        expected_tagmanifest=Digest(hex=bag.tagmanifest),
    )
    try:
        look.store.check_present()
    except ArchiveError as err:
        return Answer.CANNOT_TELL, [problem(err)]
    findings = [
        {"code": one.code.value, "template": one.template, "facts": {"place": f"{bag.prefix}{one.place}", **one.facts}}
        for one in found
    ]
    return answer_of(found), findings


def _worst(answers: Sequence[str]) -> str:
    for worst in (Answer.NO, Answer.CANNOT_TELL):
        if worst in answers:
            return worst
    return Answer.YES if answers else Answer.CANNOT_TELL
