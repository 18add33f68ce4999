"""Whether recorders are missing, overdue, unregistered or too few, each with what it is counted of (R70–R73)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from archive.answers import Answer
from bodycam_custody.appointments import people_in_office
from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.operations import Caller
from bodycam_custody.recorders.answers import every_recorder
from bodycam_custody.recorders.reading import parse_beginning, parse_ratio
from bodycam_custody.recorders.requests import CheckRecorders
from bodycam_custody.recorders.rules import RecorderState
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecorder:
    """A recorder somebody answers for: since when, and when it was docked last, if ever."""

    held_since: datetime
    last_docked_at: datetime | None

    @property
    def last_seen_at(self) -> datetime:
        """When the unit last had it in hand: at the issue, or at the docking after it."""
        return max(self.held_since, self.last_docked_at or self.held_since)


def is_overdue(recorder: HeldRecorder, *, hours: int, now: datetime) -> bool:
    """Return whether it was neither issued nor docked within the handover hours; the limit itself is in time."""
    return now - recorder.last_seen_at > timedelta(hours=hours)


def is_missing(recorder: HeldRecorder, *, since: datetime | None, hours: int, now: datetime) -> bool:
    """Return whether it has not been docked at all: since it was issued, or since `since` where that is given.

    Without `since` a recorder is not missing before it is overdue; with it, only one issued before `since` can be.
    """
    if since is not None:
        return recorder.held_since < since and (recorder.last_docked_at is None or recorder.last_docked_at < since)
    never = recorder.last_docked_at is None or recorder.last_docked_at < recorder.held_since
    return never and is_overdue(recorder, hours=hours, now=now)


def check_recorders(runtime: Runtime, request: CheckRecorders, _: Caller) -> Any:
    """Return what is missing, overdue, unregistered or too few; nothing is entered."""
    station = runtime.station
    now, hours = station.clock.now(), station.settings.rule_set.handover_hours
    minimum = parse_ratio("minimum", request.minimum)
    zone = station.settings.station.zone
    since = parse_beginning("since", request.since, now=now, zone=zone) if request.since else None
    everything = every_recorder(station.catalog)
    kept = [one for one in everything if one["state"] not in {RecorderState.UNREGISTERED, RecorderState.RETIRED}]
    held = [one for one in kept if one["held_since"] is not None]
    facts = {one["recorder_id"]: _held(one) for one in held}
    overdue = [one for one in held if is_overdue(facts[one["recorder_id"]], hours=hours, now=now)]
    missing = [one for one in held if is_missing(facts[one["recorder_id"]], since=since, hours=hours, now=now)]
    officers = [person for person, roles in people_in_office(station).items() if Role.OFFICER in roles]
    usable = [one for one in kept if one["state"] not in {RecorderState.FAULTY, RecorderState.WITHDRAWN}]
    equipped = {one["officer_id"] for one in usable}
    return {
        "at": rfc3339(now),
        "handover_hours": hours,
        "since": rfc3339(since) if since else None,
        "registered": len(everything) - sum(one["state"] == RecorderState.UNREGISTERED for one in everything),
        "by_state": {state.value: sum(one["state"] == state for one in everything) for state in RecorderState},
        "missing": _counted(missing, held),
        "overdue": _counted(overdue, held),
        "faulty": _counted([one for one in kept if one["state"] == RecorderState.FAULTY], kept),
        "withdrawn": _counted([one for one in everything if one["withdrawn_since"] is not None], everything),
        "unregistered": _counted(
            [one for one in everything if one["state"] == RecorderState.UNREGISTERED and one["dockings"]],
            [one for one in everything if one["dockings"]],
        ),
        "officers_without": {
            "count": len(set(officers) - equipped),
            "of": len(officers),
            "items": sorted(set(officers) - equipped),
        },
        "per_officer": _ratio(len(usable), len(officers), minimum),
    }


def _held(view: dict[str, Any]) -> HeldRecorder:
    docked = view["last_docked_at"]
    return HeldRecorder(
        held_since=parse_rfc3339(view["held_since"]), last_docked_at=None if docked is None else parse_rfc3339(docked)
    )


def _counted(found: Sequence[dict[str, Any]], of: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(found), "of": len(of), "items": list(found)}


def _ratio(recorders: int, officers: int, minimum: Fraction | None) -> dict[str, Any]:
    """Return recorders in service per officer, and whether that is enough; exact, whatever the decimals shown."""
    enough = None
    if minimum is not None:
        enough = Answer.CANNOT_TELL if not officers else Answer.YES if recorders >= minimum * officers else Answer.NO
    return {
        "recorders": recorders,
        "officers": officers,
        "ratio": round(recorders / officers, 4) if officers else None,
        "minimum": None if minimum is None else float(minimum),
        "enough": enough,
    }
