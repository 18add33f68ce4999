"""What runs behind each row of the operation table.

A command asks for one thing, and importing all of them took longer than answering: a handler is imported when it is
first asked for. The daemon imports them all at its start, so that what runs is of one version.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from bodycam_custody.operations import Caller, authorise, operation_named, parse_request
from bodycam_custody.runtime import Runtime

Handler = Callable[[Runtime, Any, Caller], Any]


def answer(runtime: Runtime, name: str, params: Mapping[str, object], caller: Caller) -> Any:
    """Run the operation `name` for `caller` and return a JSON value.

    Raises:
        StatedError: refused, not found, or failed; code, template and facts travel to the caller.
    """
    operation = operation_named(name)
    authorise(caller, operation, owner_uid=runtime.owner_uid)
    return handler_of(name)(runtime, parse_request(operation, params), caller)


def handler_of(name: str) -> Handler:
    """Return what runs behind the operation `name`; imported now where nobody asked for it before."""
    module, function = HANDLERS[name].split(":")
    handler: Handler = getattr(import_module(f"bodycam_custody.{module}"), function)
    return handler


def load_handlers() -> None:
    """Import everything that any operation needs."""
    for name in HANDLERS:
        handler_of(name)


HANDLERS: Mapping[str, str] = {
    "status.show": "station_answers:show_status",
    "dockings.list": "dockings.answers:list_dockings",
    "dockings.show": "dockings.answers:show_docking",
    "dockings.accept": "handover.acceptance:accept_docking",
    "dockings.withdraw": "release.acts:withdraw_recorder",
    "dockings.release": "release.acts:release_recorder",
    "dockings.clear": "clearing.acts:clear_card",
    "slots.list": "slots.answers:list_slots",
    "slots.learn": "slots.answers:learn_slot",
    "dockings.receipt": "handover.receipt_issue:issue_receipt",
    "alarms.list": "slots.alarm_acts:list_alarms",
    "alarms.acknowledge": "slots.alarm_acts:acknowledge_alarm",
    "imports.start": "dockings.answers:start_import",
    "people.list": "decisions.people_answers:list_people",
    "people.show": "decisions.people_answers:show_person",
    "people.appoint": "decisions.people_acts:ask_appointment",
    "people.end": "decisions.people_acts:ask_end",
    "people.change_key": "decisions.people_acts:ask_key_change",
    "people.hand_in": "decisions.people_acts:hand_in",
    "clips.list": "clip_answers:list_clips",
    "clips.show": "clip_answers:show_clip",
    "clips.history": "clip_answers:clip_history",
    "clips.verify": "clip_answers:verify_clip",
    "stores.list": "station_answers:list_stores",
    "stores.sweep": "sweeping:sweep_stores",
    "stores.rebuild": "station_answers:rebuild_catalog",
    "audit.checkpoint": "station_answers:give_checkpoint",
    "keys.show": "station_answers:show_keys",
    "recorders.list": "recorders.answers:list_recorders",
    "recorders.show": "recorders.answers:show_recorder",
    "recorders.check": "recorders.check:check_recorders",
    "recorders.add": "recorders.acts:add_recorder",
    "recorders.issue": "recorders.acts:issue_recorder",
    "recorders.return": "recorders.acts:return_recorder",
    "recorders.fault": "recorders.acts:fault_recorder",
    "recorders.retire": "recorders.acts:retire_recorder",
}
"""Operation to module and function."""
