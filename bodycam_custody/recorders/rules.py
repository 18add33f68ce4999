"""What may be done with a recorder, and what it is afterwards: plain rules over plain values (R68, R70–R73).

A recorder is registered once. From then on it is in stock, issued to one officer, faulty, or retired for good. A fault
does not end an issue: the officer answers for the recorder until it is returned. So a return ends the issue, and where
there is none it ends the fault: the recorder is back from repair.

Withdrawn at the dock, because files of it cannot be read, it is out of its officer's hands and away for recovery: until
it is returned, until all that was left is read at a later docking, or until a supervisor releases it uncleared.
"""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum

from bodycam_custody.clock import as_utc
from bodycam_custody.entries import EntryKind, PersonId
from bodycam_custody.recorders.errors import (
    ActInFutureError,
    ActOutOfOrderError,
    RecorderFaultyError,
    RecorderIssuedError,
    RecorderNotIssuedError,
    RecorderRegisteredError,
    RecorderRetiredError,
    RecorderUnregisteredError,
    RecorderWithdrawnError,
)


class RecorderState(StrEnum):
    """Where a recorder stands; `faulty` wins over `issued`, as a faulty one records nothing; `withdrawn` over it."""

    UNREGISTERED = "unregistered"
    IN_STOCK = "in-stock"
    ISSUED = "issued"
    FAULTY = "faulty"
    WITHDRAWN = "withdrawn"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Who answers for a recorder from `since` on: the officer, and who operates it (R31)."""

    officer: PersonId
    operator: PersonId
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderLife:
    """A registered recorder as its acts have left it."""

    recorder: str
    registered_at: datetime
    holding: Holding | None = None
    faulty_since: datetime | None = None
    withdrawn_since: datetime | None = None
    retired_at: datetime | None = None
    newest_act_at: datetime | None = None

    @property
    def state(self) -> RecorderState:
        """Where the recorder stands."""
        if self.retired_at is not None:
            return RecorderState.RETIRED
        if self.withdrawn_since is not None:
            return RecorderState.WITHDRAWN
        if self.faulty_since is not None:
            return RecorderState.FAULTY
        return RecorderState.ISSUED if self.holding is not None else RecorderState.IN_STOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderAct:
    """One act on a registered recorder, dated by who enters it; officer and operator only where it is issued."""

    kind: EntryKind
    dated: datetime
    officer: PersonId | None = None
    operator: PersonId | None = None

    def __post_init__(self) -> None:
        as_utc(self.dated)
        is_issue = self.kind is EntryKind.RECORDER_ISSUED
        if is_issue != (self.officer is not None) or is_issue != (self.operator is not None):
            raise ValueError(f"{self.kind} with officer {self.officer} and operator {self.operator}")


def reject_registration(life: RecorderLife | None, zone: tzinfo) -> None:
    """Return if a recorder may be registered; moments in texts are told in `zone`.

    Raises:
        RecorderRegisteredError: it is in the register, retired or not.
    """
    if life is not None:
        raise RecorderRegisteredError(recorder=life.recorder, since=told(life.registered_at, zone))


def reject_act(recorder: str, life: RecorderLife | None, act: RecorderAct, *, now: datetime, zone: tzinfo) -> None:
    """Return if `act` may follow on what the recorder's `life` is; the order of the checks is that of their weight.

    Raises:
        RecorderUnregisteredError, RecorderRetiredError: no act is possible.
        RecorderIssuedError, RecorderWithdrawnError, RecorderFaultyError, RecorderNotIssuedError: not this one, as the
            recorder stands.
        ActInFutureError, ActOutOfOrderError: not with this date.
    """
    if life is None:
        raise RecorderUnregisteredError(recorder=recorder)
    if life.retired_at is not None:
        raise RecorderRetiredError(recorder=recorder, since=told(life.retired_at, zone))
    _reject_as_it_stands(life, act, zone)
    if act.dated > now:
        raise ActInFutureError(recorder=recorder, dated=told(act.dated, zone), now=told(now, zone))
    if life.newest_act_at is not None and act.dated < life.newest_act_at:
        newest = told(life.newest_act_at, zone)
        raise ActOutOfOrderError(recorder=recorder, dated=told(act.dated, zone), newest=newest)


def _reject_as_it_stands(life: RecorderLife, act: RecorderAct, zone: tzinfo) -> None:
    if act.kind is EntryKind.RECORDER_ISSUED and life.holding is not None:
        officer, since = life.holding.officer, told(life.holding.since, zone)
        raise RecorderIssuedError(recorder=life.recorder, officer=officer, since=since)
    if act.kind in {EntryKind.RECORDER_ISSUED, EntryKind.RECORDER_RETIRED} and life.withdrawn_since is not None:
        raise RecorderWithdrawnError(recorder=life.recorder, since=told(life.withdrawn_since, zone))
    if act.kind in {EntryKind.RECORDER_ISSUED, EntryKind.RECORDER_FAULTED} and life.faulty_since is not None:
        raise RecorderFaultyError(recorder=life.recorder, since=told(life.faulty_since, zone))
    is_away = life.withdrawn_since is not None or life.faulty_since is not None
    if act.kind is EntryKind.RECORDER_RETURNED and life.holding is None and not is_away:
        raise RecorderNotIssuedError(recorder=life.recorder)


def after(life: RecorderLife, act: RecorderAct) -> RecorderLife:
    """Return what a recorder is after `act`; that the act was allowed is not checked here."""
    dated = replace(life, newest_act_at=act.dated)
    if act.kind is EntryKind.RECORDER_ISSUED and act.officer is not None and act.operator is not None:
        return replace(dated, holding=Holding(officer=act.officer, operator=act.operator, since=act.dated))
    if act.kind is EntryKind.RECORDER_RETURNED:
        return _returned(dated)
    if act.kind is EntryKind.RECORDER_FAULTED:
        return replace(dated, faulty_since=act.dated)
    if act.kind is EntryKind.RECORDER_RETIRED:
        return replace(dated, holding=None, retired_at=act.dated)
    if act.kind is EntryKind.DOCK_WITHDRAWN:
        return replace(dated, holding=None, withdrawn_since=life.withdrawn_since or act.dated)
    if act.kind in {EntryKind.DOCK_RELEASED, EntryKind.DOCK_RECOVERED}:
        return replace(dated, withdrawn_since=None)
    raise ValueError(f"not an act on a registered recorder: {act.kind}")


def _returned(life: RecorderLife) -> RecorderLife:
    """A return ends one thing: the issue, else the withdrawal, else the fault."""
    if life.holding is not None:
        return replace(life, holding=None)
    return replace(life, withdrawn_since=None) if life.withdrawn_since else replace(life, faulty_since=None)


def told(moment: datetime, zone: tzinfo) -> str:
    """Return a moment as people at the counter read it."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} ({zone})"
