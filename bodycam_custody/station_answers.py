"""What is asked about the station as a whole: its state, its stores, its head, its keys."""

from typing import Any

from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.answers import dockings_in_view
from bodycam_custody.errors import NotFoundError
from bodycam_custody.genesis import write_anchor
from bodycam_custody.keeping import keeping_remarks
from bodycam_custody.operations import Caller, Nothing
from bodycam_custody.release.standing import count_away
from bodycam_custody.release.unfinished import count_failed_files, count_unfinished
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.alarms import standing_alarms
from bodycam_custody.views import SAFE_STATES, problem, store_views


def show_status(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Return the station at a glance: what is kept, what waits, what is wrong."""
    station = runtime.station
    settings, ledger = station.settings, station.ledger
    refusal = ledger.refusal or station.record.catalog_problem
    runtime.board.look()
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
        "disks_apart": station.stores.apart(),
        "slots": [view for view in runtime.board.views() if view["is_dock"]],
        "alarms": standing_alarms(station.catalog),
        "dockings": dockings_in_view(runtime),
        "clips": {
            "total": _number(runtime, "SELECT COUNT(*) AS n FROM clips"),
            "by_state": _counts(runtime, "SELECT state AS k, COUNT(*) AS n FROM clips GROUP BY state"),
            "by_handover": _counts(runtime, "SELECT handover AS k, COUNT(*) AS n FROM clips GROUP BY handover"),
        },
        "backlog": _backlog(runtime),
        "remarks": sorted(station.remarks | keeping_remarks(station)),
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
        "interpretation_waiting": _number(runtime, "SELECT COUNT(*) AS n FROM clips WHERE probe IS NULL"),
        "foreign_files": _number(runtime, "SELECT COUNT(*) AS n FROM clips WHERE file_type = 'foreign'"),
        "withdrawn": count_away(runtime.station.catalog),
        "unfinished": count_unfinished(runtime.station.catalog),
        "failed_files": count_failed_files(runtime.station.catalog),
    }


def list_stores(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Return every configured store as it is now, and whether they lie on different disks."""
    return {"items": store_views(runtime.station), "disks_apart": runtime.station.stores.apart()}


def rebuild_catalog(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Make the catalog again from ledger, texts and bags."""
    station = runtime.station
    started_s = station.clock.monotonic_s()
    with station.sealing:
        entries = station.record.rebuild_catalog()
        bags_read = station.record.fill_names_from_bags()
    return {
        "entries": entries,
        "clips": _number(runtime, "SELECT COUNT(*) AS n FROM clips"),
        "bags_read": bags_read,
        "seconds": round(station.clock.monotonic_s() - started_s, 3),
        "problems": [],
    }


def give_checkpoint(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Give the newest signed head, for somebody to keep elsewhere."""
    station = runtime.station
    head = station.ledger.head
    if head is None:
        raise NotFoundError(what="head", id=station.settings.station.origin)
    path = write_anchor(station.settings.paths.trust, head.note)
    return {"note": head.note.decode(), "size": head.size, "origin": station.ledger.origin, "path": str(path)}


def show_keys(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Return the public keys and trust anchors that an auditor needs."""
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
