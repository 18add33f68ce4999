"""What stands in a slot, as those who ask see it: whose recorder, how far it is read, and whether it may go."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from bodycam_custody.clearing.folding import ClearingState
from bodycam_custody.clock import rfc3339
from bodycam_custody.model import DockingPhase, Handover, Remark
from bodycam_custody.recorders.attribution import attribution_at
from bodycam_custody.release.left_behind import folders_left
from bodycam_custody.station import Station
from docking.card import DockingKind
from docking.drivers.told_visit import ToldVisit
from docking.slot_state import SlotPhase
from hashing.errors import shown


class WhyNot(StrEnum):
    """Why what stands in a slot is not safe to take away; the text is part of the interface."""

    REFUSED = "refused"
    GONE_EARLY = "gone-early"
    INTERRUPTED = "interrupted"
    FILES_FAILED = "files-failed"
    FOLDERS_UNLISTED = "folders-unlisted"
    HELD = "held"
    LOCKED = "locked"
    UNLOCKING = "unlocking"
    NOT_MOUNTED = "not-mounted"
    WAITING = "waiting"
    READING = "reading"
    CLEARING = "clearing"
    NOT_SAFE = "not-safe"


# Before there is a docking, the phase alone says it.
_BY_PHASE: Mapping[SlotPhase, WhyNot] = {
    SlotPhase.PRESENT_LOCKED: WhyNot.LOCKED,
    SlotPhase.UNLOCKING: WhyNot.UNLOCKING,
    SlotPhase.STORAGE: WhyNot.NOT_MOUNTED,
    SlotPhase.MOUNTED: WhyNot.WAITING,
    SlotPhase.READING: WhyNot.READING,
    SlotPhase.REFUSED: WhyNot.REFUSED,
    SlotPhase.GONE_EARLY: WhyNot.GONE_EARLY,
}
_SUMS = ("files_found", "bytes_found", "bytes_done")
_MAY_LEAVE = frozenset({SlotPhase.EMPTY, SlotPhase.WITHDRAWN, SlotPhase.RELEASED_UNCLEARED})


def contents_view(
    station: Station,
    phase: SlotPhase,
    dockings: Sequence[Mapping[str, Any]],
    *,
    recorder: str | None,
    is_refused: bool,
    unread: Collection[WhyNot],
) -> dict[str, Any]:
    """Return whose recorder stands in a slot, how far its cards are read, and whether it is safe to take away.

    `dockings` are those of the cards that stand there now, as `docking_view` gives them; of several cards the numbers
    are summed, and the recorder is safe to take away when each of them is. `is_refused` is whether one is refused;
    `unread` is why others have no docking, and with any the recorder is not safe.
    """
    officer = operator = None
    if dockings:
        officer, operator = dockings[0]["officer_id"], dockings[0]["operator_id"]
    elif recorder is not None:
        now = rfc3339(station.clock.now())
        people = attribution_at(station.catalog, recorder=recorder, kind=DockingKind.DOCK, docked_at=now)
        officer, operator = people.officer, people.operator
    why_not = _why_not(station, phase, dockings, is_refused=is_refused, unread=unread)
    are_safe = bool(dockings) and all(one["safe_to_take_away"] == "yes" for one in dockings)
    is_safe = are_safe and not unread and why_not is None
    return {
        "officer_id": officer,
        "operator_id": operator,
        **{name: sum(one[name] for one in dockings) for name in _SUMS},
        "files_kept": sum(one["files_sealed"] + one["files_known"] for one in dockings),
        "handover": {verdict.value: sum(one["handover"][verdict] for one in dockings) for verdict in Handover},
        "safe_to_take_away": None if phase is SlotPhase.EMPTY else "yes" if is_safe else "no",
        "why_not": None if why_not is None else why_not.value,
    }


def unlock_view(visit: ToldVisit | None) -> dict[str, Any] | None:
    """Return what the unlock helper learnt of the recorder in a slot, None where it did not speak to it."""
    if visit is None:
        return None
    holder = visit.holder or {}
    return {
        "at": rfc3339(visit.at),
        "state": visit.state.value,
        "family": None if visit.driver is None else visit.driver.value,
        "device_id": shown_or_none(holder.get("serial")),
        "police_number": shown_or_none(holder.get("police_number")),
        "officer_name": _name(holder.get("officer_name")),
        "unit_name": _name(holder.get("unit_name")),
        "battery_percent": visit.battery_percent,
        "clock_offset_ms": None if visit.clock is None else visit.clock.offset_ms,
        "clock_offset_uncertainty_ms": None if visit.clock is None else visit.clock.uncertainty_ms,
        "warnings": [warning.value for warning in visit.warnings],
    }


def shown_or_none(claim: object) -> str | None:
    """Return what a device says of itself as one line that can do nothing to a terminal; None where it says nothing."""
    return None if claim is None else shown(str(claim))


def _name(value: object) -> str | None:
    return shown(str(value["text"])) if isinstance(value, dict) else None


def _why_not(
    station: Station,
    phase: SlotPhase,
    dockings: Sequence[Mapping[str, Any]],
    *,
    is_refused: bool,
    unread: Collection[WhyNot],
) -> WhyNot | None:
    if is_refused:
        return WhyNot.REFUSED
    if phase in _MAY_LEAVE:
        return None
    if not dockings or phase is SlotPhase.GONE_EARLY:
        return _BY_PHASE.get(phase)
    reasons = {_why_not_docking(station, docking) for docking in dockings} | set(unread)
    return next((reason for reason in WhyNot if reason in reasons), None)


def _why_not_docking(station: Station, docking: Mapping[str, Any]) -> WhyNot | None:
    """Return what holds one docking back, the worst first; None where nothing does."""
    if docking["safe_to_take_away"] == "yes":
        return None
    phase = docking["phase"]
    if docking["clearing"]["state"] == ClearingState.CLEARING:
        return WhyNot.CLEARING
    if phase in {DockingPhase.INVENTORY, DockingPhase.COPYING}:
        return WhyNot.READING
    if phase == DockingPhase.WAITING:
        return WhyNot.WAITING
    if phase in {DockingPhase.INTERRUPTED, DockingPhase.FAILED}:
        return WhyNot.INTERRUPTED
    if docking["files_failed"] or docking["files_unexplained"]:
        return WhyNot.FILES_FAILED
    if folders_left(station.catalog, docking["docking_id"]):
        return WhyNot.FOLDERS_UNLISTED
    return WhyNot.HELD if Remark.SERIAL_TWICE in docking["remarks"] else WhyNot.NOT_SAFE
