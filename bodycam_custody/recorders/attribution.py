"""Whose recorder it was: the assignment in force when a recorder was docked (R31), and whether it is known (R73)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.model import Remark
from docking.card import UNKNOWN_RECORDER, DockingKind

# A recorder is held up to, not at, the moment it is returned.
_IN_FORCE = "a.recorder = k.recorder AND a.since <= k.docked_at AND (a.until IS NULL OR a.until > k.docked_at)"
_JOINED = f"LEFT JOIN assignments a ON {_IN_FORCE} LEFT JOIN recorders r ON r.recorder = k.recorder"
_SEEN = "k.recorder, k.kind, a.officer, a.operator, a.seq, r.registered_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """The people behind a recorder at one docking, and what must be said where they or it are not known."""

    officer: str | None
    operator: str | None
    issue_seq: int | None
    """The entry that issued the recorder."""
    remarks: tuple[Remark, ...]


def subject_of(recorder: str) -> str:
    """Return the ledger subject of a recorder."""
    return f"recorder:{recorder}"


def attributions_of_clips(catalog: Catalog, clip_ids: Sequence[str]) -> dict[str, Attribution]:
    """Return for each clip who answered for its recorder when it was first docked."""
    found: dict[str, Attribution] = {}
    for start in range(0, len(clip_ids), 500):
        part = clip_ids[start : start + 500]
        marks = ",".join("?" * len(part))
        rows = catalog.rows(
            f"SELECT k.clip_id, {_SEEN} FROM (SELECT c.clip_id, c.recorder, c.docked_at, d.kind FROM clips c"  # noqa: S608  # only marks and ours
            f" LEFT JOIN dockings d USING (docking_id) WHERE c.clip_id IN ({marks})) k {_JOINED}",
            tuple(part),
        )
        found.update((row["clip_id"], _attribution(row)) for row in rows)
    return found


def attribution_at(catalog: Catalog, *, recorder: str, kind: str, docked_at: str) -> Attribution:
    """Return who answers for `recorder` at the moment `docked_at`."""
    (row, *_) = catalog.rows(
        f"SELECT {_SEEN} FROM (SELECT ? AS recorder, ? AS kind, ? AS docked_at) k {_JOINED}",  # noqa: S608  # ours
        (recorder, kind, docked_at),
    )
    return _attribution(row)


def _attribution(row: Mapping[str, Any]) -> Attribution:
    remarks = []
    # A folder comes from no recorder: there is nothing to register.
    is_folder = row["recorder"] == UNKNOWN_RECORDER and row["kind"] == DockingKind.IMPORT
    if row["registered_at"] is None and not is_folder:
        remarks.append(Remark.RECORDER_UNREGISTERED)
    if row["officer"] is None:
        remarks.append(Remark.RECORDER_UNASSIGNED)
    return Attribution(officer=row["officer"], operator=row["operator"], issue_seq=row["seq"], remarks=tuple(remarks))
