"""Alarms at the dock: the same serial in two slots at once (R73), and devices and cards that are refused.

A serial is a claim. When two recorders make the same one, nobody can say which of them recorded what, so all dockings
of them are held: everything is sealed, neither recorder may be taken away, and the dockings carry the remark. It needs
no card to claim: one that is locked or refused does it too. An alarm stands
until the recorder it names was docked properly, wherever (of two with one serial, one after the other), or until a
custodian or supervisor acknowledges it; somebody else's recorder in that slot settles nothing.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.error_codes import problem_of_code
from bodycam_custody.model import Remark
from bodycam_custody.slots.names import slot_names
from docking.card import UNKNOWN_RECORDER
from docking.refusals import Refusal
from docking.usb_errors import UsbDeviceSilentError, UsbInterfaceRefusedError
from docking.usb_policy import acts_as
from docking.usb_ports import PortId, port_of
from hashing.canonical import Json
from hashing.errors import N_


class AlarmCode(StrEnum):
    """What is wrong at the dock; the texts are part of the ledger format."""

    SERIAL_TWICE = "serial-twice"
    USB_INTERFACE_REFUSED = "usb-interface-refused"
    USB_DEVICE_SILENT = "usb-device-silent"
    CARD_REFUSED = "card-refused"


SERIAL_TWICE = N_(
    "the serial of {recorder} was in two slots at once ({slots}): one of the recorders is not what it says (A3 art. "
    "3). Everything is sealed and both dockings are held; find out which recorder is which, then dock one after the "
    "other"
)

# Where it happened, and what the mount helper said.
CARD_REFUSED = N_("{slot}: {reason}")

# The cards of one recorder come within this time; one that is mounted says nothing about one that is not.
_CARDS_TOGETHER_S = 10
# A docking of that recorder, without alarm, that came later. What was refused and names nobody is never known again.
_STANDING = f"""
SELECT * FROM alarms a WHERE a.acknowledged_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM dockings d WHERE d.recorder = a.recorder AND d.seen_at > a.at
    AND d.docking_id NOT IN (SELECT docking_id FROM held)
    AND (a.noted_at IS NULL OR julianday(d.docked_at) > julianday(a.noted_at) + {_CARDS_TOGETHER_S / 86_400}))
