"""Acts by which a recorder leaves with files nobody could read: withdrawn for recovery, or released uncleared.

So that no slot ever says "leave it here" for good: whatever stands in the way of *safe to take away*, a custodian may
send the recorder to recovery, and a supervisor may let it go with a reason (A3 art. 7). Nothing is deleted by either.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from bodycam_custody.appointments import require_role
from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.drafts import subject_of
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.errors import NotFoundError
from bodycam_custody.handover.acceptance import closed_docking
from bodycam_custody.model import DockingId
from bodycam_custody.operations import Caller, LetGo, operation_named
from bodycam_custody.recorders import attribution
from bodycam_custody.recorders.reading import parse_text
from bodycam_custody.release.errors import (
    AlreadyReleasedError,
    AlreadyWithdrawnError,
    NothingLeftError,
    SlotEmptyError,
)
from bodycam_custody.release.left_behind import files_left, folders_left
from bodycam_custody.release.standing import release_view
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.views import WhyNot
from bodycam_custody.station import Station
from bodycam_custody.views import docking_view
from docking.card import UNKNOWN_RECORDER
from docking.slot_state import SlotPhase
from docking.usb_ports import PortId
from hashing.errors import shown

_EMPTY = frozenset({SlotPhase.EMPTY, SlotPhase.GONE_EARLY})
# Why a recorder stays although each of its dockings may go: another card of it has none.
_WITHOUT_DOCKING = frozenset({WhyNot.REFUSED, WhyNot.NOT_MOUNTED, WhyNot.WAITING})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaving:
    """What is to leave: a docking's recorder, or one in a slot that shows no card and so has no docking."""

    docking_id: DockingId | None
    recorder: str | None
    port: PortId | None


def withdraw_recorder(runtime: Runtime, request: LetGo, caller: Caller) -> Any:
    """Enter that a recorder goes away for recovery; it is issued to nobody until what was left is settled.

    Raises:
        NotFoundError, SlotEmptyError, DockingNotOverError: there is nothing to withdraw, or not yet.
        PersonUnknownError, RoleRequiredError: the person is not appointed custodian.
        NothingLeftError, AlreadyWithdrawnError, AlreadyReleasedError: it need not, or did already.
    """
    return _let_go(runtime, request, caller, kind=EntryKind.DOCK_WITHDRAWN, roles={Role.CUSTODIAN})


def release_recorder(runtime: Runtime, request: LetGo, caller: Caller) -> Any:
    """Enter that a supervisor lets a recorder go with what could not be read still on it, and why.

    Raises:
        NotFoundError, SlotEmptyError, DockingNotOverError: there is nothing to release, or not yet.
        PersonUnknownError, RoleRequiredError: the person is not appointed supervisor.
        NothingLeftError, AlreadyReleasedError: it need not, or did already.
    """
    return _let_go(runtime, request, caller, kind=EntryKind.DOCK_RELEASED, roles={Role.SUPERVISOR})


def _let_go(
    runtime: Runtime, request: LetGo, caller: Caller, *, kind: EntryKind, roles: Collection[Role]
) -> dict[str, Any]:
    station = runtime.station
    article = operation_named("dockings.release").article
    person = require_role(station, request.person, roles, article=article)
    reason = parse_text("reason", request.reason)
    if reason is None:
        raise RuntimeError("a request without its reason")
    runtime.board.look()
    # From the look at what stands to the entry: two people may decide over one recorder at once.
    with station.sealing:
        leaving = _named(runtime, request.target)
        _reject(station, leaving, kind)
        left = files_left(station.catalog, leaving.docking_id) if leaving.docking_id else None
        folders = folders_left(station.catalog, leaving.docking_id) if leaving.docking_id else None
        (commitment,) = station.texts.keep([reason.encode()], meaning="release-reason")
        (entry,) = station.record.enter(
            [
                Draft(
                    kind=kind,
                    subject=_subject(leaving),
                    actor=Actor(uid=caller.uid, person=person),
                    facts={
                        "docking_id": leaving.docking_id,
                        "recorder": leaving.recorder,
                        "port": leaving.port,
                        "person": person,
                        "files_left": None if left is None else len(left),
                        "folders_left": None if folders is None else len(folders),
                        "reason": commitment,
                    },
                )
            ]
        )
    if leaving.docking_id is None and leaving.port is not None:
        runtime.board.let_go(leaving.port, kind)
    return {
        "docking_id": leaving.docking_id,
        "recorder_id": leaving.recorder,
        "port": leaving.port,
        "at": rfc3339(entry.at),
        "by": person,
        "files_left": None if left is None else len(left),
        "folders_left": None if folders is None else len(folders),
        "entry": entry.seq,
    }


def _named(runtime: Runtime, target: str) -> _Leaving:
    """Return what a docking id, the name of a slot or its port stands for."""
    catalog = runtime.station.catalog
    rows = catalog.rows("SELECT docking_id, recorder, port FROM dockings WHERE docking_id = ?", (target,))
    if not rows:
        slot = next((view for view in runtime.board.views() if target in {view["slot"], view["port"]}), None)
        if slot is None:
            raise NotFoundError(what="docking or slot", id=shown(target))
        if slot["phase"] in _EMPTY:
            raise SlotEmptyError(slot=shown(target))
        # Of several cards that whose docking is not safe; where none is left, those that never had one.
        docking_id = runtime.board.open_docking(PortId(slot["port"]))
        if slot["docking_id"] is None or (docking_id is None and slot["why_not"] in _WITHOUT_DOCKING):
            return _Leaving(docking_id=None, recorder=_known(slot["recorder_id"]), port=PortId(slot["port"]))
        rows = catalog.rows(
            "SELECT docking_id, recorder, port FROM dockings WHERE docking_id = ?", (docking_id or slot["docking_id"],)
        )
    port = None if rows[0]["port"] is None else PortId(rows[0]["port"])
    docking_id = closed_docking(runtime.station, rows[0]["docking_id"])
    return _Leaving(docking_id=docking_id, recorder=_known(rows[0]["recorder"]), port=port)


def _known(recorder: str | None) -> str | None:
    return None if recorder == UNKNOWN_RECORDER else recorder


def _reject(station: Station, leaving: _Leaving, kind: EntryKind) -> None:
    """Return if the act may be entered."""
    if leaving.docking_id is None:
        return
    docking_id = leaving.docking_id
    (row,) = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (docking_id,))
    if docking_view(station, row, None)["safe_to_take_away"] == "yes":
        raise NothingLeftError(docking_id=docking_id)
    view = release_view(station.catalog, docking_id)
    if view["released_at"] is not None:
        raise AlreadyReleasedError(docking_id=docking_id, person=view["released_by"], at=view["released_at"])
    is_away = view["withdrawn_at"] is not None and view["withdrawn_until"] is None
    if kind is EntryKind.DOCK_WITHDRAWN and is_away:
        raise AlreadyWithdrawnError(docking_id=docking_id, person=view["withdrawn_by"], at=view["withdrawn_at"])


def _subject(leaving: _Leaving) -> str:
    if leaving.docking_id is not None:
        return subject_of(leaving.docking_id)
    return f"slot:{leaving.port}" if leaving.recorder is None else attribution.subject_of(leaving.recorder)
