"""Clearing the card of a docking: a custodian's act, entered before and after (R40, A3 art. 7)."""

import base64
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from archive.clearance import SealedBag
from bodycam_custody.appointments import require_role
from bodycam_custody.clearing.decision import HandedOver, require_clearable, require_clearing_chosen, slip_of
from bodycam_custody.clearing.drafts import cleared_draft, clearing_draft, failed_draft
from bodycam_custody.clearing.errors import ClearingBrokenOffError, ClearingRefusedError
from bodycam_custody.clearing.request import ClearRequest, FileToClear
from bodycam_custody.clearing.service import Followed, follow
from bodycam_custody.clearing.target import docking_to_clear
from bodycam_custody.entries import Actor, EntryKind
from bodycam_custody.errors import StatedError
from bodycam_custody.model import DockingId
from bodycam_custody.operations import Caller, ClearCard
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station
from bodycam_custody.views import docking_view
from docking.clearing import ReceiptedFile
from hashing.canonical import Json
from hashing.digest import Digest
from hashing.errors import N_, Statement

logger = logging.getLogger(__name__)

ARTICLE = "A3 art. 7"
# Subjects asked of the ledger at a time.
_CLIPS_AT_ONCE = 500
_SEALING = frozenset({EntryKind.CLIP_SEALED, EntryKind.SUPPLEMENT_SEALED, EntryKind.BAG_ADOPTED})
# What accompanies a recording goes before it: a clearing that breaks off leaves nothing without its recording.
_FILES = """
SELECT f.file, f.path, f.size_bytes, f.mtime_ns, f.clip_id,
       COALESCE(f.sha256, CASE WHEN f.main IS NULL THEN c.sha256 END) AS sha256
FROM files f LEFT JOIN clips c USING (clip_id) WHERE f.docking_id = ?
ORDER BY COALESCE(f.main, f.file), f.main IS NULL, f.file
"""


def clear_card(runtime: Runtime, request: ClearCard, caller: Caller) -> Any:
    """Clear the card of a docking and return how that ended; takes as long as reading card and copies again.

    Raises:
        ClearingNotChosenError: the unit did not choose clearing.
        PersonUnknownError, RoleRequiredError: the person is not appointed custodian.
        NotFoundError, ClearingRefusedError: there is no such card, or it may not be cleared now.
        ClearHelperMissingError, StatedError: the helper refused; the card is whole, and that is entered.
    """
    station = runtime.station
    require_clearing_chosen(station)
    person = require_role(station, request.person, [Role.CUSTODIAN], article=ARTICLE)
    actor = Actor(uid=caller.uid, person=person)
    docking_id = docking_to_clear(runtime, request.target)
    with runtime.clearing(docking_id):
        handed_over = _clearable(station, docking_id)
        wanted = request_for(station, docking_id, handed_over)
        _clear(station, docking_id, actor, wanted)
    (row,) = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (docking_id,))
    return {"docking_id": docking_id, **docking_view(station, row, None)["clearing"]}


def _clearable(station: Station, docking_id: DockingId) -> HandedOver:
    (row,) = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (docking_id,))
    return require_clearable(station, row, docking_view(station, row, None))


def _clear(station: Station, docking_id: DockingId, actor: Actor, wanted: ClearRequest) -> None:
    def enter() -> int:
        # The reading took its time: what was decided before it is decided again, and nobody enters in between.
        with station.sealing:
            handed_over = _clearable(station, docking_id)
            (entry,) = station.record.enter(
                [
                    clearing_draft(
                        docking_id,
                        actor,
                        files=[one.file.number for one in wanted.files],
                        size_bytes=sum(one.file.size_bytes for one in wanted.files),
                        receipt=str(handed_over.receipt.facts["receipt_sha256"]),
                    )
                ]
            )
        return entry.seq

    try:
        followed = follow(station.settings, wanted, enter, is_stopping=station.stopping.is_set)
    except StatedError as err:
        logger.warning("card is not cleared docking=%s code=%s", docking_id, err.code)
        station.record.enter([failed_draft(docking_id, actor, err)])
        raise
    _enter_end(station, docking_id, actor, followed)