ORDER BY seq DESC
"""  # noqa: S608  # our own text and number


def serial_twice_draft(arrivals: Sequence[Arrival], *, also: Sequence[PortId] = ()) -> Draft:
    """Return the entry that `arrivals`, which claim one serial, stand in different slots now; on `also` is no card."""
    ports = dict.fromkeys([*also, *(port_of(arrival.card.port_path or "") for arrival in arrivals)])
    docking_ids = [str(arrival.docking_id) for arrival in arrivals]
    return claimed_twice_draft(arrivals[0].card.recorder, list(ports), docking_ids)


def claimed_twice_draft(recorder: str, ports: Sequence[PortId], docking_ids: Sequence[str]) -> Draft:
    """Return the entry that what stands on `ports` claims one serial; the dockings there are held from now on."""
    facts: dict[str, Json] = {
        "code": AlarmCode.SERIAL_TWICE.value,
        "recorder": recorder,
        "ports": list(ports),
        "docking_ids": list(docking_ids),
        "device": None,
        "interface": None,
    }
    return Draft(kind=EntryKind.DOCK_ALARMED, subject=f"recorder:{recorder}", facts=facts)


def stands_claimed_twice(catalog: Catalog, recorder: str, ports: Sequence[PortId], docking_ids: Sequence[str]) -> bool:
    """Return whether an alarm stands that `recorder` is claimed on all of `ports`, and all the dockings are held."""
    held = {row["docking_id"] for row in catalog.rows("SELECT docking_id FROM held")}
    return held.issuperset(docking_ids) and any(
        row["code"] == AlarmCode.SERIAL_TWICE
        and row["recorder"] == recorder
        and set(json.loads(row["ports"])).issuperset(ports)
        for row in catalog.rows(_STANDING)
    )


def refused_draft(port: PortId, recorder: str, error: UsbInterfaceRefusedError | UsbDeviceSilentError) -> Draft:
    """Return the entry that the device on `port` was refused, which recorder it claims to be, and how it could act."""
    facts: dict[str, Json] = {
        "code": error.code,
        "recorder": recorder if recorder != UNKNOWN_RECORDER else None,
        "ports": [port],
        "docking_ids": [],
        "device": str(error.facts["device"]),
        "interface": str(error.facts["interface"]) if "interface" in error.facts else None,
    }
    return Draft(kind=EntryKind.DOCK_ALARMED, subject=f"slot:{port}", facts=facts)


def refusal_draft(refusal: Refusal) -> Draft:
    """Return the entry that the mount helper refused a card, and what it said."""
    code, told = str(refusal.problem["code"]), refusal.problem["facts"]
    as_usb = code in {AlarmCode.USB_INTERFACE_REFUSED, AlarmCode.USB_DEVICE_SILENT}
    stored = {name: fact for name, fact in told.items() if isinstance(fact, str | int)}
    facts: dict[str, Json] = {
        "code": code if as_usb else AlarmCode.CARD_REFUSED.value,
        "recorder": refusal.recorder if refusal.recorder != UNKNOWN_RECORDER else None,
        "ports": [refusal.port],
        "docking_ids": [],
        "device": refusal.usb_id,
        "interface": str(told["interface"]) if as_usb and "interface" in told else None,
        "noted_at": rfc3339(refusal.refused_at),
        "refusal": None if as_usb else {"code": code, "facts": stored},
    }
    return Draft(kind=EntryKind.DOCK_ALARMED, subject=f"slot:{refusal.port}", facts=facts)


def is_alarmed(catalog: Catalog, refusal: Refusal) -> bool:
    """Return whether the ledger has the alarm about this refusal already."""
    query = "SELECT 1 FROM alarms WHERE noted_at = ? AND ports = ?"
    return bool(catalog.rows(query, (rfc3339(refusal.refused_at), json.dumps([refusal.port]))))


def card_refused_problem(slot: str, code: str, facts: Mapping[str, object]) -> dict[str, Any]:
    """Return why the card in `slot` is not mounted, with what to do."""
    reason = problem_of_code(code, **facts)
    told = {"template": reason["template"], "facts": reason["facts"]}
    return {"code": code, "template": CARD_REFUSED, "facts": {"slot": slot, "reason": told}}


def held_remarks(catalog: Catalog, docking_id: str) -> set[Remark]:
    """Return why a docking is held; nothing for one that is not."""
    rows = catalog.rows("SELECT 1 FROM held WHERE docking_id = ?", (docking_id,))
    return {Remark.SERIAL_TWICE} if rows else set()


def standing_alarms(catalog: Catalog) -> list[dict[str, Any]]:
    """Return the alarms that nothing has settled yet, newest first; the same alarm is told once."""
    told: dict[tuple[Any, ...], dict[str, Any]] = {}
    names = slot_names(catalog)
    for row in catalog.rows(_STANDING):
        view = _alarm_view(row, names, is_standing=True)
        told.setdefault((row["code"], view["problem"]["code"], row["recorder"], *view["slots"]), view)
    return list(told.values())


def newest_alarms(catalog: Catalog, *, limit: int, after: str | None) -> list[dict[str, Any]]:
    """Return every alarm there ever was, newest first, at most `limit`, from before the one `after`."""
    names, standing = slot_names(catalog), {row["seq"] for row in catalog.rows(_STANDING)}
    rows = catalog.rows(
        "SELECT * FROM alarms WHERE ? IS NULL OR seq < CAST(? AS INTEGER) ORDER BY seq DESC LIMIT ?",
        (after, after, limit),
    )
    return [_alarm_view(row, names, is_standing=row["seq"] in standing) for row in rows]


def _alarm_view(row: Mapping[str, Any], names: Mapping[PortId, str], *, is_standing: bool) -> dict[str, Any]:
    slots = sorted(names.get(PortId(port), port) for port in json.loads(row["ports"]))
    return {
        "alarm": row["seq"],
        "at": row["at"],
        "code": row["code"],
        "recorder_id": row["recorder"],
        "slots": slots,
        "docking_ids": json.loads(row["docking_ids"]),
        "problem": _problem(row, slots),
        "is_standing": is_standing,
        "acknowledged_at": row["acknowledged_at"],
        "acknowledged_by": row["acknowledged_by"],
        "note": row["note"],
    }


def _problem(row: Mapping[str, Any], slots: Sequence[str]) -> dict[str, Any]:
    code = AlarmCode(row["code"])
    if code is AlarmCode.SERIAL_TWICE:
        facts: dict[str, Any] = {"recorder": row["recorder"], "slots": ", ".join(slots)}
        return {"code": code, "template": SERIAL_TWICE, "facts": facts}
    if code is AlarmCode.CARD_REFUSED:
        refusal = json.loads(row["refusal"])
        return card_refused_problem(slots[0], refusal["code"], refusal["facts"])
    facts = {"port": slots[0], "device": row["device"]}
    if code is AlarmCode.USB_DEVICE_SILENT:
        return {"code": code, "template": UsbDeviceSilentError.template, "facts": facts}
    acting = acts_as(row["interface"])
    facts |= {"interface": row["interface"], "acts_as": {"template": acting.template, "facts": acting.facts}}
    return {"code": code, "template": UsbInterfaceRefusedError.template, "facts": facts}
