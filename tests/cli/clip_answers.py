"""What a small station says about one clip it holds."""

from collections.abc import Sequence, Set

from cli import wire


def detail_of(clip: wire.Clip, gaps: Sequence[wire.Gap]) -> object:
    """Return everything about the clip, with the gaps of its session."""
    return clip | {
        "bag_path": f"clips/2026/11/21/{clip['clip_id']}",
        "sightings_detail": [
            {
                "docking_id": clip["docking_id"],
                "path": clip["source_path"],
                "mtime": clip["recorded_to"],
                "seen_at": clip["sealed_at"],
                "basis": "read",
            }
        ],
        "copies_detail": [],
        "media": {"outcome": "parsed", "container": "mov,mp4", "duration_ms": 60_000},
        "times": {"source": "name", "offset_s": None},
        "session": {"session_id": clip["session_id"], "gaps": gaps} if clip["session_id"] else None,
    }


def history_of(clip: wire.Clip, tree_size: int) -> object:
    """Return the entries about the clip in a ledger of that size."""
    kinds = ("clip.sealed", "clip.probed", "clip.judged")
    return [
        {
            "seq": 4 + index,
            "at": clip["sealed_at"],
            "kind": kind,
            "actor": {"uid": 0} if kind == "clip.judged" else {"system": "daemon"},
            "facts": {},
            "leaf": f"{4 + index:064x}",
            "proof": {"tree_size": tree_size, "inclusion": []},
        }
        for index, kind in enumerate(kinds)
    ]


def check_of(clip: wire.Clip, damaged: Set[str]) -> object:
    """Return what its copies are found to be, with those in the stores `damaged` broken."""
    broken = {
        "code": "B005",
        "template": "{path}: expected SHA-256 {expected}, found {found}",
        "facts": {"path": "data/main.mp4", "expected": "aa", "found": "bb"},
    }
    copies = [
        {
            "store_id": copy["store_id"],
            "answer": "no" if copy["store_id"] in damaged else "yes",
            "findings": [broken] if copy["store_id"] in damaged else [],
        }
        for copy in clip["copies"]
    ]
    return {"clip_id": clip["clip_id"], "copies": copies, "answer": "no" if damaged else "yes"}
