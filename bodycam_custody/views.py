"""What clips, dockings and stores look like to those who ask: the values behind `/v1` and `--json`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bodycam_custody.clearing.decision import outlook
from bodycam_custody.clearing.folding import ClearingState
from bodycam_custody.clearing.views import clearing_view
from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.dockings.judged_views import judged_remarks, judged_view
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.error_codes import problem_of_code
from bodycam_custody.keeping import is_docking_kept
from bodycam_custody.model import Basis, ClipState, DockingPhase, FileOutcome, Handover, Remark
from bodycam_custody.recorders.attribution import Attribution, attribution_at, attributions_of_clips
from bodycam_custody.release.left_behind import folders_left
from bodycam_custody.release.standing import release_view
from bodycam_custody.slots.alarms import held_remarks
from bodycam_custody.slots.names import slot_shown
from bodycam_custody.station import Station
from docking.source import FileType
from hashing.errors import StatedError, Statement, shown

SAFE_STATES = frozenset({ClipState.SAFE, ClipState.SAFE_ONE_DISK, ClipState.SAFE_DISKS_UNPROVEN})
_STATE_REMARKS = {
    ClipState.SAFE_ONE_DISK: Remark.STORES_ON_ONE_DISK,
    ClipState.SAFE_DISKS_UNPROVEN: Remark.DISKS_UNPROVEN,
}
_COUNTS = (
    "files_found",
    "files_sealed",
    "files_known",
    "files_listed",
    "files_failed",
    "files_unexplained",
    "bytes_found",
    "bytes_done",
    "foreign_files",
    "special_files",
    "interpretation_waiting",
)
_PROBE_REMARKS = {
    "not-media": Remark.NOT_MEDIA,
    "unparseable": Remark.UNPARSEABLE,
    "timed-out": Remark.PROBE_TIMED_OUT,
}


def problem(error: StatedError) -> dict[str, Any]:
    """Return an error as it travels: code, template and facts; a fact that is a statement itself travels whole."""
    return {"code": error.code, "template": error.template, "facts": _travelling(error.facts)}


def _travelling(facts: Mapping[str, object]) -> dict[str, Any]:
    travelling: dict[str, Any] = {}
    for name, fact in facts.items():
        if isinstance(fact, StatedError | Statement):
            travelling[name] = {"template": fact.template, "facts": _travelling(fact.facts)}
        else:
            travelling[name] = fact if isinstance(fact, int) else str(fact)
    return travelling


def clip_views(station: Station, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return clips as listed; `rows` are rows of the catalog's clips table."""
    clip_ids = [row["clip_id"] for row in rows]
    copies, people = _copies_of(station, clip_ids), attributions_of_clips(station.catalog, clip_ids)
    return [_clip_view(row, copies.get(row["clip_id"], []), people[row["clip_id"]]) for row in rows]


def _clip_view(row: Mapping[str, Any], copies: list[dict[str, Any]], people: Attribution) -> dict[str, Any]:
    return {
        "clip_id": row["clip_id"],
        "recorder_id": row["recorder"],
        "officer_id": people.officer,
        "operator_id": people.operator,
        "device_id": row["device_id"],
        "source_path": None if row["path"] is None else shown(row["path"]),
        "size_bytes": row["size_bytes"],
        "sha256": row["sha256"],
        "file_type": row["file_type"],
        "recorded_from": row["recorded_from"],
        "recorded_to": row["recorded_to"],
        "handover_due": row["handover_due"],
        "handover": row["handover"],
        "handover_reason": row["handover_reason"],
        "state": row["state"],
        "copies": copies,
        "sightings": row["sightings"],
        "sealed_at": row["sealed_at"],
        "docked_at": row["docked_at"],
        "handed_over_at": row["handed_over_at"],
        "docking_id": row["docking_id"],
        "session_id": row["session_id"],
        "remarks": [*people.remarks, *_remarks(row)],
    }


def _remarks(row: Mapping[str, Any]) -> list[str]:
    remarks: list[str] = []
    state = ClipState(row["state"])
    if state in _STATE_REMARKS:
        remarks.append(_STATE_REMARKS[state])
    if row["sealed_twice"]:
        remarks.append(Remark.SEALED_TWICE)
    if row["file_type"] == FileType.FOREIGN:
        remarks.append(Remark.FOREIGN_FILE)
    if row["file_type"] == FileType.SIDECAR:
        remarks.append(Remark.ORPHAN_SIDECAR)
    media = json.loads(row["probe"]) if row["probe"] else {}
    if media.get("outcome") in _PROBE_REMARKS:
        remarks.append(_PROBE_REMARKS[media["outcome"]])
    if media.get("sandbox") == "rlimits":
        remarks.append(Remark.PROBE_NOT_SANDBOXED)
    if row["times"] and json.loads(row["times"]).get("contradicts"):
        remarks.append(Remark.TIMES_CONTRADICT)
    return remarks


