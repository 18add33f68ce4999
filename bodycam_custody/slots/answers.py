"""What is asked about slots: what stands in them, and what they are called."""

from typing import Any

from bodycam_custody.entries import Actor
from bodycam_custody.operations import Caller, LearnSlot, Nothing
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.errors import SlotPortUnknownError
from bodycam_custody.slots.names import learnt_draft
from docking.usb_ports import PortId, port_of
from hashing.errors import shown


def list_slots(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Return every slot and what stands in it at this moment."""
    runtime.board.look()
    return {"items": runtime.board.views()}


def learn_slot(runtime: Runtime, request: LearnSlot, caller: Caller) -> Any:
    """Give a port its name; one that has this name already keeps it, and nothing is entered."""
    station, port = runtime.station, port_of(request.port)
    runtime.board.look()
    if not (runtime.board.knows(port) or _was_docked_at(runtime, port)):
        raise SlotPortUnknownError(port=shown(port))
    draft = learnt_draft(station.catalog, name=request.name, port=port, actor=Actor(uid=caller.uid))
    if draft is not None:
        station.record.enter([draft])
    return {"slot": request.name, "port": port, "before": draft.facts["before"] if draft else request.name}


def _was_docked_at(runtime: Runtime, port: PortId) -> bool:
    query = "SELECT 1 FROM dockings WHERE port = ? UNION SELECT 1 FROM slots WHERE port = ? LIMIT 1"
    return bool(runtime.station.catalog.rows(query, (port, port)))
