"""The custodian's acceptance of a docking: the act that ends the officer's duty (R38, R39, A3 art. 7)."""

from typing import Any

from bodycam_custody.appointments import require_role
from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.drafts import subject_of
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.errors import NotFoundError
from bodycam_custody.handover.errors import (
    AlreadyAcceptedError,
    DockingNotOverError,
    LateWithoutReasonError,
    NotJudgedYetError,
)
from bodycam_custody.interpretation.judgement import judge_waiting, late_if_accepted
from bodycam_custody.model import DockingId, DockingPhase, FileOutcome
from bodycam_custody.operations import AcceptDocking, Caller
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station
from bodycam_custody.texts import Texts

ARTICLE = "A3 art. 7"

_OUTCOMES = "SELECT outcome, COUNT(*) AS n FROM files WHERE docking_id = ? GROUP BY outcome"
_CLIPS = "SELECT COUNT(DISTINCT clip_id) AS n FROM sightings WHERE docking_id = ?"


def accept_docking(runtime: Runtime, request: AcceptDocking, caller: Caller) -> Any:
    """Enter that a custodian takes over what a docking brought, and judge the 24 hours where acceptance ends them.

    Files that could not be sealed are counted, not waited for: one bad file makes nobody late with the others.

    Raises:
        NotFoundError, DockingNotOverError, AlreadyAcceptedError: there is nothing to accept.
        PersonUnknownError, RoleRequiredError: the person is not appointed custodian.
        NotJudgedYetError, LateWithoutReasonError: late needs a reason, and none was given.
    """
    station = runtime.station
    person = require_role(station, request.person, [Role.CUSTODIAN], article=ARTICLE)
    reason = (request.reason or "").strip()
    # One at a time, so that nobody accepts a second time what another accepts now.
    with station.sealing:
        docking_id = closed_docking(station, request.docking_id)
        _require_not_accepted(station, docking_id)
        (clips,) = (row["n"] for row in station.catalog.rows(_CLIPS, (docking_id,)))
        late, waiting = late_if_accepted(station, docking_id, station.clock.now())
        if late and not reason:
            hours = station.settings.rule_set.handover_hours
            raise LateWithoutReasonError(late=late, clips=clips, docking_id=docking_id, hours=hours)
        if waiting and not reason:
            raise NotJudgedYetError(waiting=waiting, clips=clips, docking_id=docking_id)
        outcomes = {row["outcome"]: row["n"] for row in station.catalog.rows(_OUTCOMES, (docking_id,))}
        kept = outcomes.get(FileOutcome.SEALED, 0) + outcomes.get(FileOutcome.KNOWN, 0)
        (entry,) = station.record.enter(
            [
                Draft(
                    kind=EntryKind.DOCK_ACCEPTED,
                    subject=subject_of(docking_id),
                    actor=Actor(uid=caller.uid, person=person),
                    facts={
                        "docking_id": docking_id,
                        "person": person,
                        "clips": clips,
                        "files_kept": kept,
                        "files_left": sum(outcomes.values()) - kept,
                        "late": late,
                        "waiting": waiting,
                        "reason": _kept_reason(station.texts, reason),
                        "rule_set_version": station.settings.rule_set.version,
                    },
                )
            ]
        )
    judge_waiting(station)
    return {
        "docking_id": docking_id,
        "accepted_at": rfc3339(entry.at),
        "accepted_by": person,
        "clips": clips,
        "late": late,
        "waiting": waiting,
        "files_left": sum(outcomes.values()) - kept,
        "entry": entry.seq,
    }


def closed_docking(station: Station, docking_id: str) -> DockingId:
    """Return the id of a docking that is over, however it ended.

    Raises:
        NotFoundError: there is none with this id.
        DockingNotOverError: its card is still being read.
    """
    rows = station.catalog.rows("SELECT phase FROM dockings WHERE docking_id = ?", (docking_id,))
    if not rows:
        raise NotFoundError(what="docking", id=docking_id)
    if rows[0]["phase"] in {DockingPhase.INVENTORY, DockingPhase.COPYING}:
        raise DockingNotOverError(docking_id=docking_id)
    return DockingId(docking_id)


def _require_not_accepted(station: Station, docking_id: DockingId) -> None:
    (row,) = station.catalog.rows("SELECT accepted_at, accepted_by FROM dockings WHERE docking_id = ?", (docking_id,))
    if row["accepted_at"] is not None:
        raise AlreadyAcceptedError(docking_id=docking_id, person=row["accepted_by"], at=row["accepted_at"])


def _kept_reason(texts: Texts, reason: str) -> str | None:
    """Return the commitment to a reason; its text lies in the texts, where it can be erased."""
    return texts.keep([reason.encode()], meaning="late-reason")[0] if reason else None