def _copies_of(station: Station, clip_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for start in range(0, len(clip_ids), 500):
        part = clip_ids[start : start + 500]
        marks = ",".join("?" * len(part))
        rows = station.catalog.rows(
            f"SELECT * FROM copies WHERE clip_id IN ({marks}) ORDER BY role, store_id",  # noqa: S608  # only marks
            tuple(part),
        )
        for row in rows:
            found.setdefault(row.pop("clip_id"), []).append(row)
    return found


def docking_view(station: Station, row: Mapping[str, Any], progress: Progress | None) -> dict[str, Any]:
    """Return one docking; `progress` is there while this process works on it."""
    docking_id = row["docking_id"]
    outcomes = _files_by_outcome(station, docking_id)
    waiting_clips, handover, states = _clips_of_docking(station, docking_id)
    phase = DockingPhase(row["phase"])
    is_over = phase not in {DockingPhase.INVENTORY, DockingPhase.COPYING}
    if phase is DockingPhase.CLOSED and waiting_clips:
        phase = DockingPhase.INTERPRETING
    if phase is DockingPhase.COPYING and progress is not None and progress.is_waiting:
        phase = DockingPhase.WAITING
    bytes_known = sum(size for outcome, (_, size) in outcomes.items() if outcome != FileOutcome.WAITING)
    people = attribution_at(station.catalog, recorder=row["recorder"], kind=row["kind"], docked_at=row["docked_at"])
    held = held_remarks(station.catalog, docking_id)
    safe = _safe_to_take_away(station, row, outcomes, states)
    unkept = set() if safe != "yes" or is_docking_kept(station, docking_id) else {Remark.BAGS_NOT_KEPT}
    if safe == "yes" and not station.record.is_shown(row["closed_seq"]):
        # Whoever restores an older database would lose them, and with them what makes the bags evidence.
        unkept.add(Remark.ENTRIES_IN_NO_STORE)
    if unkept:
        # In a moment, or never: as long as nobody knows, it stays here.
        safe = "cannot-tell"
    view = {
        "docking_id": docking_id,
        "kind": row["kind"],
        "slot": slot_shown(station.catalog, row["port"], row["slot"]),
        "recorder_id": row["recorder"],
        "officer_id": people.officer,
        "operator_id": people.operator,
        "phase": phase,
        "seen_at": row["seen_at"],
        "docked_at": row["docked_at"],
        "closed_at": row["closed_at"],
        "files_found": row["files_found"],
        "files_sealed": outcomes.get(FileOutcome.SEALED, (0, 0))[0],
        "files_known": outcomes.get(FileOutcome.KNOWN, (0, 0))[0],
        "files_listed": _count(
            station, "SELECT COUNT(*) AS n FROM files WHERE docking_id = ? AND basis = ?", docking_id, Basis.LISTED
        ),
        "files_failed": outcomes.get(FileOutcome.FAILED, (0, 0))[0],
        "files_unexplained": outcomes.get(FileOutcome.WAITING, (0, 0))[0] if is_over else 0,
        "bytes_found": row["bytes_found"],
        "bytes_done": max(bytes_known, progress.bytes_done if progress and not is_over else 0),
        "foreign_files": _count(
            station, "SELECT COUNT(*) AS n FROM files WHERE docking_id = ? AND file_type = ?", docking_id, "foreign"
        ),
        "special_files": row["special_files"],
        "interpretation_waiting": waiting_clips,
        "safe_to_take_away": safe,
        **judged_view(row),
        **release_view(station.catalog, docking_id),
        "remarks": sorted({*_remarks_on(states), *people.remarks, *judged_remarks(row), *held, *unkept}),
        "problems": [problem(error) for error in progress.problems] if progress else _recorded_problems(row),
        "handover": handover,
    }
    return {**view, "clearing": clearing_view(station, row, outlook(station, row, view))}


def _remarks_on(states: Mapping[ClipState, int]) -> set[Remark]:
    return {_STATE_REMARKS[state] for state in states if state in _STATE_REMARKS}


def _recorded_problems(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what went wrong as far as the ledger knows: why a docking ended early, which replicas were left out."""
    left_out = json.loads(row["left_out"]) if row["left_out"] else {}
    ended = [problem_of_code(row["code"])] if row["code"] else []
    return ended + [problem_of_code(code, store=store_id) for store_id, code in left_out.items()]


def _safe_to_take_away(
    station: Station,
    row: Mapping[str, Any],
    outcomes: Mapping[str, tuple[int, int]],
    states: Mapping[ClipState, int],
) -> str:
    """Only when the whole card was read, every file of it is SAFE and nothing holds it may it go (R11, R43, R73)."""
    if row["phase"] in {DockingPhase.INVENTORY, DockingPhase.COPYING}:
        return "cannot-tell"
    if row["clearing"] == ClearingState.CLEARING:
        return "no"
    unlisted = folders_left(station.catalog, row["docking_id"])
    left = outcomes.get(FileOutcome.WAITING, (0, 0))[0] + outcomes.get(FileOutcome.FAILED, (0, 0))[0]
    is_held = bool(held_remarks(station.catalog, row["docking_id"]))
    is_whole = row["phase"] == DockingPhase.CLOSED and not left and not unlisted and not is_held
    return "yes" if is_whole and all(state in SAFE_STATES for state in states) else "no"


def _files_by_outcome(station: Station, docking_id: str) -> dict[str, tuple[int, int]]:
    rows = station.catalog.rows(
        "SELECT outcome, COUNT(*) AS n, SUM(size_bytes) AS size FROM files WHERE docking_id = ? GROUP BY outcome",
        (docking_id,),
    )
    return {row["outcome"]: (row["n"], row["size"]) for row in rows}


def _clips_of_docking(station: Station, docking_id: str) -> tuple[int, dict[str, int], dict[ClipState, int]]:
    """Return of the clips sighted at a docking: how many wait for interpretation, their verdicts, their states."""
    rows = station.catalog.rows(
        "SELECT handover, state, probe IS NULL OR handover_reason = 'not-probed' AS waits, COUNT(*) AS n FROM clips"
        " WHERE clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?) GROUP BY 1, 2, 3",
        (docking_id,),
    )
    handover = dict.fromkeys(map(str, Handover), 0)
    states: dict[ClipState, int] = {}
    for row in rows:
        handover[row["handover"]] += row["n"]
        states[ClipState(row["state"])] = states.get(ClipState(row["state"]), 0) + row["n"]
    return sum(row["n"] for row in rows if row["waits"]), handover, states


def pending_docking_view(station: Station, arrival: Arrival, progress: Progress) -> dict[str, Any]:
    """Return a docking that has no entry yet: it waits for its turn, or the ledger took nothing."""
    problems = [problem(error) for error in progress.problems]
    card, docked_at = arrival.card, rfc3339(arrival.docked_at)
    people = attribution_at(station.catalog, recorder=card.recorder, kind=card.kind, docked_at=docked_at)
    return {
        "docking_id": arrival.docking_id,
        "kind": card.kind.value,
        "slot": slot_shown(station.catalog, card.port_path, card.slot),
        "recorder_id": card.recorder,
        "officer_id": people.officer,
        "operator_id": people.operator,
        "phase": DockingPhase.FAILED if problems else DockingPhase.INVENTORY,
        "seen_at": None,
        "docked_at": docked_at,
        "closed_at": None,
        **dict.fromkeys(_COUNTS, 0),
        **judged_view(None),
        **release_view(station.catalog, arrival.docking_id),
        "safe_to_take_away": "no" if problems else "cannot-tell",
        "remarks": sorted(people.remarks),
        "problems": problems,
        "handover": dict.fromkeys(map(str, Handover), 0),
        "clearing": clearing_view(station, None),
    }


def files_view(station: Station, docking_id: str) -> list[dict[str, Any]]:
    """Return every file of a docking with what became of it."""
    rows = station.catalog.rows(
        "SELECT path, size_bytes, file_type, outcome, basis, clip_id, failure FROM files"
        " WHERE docking_id = ? ORDER BY file",
        (docking_id,),
    )
    return [
        {
            "path": None if row["path"] is None else shown(row["path"]),
            "size_bytes": row["size_bytes"],
            "file_type": row["file_type"],
            "outcome": row["outcome"],
            "basis": row["basis"],
            "clip_id": row["clip_id"],
            "problem": _failure(row),
        }
        for row in rows
    ]


def _failure(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["outcome"] != FileOutcome.FAILED:
        return None
    facts = json.loads(row["failure"])
    path = None if row["path"] is None else shown(row["path"])
    return problem_of_code(facts["code"], path=path, **facts["numbers"])


def _count(station: Station, query: str, *parameters: object) -> int:
    return int(station.catalog.rows(query, parameters)[0]["n"])


def store_views(station: Station) -> list[dict[str, Any]]:
    """Return every configured store as it is now."""
    counts = {
        row["store_id"]: row["n"]
        for row in station.catalog.rows(
            "SELECT store_id, COUNT(*) AS n FROM copies WHERE answer = 'yes' GROUP BY store_id"
        )
    }
    views = []
    for look in station.stores.look():
        unpublished = station.record.unpublished.get(look.location.store_id)
        unsettled = [one for one in station.unsettled if one.facts.get("store_id") == look.location.store_id]
        trouble = look.problem or unpublished or next(iter(unsettled), None)
        views.append(
            {
                "store_id": look.location.store_id,
                "role": look.location.role.value,
                "path": str(look.location.path),
                "state": trouble.code if trouble else "ok",
                "problem": problem(trouble) if trouble else None,
                "free_bytes": look.store.free_bytes() if look.store else None,
                "total_bytes": look.store.total_bytes() if look.store else None,
                "disks": sorted(look.store.marker.disks) if look.store and look.store.marker.disks else None,
                "copies": counts.get(look.location.store_id, 0),
            }
        )
    return views
