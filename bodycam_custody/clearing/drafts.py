"""The entries of a clearing: what is going to be removed, and how it ended."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bodycam_custody.clearing.folding import ClearingState
from bodycam_custody.clearing.request import ranges_of
from bodycam_custody.dockings.drafts import subject_of
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.model import DockingId
from hashing.canonical import Json
from hashing.errors import StatedError


def clearing_draft(
    docking_id: DockingId, actor: Actor, *, files: Iterable[int], size_bytes: int, receipt: str
) -> Draft:
    """Return the entry that everything was read again and these files are going to be removed now."""
    facts: dict[str, Json] = {"files": _ranges(files), "bytes": size_bytes, "receipt_sha256": receipt}
    return _draft(EntryKind.CARD_CLEARING, docking_id, actor, facts)


def cleared_draft(
    docking_id: DockingId, actor: Actor, *, removed: Iterable[int], residue: Mapping[str, Any], left: Sequence[Json]
) -> Draft:
    """Return the entry that a card is cleared: what was removed, and what was found on it afterwards."""
    facts: dict[str, Json] = {
        "removed": _ranges(removed),
        "perhaps_removed": [],
        "files_left": residue["files"],
        "specials_left": residue["specials"],
        "left": [*left],
    }
    return _draft(EntryKind.CARD_CLEARED, docking_id, actor, facts)


def failed_draft(
    docking_id: DockingId,
    actor: Actor,
    error: StatedError,
    *,
    removed: Iterable[int] = (),
    perhaps_removed: Iterable[int] = (),
) -> Draft:
    """Return the entry that a clearing was refused or broke off; no name and no free text enters the ledger."""
    gone, perhaps = _ranges(removed), _ranges(perhaps_removed)
    numbers: dict[str, Json] = {
        name: fact for name, fact in error.facts.items() if isinstance(fact, int) and abs(fact) < 2**53
    }
    card = ClearingState.WHOLE
    if perhaps:
        card = ClearingState.UNKNOWN
    elif gone:
        card = ClearingState.PARTLY
    facts: dict[str, Json] = {
        "card": card.value,
        "code": error.code,
        "numbers": numbers,
        "removed": gone,
        "perhaps_removed": perhaps,
    }
    return _draft(EntryKind.CARD_CLEARING_FAILED, docking_id, actor, facts)


def _draft(kind: EntryKind, docking_id: DockingId, actor: Actor, facts: Mapping[str, Json]) -> Draft:
    about: dict[str, Json] = {"docking_id": docking_id, "person": actor.person, **facts}
    return Draft(kind=kind, subject=subject_of(docking_id), actor=actor, facts=about)


def _ranges(numbers: Iterable[int]) -> list[Json]:
    return [[first, last] for first, last in ranges_of(numbers)]
