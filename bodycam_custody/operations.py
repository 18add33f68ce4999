"""Every operation of the station as a row of one table: name, `/v1` path, typed request, right, article.

What runs behind a row is in handlers.py; whoever only calls needs this module alone, so it imports little.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from bodycam_custody.decisions.requests import AskAppointment, AskEnd, AskKeyChange, HandInSignatures, OnePerson
from bodycam_custody.errors import AuthorisationError, OperationUnknownError, RequestInvalidError
from bodycam_custody.model import ClipState
from bodycam_custody.recorders.requests import (
    AddRecorder,
    CheckRecorders,
    EndRecorder,
    IssueRecorder,
    OneRecorder,
    RecorderPage,
    ReturnRecorder,
)

# Lists are given in pages of at most this many.
PAGE_LIMIT = 1000
# A shortened clip id must still be typed on purpose.
ID_PREFIX_CHARACTERS = 6


class Right(StrEnum):
    """What a caller must be allowed; the desk gives rights to people, until then the station's owner has them all."""

    SEE = "see"
    IMPORT = "import"
    VERIFY = "verify"
    MAINTAIN = "maintain"
    HAND_OVER = "hand-over"
    REGISTER = "register"
    DECIDE = "decide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list: at most `limit` items, those after the one named `after`."""

    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPage:
    """Which clips: of one state, of one docking, or all."""

    limit: int = 500
    after: str | None = None
    state: str | None = field(default=None, metadata={"one_of": ClipState})
    docking_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneClip:
    """A clip by its id or a unique beginning of it."""

    clip_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneDocking:
    """A docking by its id."""

    docking_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDocking:
    """A docking, the custodian who takes it over, and why it is late if it is."""

    docking_id: str
    person: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """A docking, or the name or port of a slot, whose recorder leaves although not all of it is safe; who, and why."""

    target: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearCard:
    """A docking, or the slot in which its card stands, and the custodian who has it cleared."""

    target: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFolder:
    """A folder to take in, absolute."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnSlot:
    """A port of a recorder or card, and what that slot is called from now on."""

    name: str
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlarm:
    """An alarm by its number, who looked into it, and what they found."""

    alarm: str
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row: what may be asked, how, and who may."""

    name: str
    method: str
    path: str
    request: type[Any]
    right: Right
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the kernel says: never as the request says."""

    uid: int


TABLE: Final[tuple[Operation, ...]] = tuple(
    Operation(name=name, method=method, path=path, request=request, right=right, article=article)
    for name, method, path, request, right, article in (
        ("status.show", "GET", "/v1/status", Nothing, Right.SEE, "CZ, HY"),
        ("dockings.list", "GET", "/v1/dockings", Page, Right.SEE, "A3 art. 7"),
        ("dockings.show", "GET", "/v1/dockings/{docking_id}", OneDocking, Right.SEE, "A3 art. 7"),
        ("dockings.accept", "POST", "/v1/dockings/{docking_id}/accept", AcceptDocking, Right.HAND_OVER, "A3 art. 7"),
        ("dockings.receipt", "POST", "/v1/dockings/{docking_id}/receipt", OneDocking, Right.HAND_OVER, "A3 art. 7"),
        # The name of a slot may hold any printable character, so it never stands in a path.
        ("dockings.withdraw", "POST", "/v1/withdrawals", LetGo, Right.HAND_OVER, "A3 art. 7"),
        ("dockings.release", "POST", "/v1/releases", LetGo, Right.HAND_OVER, "A3 art. 7"),
        # The name of a slot may hold any printable character, so it never stands in a path.
        ("dockings.clear", "POST", "/v1/clearings", ClearCard, Right.HAND_OVER, "A3 art. 7"),
        ("slots.list", "GET", "/v1/slots", Nothing, Right.SEE, "A3 art. 7"),
        ("slots.learn", "POST", "/v1/slots", LearnSlot, Right.MAINTAIN, "A3 art. 7"),
        ("alarms.list", "GET", "/v1/alarms", Page, Right.SEE, "A3 art. 7"),
        ("alarms.acknowledge", "POST", "/v1/alarms", AcknowledgeAlarm, Right.HAND_OVER, "A3 art. 7"),
        ("imports.start", "POST", "/v1/imports", ImportFolder, Right.IMPORT, "HH, CZ"),
        ("clips.list", "GET", "/v1/clips", ClipPage, Right.SEE, "A3 art. 3"),
        ("clips.show", "GET", "/v1/clips/{clip_id}", OneClip, Right.SEE, "A3 art. 3"),
        ("clips.history", "GET", "/v1/clips/{clip_id}/history", OneClip, Right.SEE, "A3 art. 2"),
        ("clips.verify", "POST", "/v1/clips/{clip_id}/verify", OneClip, Right.VERIFY, "A3 art. 5"),
        ("stores.list", "GET", "/v1/stores", Nothing, Right.SEE, "A3 art. 7"),
        ("stores.sweep", "POST", "/v1/stores/sweep", Nothing, Right.MAINTAIN, "A3 art. 7"),
        ("stores.rebuild", "POST", "/v1/stores/rebuild", Nothing, Right.MAINTAIN, "A3 art. 7"),
        ("audit.checkpoint", "POST", "/v1/audit/checkpoint", Nothing, Right.SEE, "A3 art. 5"),
        ("keys.show", "GET", "/v1/keys", Nothing, Right.SEE, "A3 art. 5"),
        ("people.list", "GET", "/v1/people", Nothing, Right.SEE, "A3 art. 7"),
        ("people.show", "GET", "/v1/people/{person}", OnePerson, Right.SEE, "A3 art. 7"),
        ("people.appoint", "POST", "/v1/people/appointments", AskAppointment, Right.DECIDE, "A3 art. 7"),
        ("people.end", "POST", "/v1/people/ends", AskEnd, Right.DECIDE, "A3 art. 7"),
        ("people.change_key", "POST", "/v1/people/keys", AskKeyChange, Right.DECIDE, "A3 art. 7"),
        ("people.hand_in", "POST", "/v1/people/decisions", HandInSignatures, Right.DECIDE, "A3 art. 7"),
        ("recorders.list", "GET", "/v1/recorders", RecorderPage, Right.SEE, "HY, CZ, QJ"),
        # A serial may hold any printable character, so it never stands in a path.
        ("recorders.show", "GET", "/v1/recorder", OneRecorder, Right.SEE, "HY, CZ"),
        ("recorders.check", "GET", "/v1/recorders/check", CheckRecorders, Right.SEE, "HY, CZ, QJ"),
        ("recorders.add", "POST", "/v1/recorders", AddRecorder, Right.REGISTER, "A3 art. 3"),
        ("recorders.issue", "POST", "/v1/recorders/issue", IssueRecorder, Right.REGISTER, "HY, CZ"),
        ("recorders.return", "POST", "/v1/recorders/return", ReturnRecorder, Right.REGISTER, "HY, CZ"),
        ("recorders.fault", "POST", "/v1/recorders/fault", EndRecorder, Right.REGISTER, "HY, CZ"),
        ("recorders.retire", "POST", "/v1/recorders/retire", EndRecorder, Right.REGISTER, "HY, CZ"),
    )
)


def operation_named(name: str) -> Operation:
    """Return the row with this name.

    Raises:
        OperationUnknownError: there is none.
    """
    for operation in TABLE:
        if operation.name == name:
            return operation
    raise OperationUnknownError(operation=name)


def authorise(caller: Caller, operation: Operation, *, owner_uid: int) -> None:
    """Return if `caller` may run `operation`.

    Until people are registered with a Unix uid at the desk, only root and the owner of the station may.

    Raises:
        AuthorisationError: not allowed; nothing was done.
    """
    if caller.uid not in {0, owner_uid}:
        raise AuthorisationError(uid=caller.uid, operation=operation.name, article=operation.article)


def parse_request(operation: Operation, params: Mapping[str, object]) -> Any:
    """Return the typed request of `operation`; every parameter is known, present where needed, and of its type.

    Raises:
        RequestInvalidError: names the first parameter that is wrong.
    """
    known = {one.name: one for one in fields(operation.request)}
    for name in params:
        if name not in known:
            raise RequestInvalidError(name=name, expected=", ".join(known) or "none", found=str(params[name]))
    values: dict[str, object] = {}
    for name, one in known.items():
        value = params.get(name)
        if value is None and one.default is MISSING:
            raise RequestInvalidError(name=name, expected="a value", found="nothing")
        if value is not None:
            values[name] = _typed(one, value)
    return operation.request(**values)


def _typed(parameter: Field[Any], value: object) -> object:
    name, one_of = parameter.name, parameter.metadata.get("one_of")
    if parameter.type == dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise RequestInvalidError(name=name, expected="texts by name", found=repr(value))
        return value
    if parameter.type in {int, int | None}:
        text = str(value)
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= PAGE_LIMIT:
            raise RequestInvalidError(name=name, expected=f"a number from 1 to {PAGE_LIMIT}", found=text)
        return int(text)
    if not isinstance(value, str):
        raise RequestInvalidError(name=name, expected="text", found=repr(value))
    if one_of is not None and value not in list(one_of):
        raise RequestInvalidError(name=name, expected=", ".join(one_of), found=value)
    return value
