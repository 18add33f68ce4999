"""What a small station holds, as the interface gives it: clips, dockings, slots and stores that are well."""

from typing import Any

from cli import wire

PREFIX = "kz3f7q2m"


def make_clip(number: int, **differing: Any) -> wire.Clip:
    """Return a clip that is safe and on time, but for what differs."""
    clip: dict[str, Any] = {
        "clip_id": f"{number:04d}".translate(str.maketrans("0189", "opqr")) + PREFIX * 3 + "abcd",
        "recorder_id": "usb:4255:0001:ZX12",
        "officer_id": "officer-1",
        "operator_id": "officer-1",
        "source_path": f"DCIM/500123_DSJ0017_2026112110150{number}_{number:04d}.mp4",
        "size_bytes": 931_528,
        "sha256": f"{number:064x}",
        "file_type": "video",
        "recorded_from": f"2026-11-21T02:15:0{number}.000000Z",
        "recorded_to": f"2026-11-21T02:16:0{number}.000000Z",
        "handover_due": "2026-11-22T02:16:00.000000Z",
        "handover": "on-time",
        "handover_reason": "docked-within-hours",
        "state": "safe",
        "copies": [
            {
                "store_id": "primary",
                "role": "primary",
                "reread": "medium",
                "verified_at": "2026-11-21T09:00:01.000000Z",
            },
            {"store_id": "backup", "role": "replica", "reread": "medium", "verified_at": "2026-11-21T09:00:02.000000Z"},
        ],
        "sightings": 1,
        "sealed_at": "2026-11-21T09:00:00.000000Z",
        "docked_at": "2026-11-21T08:59:00.000000Z",
        "handed_over_at": "2026-11-21T08:59:00.000000Z",
        "docking_id": "20261121T085900Z-k3f9",
        "session_id": "s-1",
        "device_id": "DSJ0017",
        "remarks": [],
    }
    return clip | differing  # type: ignore[return-value]  # built field by field from the interface


def make_clearing(**differing: Any) -> wire.Clearing:
    """Return the clearing of a unit that keeps its recorders at the desk, but for what differs."""
    clearing: dict[str, Any] = {
        "state": None,
        "at": None,
        "by": None,
        "is_chosen": False,
        "is_in_slot": False,
        "files_removed": 0,
        "files_perhaps_removed": 0,
        "files_left": None,
        "left": [],
        "problem": None,
    }
    return clearing | differing  # type: ignore[return-value]  # built field by field from the interface


def make_docking(**differing: Any) -> wire.Docking:
    """Return a docking that went well, but for what differs."""
    docking: dict[str, Any] = {
        "docking_id": "20261121T085900Z-k3f9",
        "kind": "dock",
        "slot": "slot-1",
        "recorder_id": "usb:4255:0001:ZX12",
        "officer_id": "officer-1",
        "operator_id": "officer-1",
        "phase": "closed",
        "seen_at": "2026-11-21T08:59:00.000000Z",
        "docked_at": "2026-11-21T08:59:00.000000Z",
        "closed_at": "2026-11-21T09:01:00.000000Z",
        "files_found": 3,
        "files_sealed": 3,
        "files_known": 0,
        "files_listed": 0,
        "files_failed": 0,
        "files_unexplained": 0,
        "bytes_found": 2_794_584,
        "bytes_done": 2_794_584,
        "foreign_files": 0,
        "special_files": 0,
        "interpretation_waiting": 0,
        "safe_to_take_away": "yes",
        "previous_docking_id": None,
        "files_missing": 0,
        "files_missing_unkept": 0,
        "files_reappeared": 0,
        "sequence_gaps": 0,
        "clock_offset_ms": None,
        "clock_offset_uncertainty_ms": None,
        "clock_verdict": None,
        "clock_drift_ms_per_day": None,
        "accepted_at": None,
        "accepted_by": None,
        "withdrawn_at": None,
        "withdrawn_by": None,
        "withdrawn_reason": None,
        "withdrawn_until": None,
        "released_at": None,
        "released_by": None,
        "released_reason": None,
        "remarks": [],
        "problems": [],
        "handover": {"on-time": 3, "late": 0, "undeterminable": 0},
        "clearing": make_clearing(),
    }
    return docking | differing  # type: ignore[return-value]  # built field by field from the interface


def make_slot(name: str | None, port: int, **differing: Any) -> wire.Slot:
    """Return a slot with nothing in it, but for what differs."""
    slot: dict[str, Any] = {
        "slot": name,
        "port": f"pci-0000:00:14.0-usb-0:{port}",
        "phase": "empty",
        "is_dock": name is not None,
        "arrivals": 0,
        "recorder_id": None,
        "device": None,
        "product": None,
        "docking_id": None,
        "remarks": [],
        "problem": None,
        "unlock": None,
        "officer_id": None,
        "operator_id": None,
        "files_found": 0,
        "files_kept": 0,
        "bytes_found": 0,
        "bytes_done": 0,
        "handover": {"on-time": 0, "late": 0, "undeterminable": 0},
        "safe_to_take_away": None,
        "why_not": None,
    }
    return slot | differing  # type: ignore[return-value]  # built field by field from the interface


def make_store(store_id: str, role: str, **differing: Any) -> wire.Store:
    """Return a store that is well, but for what differs."""
    store: dict[str, Any] = {
        "store_id": store_id,
        "role": role,
        "path": f"/srv/custody/{store_id}",
        "state": "ok",
        "problem": None,
        "free_bytes": 400 * 2**30,
        "total_bytes": 1000 * 2**30,
        "disks": ["sda"] if role == "primary" else ["sdb"],
        "copies": 3,
    }
    return store | differing  # type: ignore[return-value]  # built field by field from the interface
