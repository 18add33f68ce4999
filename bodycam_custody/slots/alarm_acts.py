"""Alarms at the dock as people deal with them: which stand, and that somebody looked into one and closes it."""

from typing import Any

from bodycam_custody.appointments import require_role
from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.errors import NotFoundError
from bodycam_custody.operations import AcknowledgeAlarm, Caller, Page, operation_named
from bodycam_custody.recorders.reading import parse_text
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.alarms import newest_alarms
from bodycam_custody.slots.errors import AlarmClosedError
from hashing.errors import shown

_MAY_CLOSE = frozenset({Role.CUSTODIAN, Role.SUPERVISOR})


def list_alarms(runtime: Runtime, request: Page, _: Caller) -> Any:
    """Return a page of all alarms, newest first, with what became of each."""
    items = newest_alarms(runtime.station.catalog, limit=request.limit + 1, after=request.after)
    shown_items = items[: request.limit]
    return {"items": shown_items, "next": str(shown_items[-1]["alarm"]) if len(items) > request.limit else None}


def acknowledge_alarm(runtime: Runtime, request: AcknowledgeAlarm, caller: Caller) -> Any:
    """Enter that a person looked into an alarm, and what they found; it and its equals before it stand no longer.

    A docking the alarm holds stays held: acknowledging says that somebody knows, not that the serial is true.

    Raises:
        NotFoundError: there is no such alarm.
        PersonUnknownError, RoleRequiredError: the person is appointed neither custodian nor supervisor.
        AlarmClosedError: it was acknowledged before.
    """
    station, article = runtime.station, operation_named("alarms.acknowledge").article
    person = require_role(station, request.by, _MAY_CLOSE, article=article)
    note = parse_text("note", request.note) or ""
    # Two people may look into the same alarm.
    with station.sealing:
        rows = station.catalog.rows("SELECT * FROM alarms WHERE CAST(seq AS TEXT) = ?", (request.alarm,))
        if not rows:
            raise NotFoundError(what="alarm", id=shown(request.alarm))
        (alarm,) = rows
        if alarm["acknowledged_at"] is not None:
            raise AlarmClosedError(
                alarm=alarm["seq"], person=alarm["acknowledged_by"], at=alarm["acknowledged_at"], article=article
            )
        (commitment,) = station.texts.keep([note.encode()], meaning="alarm-note")
        facts = {"code": alarm["code"], "person": person, "note": commitment}
        (entry,) = station.record.enter(
            [
                Draft(
                    kind=EntryKind.ALARM_ACKNOWLEDGED,
                    subject=f"alarm:{alarm['seq']}",
                    actor=Actor(uid=caller.uid, person=person),
                    facts=facts,
                )
            ]
        )
    return {"alarm": alarm["seq"], "at": rfc3339(entry.at), "by": person, "entry": entry.seq}