def _enter_end(station: Station, docking_id: DockingId, actor: Actor, followed: Followed) -> None:
    problem = followed.problem
    if problem is None and followed.residue is not None:
        left = _left(station, followed.residue["named"])
        residue = followed.residue
        station.record.enter([cleared_draft(docking_id, actor, removed=followed.removed, residue=residue, left=left)])
        return
    if problem is None:
        problem = ClearingBrokenOffError(
            removed=len(followed.removed), files=len(followed.order), unknown=len(followed.perhaps_removed)
        )
    logger.error("clearing ended early docking=%s code=%s", docking_id, problem.code)
    station.record.enter(
        [failed_draft(docking_id, actor, problem, removed=followed.removed, perhaps_removed=followed.perhaps_removed)]
    )


def _left(station: Station, named: Sequence[Sequence[Any]]) -> list[Json]:
    """Return what is left on the card as an entry has it: sizes, and commitments to names."""
    commitments = station.texts.keep([base64.b64decode(path) for path, _ in named], meaning="path")
    return [{"path": commitment, "size": size} for commitment, (_, size) in zip(commitments, named, strict=True)]


def request_for(station: Station, docking_id: DockingId, handed_over: HandedOver) -> ClearRequest:
    """Return what the helper is asked for a docking: its slip, its files, and the bags and entries they rest on.

    Raises:
        ClearingRefusedError: the card is not in its slot, or a file's name or digest is not known any more.
    """
    (row,) = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (docking_id,))
    slip = slip_of(station, row)
    rows = station.catalog.rows(_FILES, (docking_id,))
    if any(one["path"] is None or one["sha256"] is None or one["clip_id"] is None for one in rows):
        reason = Statement(N_("The names or digests of some of its files are not known any more."))
        raise ClearingRefusedError(docking_id=docking_id, reason=reason)
    bags, numbers = _bags_of(station, sorted({str(one["clip_id"]) for one in rows}))
    return ClearRequest(
        docking_id=docking_id,
        slip=slip,
        receipt_seq=handed_over.receipt.seq,
        accepted_seq=handed_over.accepted.seq,
        bags=tuple(bags),
        files=tuple(
            FileToClear(
                file=ReceiptedFile(
                    number=one["file"],
                    path=one["path"],
                    size_bytes=one["size_bytes"],
                    mtime_ns=int(one["mtime_ns"]),
                    sha256=Digest(hex=one["sha256"]),
                ),
                bags=tuple(numbers[one["clip_id"]]),
            )
            for one in rows
        ),
    )


def _standing_bags(station: Station, clip_ids: Sequence[str]) -> set[tuple[Json, Json]]:
    marks = ",".join("?" * len(clip_ids))
    rows = station.catalog.rows(
        f"SELECT bag_path, tagmanifest FROM clips WHERE clip_id IN ({marks})"  # noqa: S608  # only marks
        f" UNION ALL SELECT bag_path, tagmanifest FROM supplements WHERE clip_id IN ({marks})",
        (*clip_ids, *clip_ids),
    )
    return {(row["bag_path"], row["tagmanifest"]) for row in rows}


def _bags_of(station: Station, clip_ids: Sequence[str]) -> tuple[list[SealedBag], Mapping[str, list[int]]]:
    """Return every bag of these clips by the entries that sealed them, and their numbers by clip."""
    bags: list[SealedBag] = []
    numbers: dict[str, list[int]] = {clip_id: [] for clip_id in clip_ids}
    for start in range(0, len(clip_ids), _CLIPS_AT_ONCE):
        part = clip_ids[start : start + _CLIPS_AT_ONCE]
        standing = _standing_bags(station, part)
        for entry in station.ledger.entries_about([f"clip:{clip_id}" for clip_id in part]):
            facts = entry.facts
            # A bag that was sealed anew, or set aside as a second one, is not the clip's any more.
            if entry.kind in _SEALING and (facts["bag_path"], facts["tagmanifest_sha256"]) in standing:
                numbers[entry.clip_id].append(len(bags))
                tagmanifest = Digest(hex=str(facts["tagmanifest_sha256"]))
                bags.append(SealedBag(bag_path=str(facts["bag_path"]), tagmanifest=tagmanifest, seq=entry.seq))
    return bags, numbers
