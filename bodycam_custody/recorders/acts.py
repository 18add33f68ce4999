"""Acts on the register: who may, whether the rules allow it, and the entry it becomes.

Ids, numbers and dates stand in the entry; model, unit and notes are texts, and the entry only commits to them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bodycam_custody.appointments import require_role
from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Actor, Draft, EntryKind, PersonId
from bodycam_custody.operations import Caller, operation_named
from bodycam_custody.recorders.answers import life_of, recorder_view, require_named
from bodycam_custody.recorders.attribution import subject_of
from bodycam_custody.recorders.errors import RecorderUnnamedError
from bodycam_custody.recorders.reading import parse_beginning, parse_end, parse_text
from bodycam_custody.recorders.requests import AddRecorder, EndRecorder, IssueRecorder, ReturnRecorder
from bodycam_custody.recorders.rules import RecorderAct, reject_act, reject_registration
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station
from docking.card import is_recorder_text
from hashing.canonical import Json

_CUSTODIANS = frozenset({Role.CUSTODIAN})
_OFFICERS = frozenset({Role.OFFICER})
_OPERATORS = frozenset({Role.OFFICER, Role.OPERATOR})


def add_recorder(runtime: Runtime, request: AddRecorder, caller: Caller) -> Any:
    """Register a recorder; what it recorded before becomes fileable, and the entry says from when on (R73)."""
    station, article = runtime.station, _article("recorders.add")
    by = require_role(station, request.by, _CUSTODIANS, article=article)
    texts = {name: parse_text(name, getattr(request, name)) for name in ("model", "unit", "note")}
    with station.sealing:
        recorder = require_named(station.catalog, request.recorder_id)
        if not is_recorder_text(recorder):
            raise RecorderUnnamedError(recorder=recorder)
        reject_registration(life_of(station.catalog, recorder), station.settings.station.zone)
        facts: dict[str, Json] = {"capacity_gb": request.capacity_gb, **_kept(station, texts)}
        _enter(station, EntryKind.RECORDER_REGISTERED, recorder, facts, by=by, caller=caller)
    return recorder_view(station.catalog, recorder)


def issue_recorder(runtime: Runtime, request: IssueRecorder, caller: Caller) -> Any:
    """Issue a recorder to one officer, and to who operates it, from a moment on (R31, R68)."""
    station, article = runtime.station, _article("recorders.issue")
    by = require_role(station, request.by, _CUSTODIANS, article=article)
    officer = require_role(station, request.officer, _OFFICERS, article=article)
    operator = require_role(station, request.operator or officer, _OPERATORS, article=article)
    now, zone = station.clock.now(), station.settings.station.zone
    act = RecorderAct(
        kind=EntryKind.RECORDER_ISSUED,
        dated=parse_beginning("since", request.since, now=now, zone=zone),
        officer=officer,
        operator=operator,
    )
    return _carry_out(station, request.recorder_id, act, note=request.note, by=by, caller=caller, now=now)


def return_recorder(runtime: Runtime, request: ReturnRecorder, caller: Caller) -> Any:
    """Take a recorder back: from its officer, else from repair (R68)."""
    return _end(runtime, EntryKind.RECORDER_RETURNED, request, caller, article=_article("recorders.return"))


def fault_recorder(runtime: Runtime, request: EndRecorder, caller: Caller) -> Any:
    """Enter that a recorder is faulty; whoever holds it answers for it until it is returned (R68)."""
    return _end(runtime, EntryKind.RECORDER_FAULTED, request, caller, article=_article("recorders.fault"))


def retire_recorder(runtime: Runtime, request: EndRecorder, caller: Caller) -> Any:
    """Take a recorder out of service for good; a lost one too, with the note saying so (R68)."""
    return _end(runtime, EntryKind.RECORDER_RETIRED, request, caller, article=_article("recorders.retire"))


def _end(
    runtime: Runtime, kind: EntryKind, request: ReturnRecorder | EndRecorder, caller: Caller, *, article: str
) -> Any:
    station = runtime.station
    by = require_role(station, request.by, _CUSTODIANS, article=article)
    now = station.clock.now()
    dated = parse_end("on", request.on, now=now, zone=station.settings.station.zone)
    act = RecorderAct(kind=kind, dated=dated)
    return _carry_out(station, request.recorder_id, act, note=request.note, by=by, caller=caller, now=now)


def _carry_out(
    station: Station,
    recorder_id: str,
    act: RecorderAct,
    *,
    note: str | None,
    by: PersonId,
    caller: Caller,
    now: datetime,
) -> Any:
    texts = {"note": parse_text("note", note)}
    # From the look at the register to the entry: two custodians may issue the same recorder at once.
    with station.sealing:
        recorder = require_named(station.catalog, recorder_id)
        life = life_of(station.catalog, recorder)
        reject_act(recorder, life, act, now=now, zone=station.settings.station.zone)
        facts: dict[str, Json] = _kept(station, texts)
        if act.kind is EntryKind.RECORDER_ISSUED:
            facts |= {"officer": act.officer, "operator": act.operator, "from": rfc3339(act.dated)}
        else:
            holding = None if life is None else life.holding
            facts |= {"officer": None if holding is None else holding.officer, "on": rfc3339(act.dated)}
        _enter(station, act.kind, recorder, facts, by=by, caller=caller)
    return recorder_view(station.catalog, recorder)


def _kept(station: Station, texts: Mapping[str, str | None]) -> dict[str, Json]:
    """Keep the texts that were given, and return what stands for each in the entry."""
    given = {name: text for name, text in texts.items() if text is not None}
    commitments = station.texts.keep([text.encode() for text in given.values()], meaning="recorder")
    return {**dict.fromkeys(texts), **dict(zip(given, commitments, strict=True))}


def _enter(
    station: Station, kind: EntryKind, recorder: str, facts: Mapping[str, Json], *, by: PersonId, caller: Caller
) -> None:
    draft = Draft(
        kind=kind,
        subject=subject_of(recorder),
        facts={"recorder": recorder, **facts},
        actor=Actor(person=by, uid=caller.uid),
    )
    station.record.enter([draft])


def _article(operation: str) -> str:
    return operation_named(operation).article
