"""What became of clearing a card, as those who ask see it."""

import json
from collections.abc import Mapping
from typing import Any

from bodycam_custody.clearing.decision import Outlook
from bodycam_custody.clearing.folding import ClearingState
from bodycam_custody.clearing.request import numbers_in, problem_to_json
from bodycam_custody.error_codes import problem_of_code
from bodycam_custody.station import Station
from hashing.errors import shown


def clearing_view(station: Station, row: Mapping[str, Any] | None, outlook: Outlook | None = None) -> dict[str, Any]:
    """Return the clearing of a docking by its row (None: it has no entry yet); `outlook` says why it is not cleared."""
    row = row or dict.fromkeys(("clearing", "clearing_at", "clearing_by", "clearing_facts"))
    facts = json.loads(row["clearing_facts"]) if row["clearing_facts"] else {}
    return {
        "state": row["clearing"],
        "at": row["clearing_at"],
        "by": row["clearing_by"],
        "is_chosen": outlook is not None and outlook.is_chosen,
        "is_in_slot": outlook is not None and outlook.is_in_slot,
        "files_removed": len(numbers_in(facts.get("removed", []))),
        "files_perhaps_removed": len(numbers_in(facts.get("perhaps_removed", []))),
        "files_left": facts.get("files_left"),
        "left": _left(station, facts.get("left", [])),
        "problem": _problem(row, facts, outlook),
    }


def _problem(row: Mapping[str, Any], facts: Mapping[str, Any], outlook: Outlook | None) -> dict[str, Any] | None:
    if row["clearing"] in {ClearingState.CLEARING, ClearingState.CLEARED}:
        return None
    if row["clearing"] is not None:
        return problem_of_code(facts["code"], **facts["numbers"])
    return None if outlook is None or outlook.problem is None else problem_to_json(outlook.problem)


def _left(station: Station, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = station.texts.reveal([row["path"] for row in rows]) if rows else {}
    return [
        {"path": shown(names[row["path"]]) if row["path"] in names else None, "size_bytes": row["size"]} for row in rows
    ]
