"""What runs behind each row of the operation table."""

from collections.abc import Callable, Mapping
from typing import Any

from bodycam_custody.acceptance import accept_docking
from bodycam_custody.alarm_acts import acknowledge_alarm, list_alarms
from bodycam_custody.clearing.acts import clear_card
from bodycam_custody.clip_answers import clip_history, list_clips, show_clip, verify_clip
from bodycam_custody.decisions.people_acts import ask_appointment, ask_end, ask_key_change, hand_in
from bodycam_custody.decisions.people_answers import list_people, show_person
from bodycam_custody.docking_answers import list_dockings, show_docking, start_import
from bodycam_custody.operations import Caller, authorise, operation_named, parse_request
from bodycam_custody.receipt_issue import issue_receipt
from bodycam_custody.recorders.acts import (
    add_recorder,
    fault_recorder,
    issue_recorder,
    retire_recorder,
    return_recorder,
)
from bodycam_custody.recorders.answers import list_recorders, show_recorder
from bodycam_custody.recorders.check import check_recorders
from bodycam_custody.release_acts import release_recorder, withdraw_recorder
from bodycam_custody.runtime import Runtime
from bodycam_custody.slot_answers import learn_slot, list_slots
from bodycam_custody.station_answers import give_checkpoint, list_stores, rebuild_catalog, show_keys, show_status
from bodycam_custody.sweeping import sweep_stores

Handler = Callable[[Runtime, Any, Caller], Any]


def answer(runtime: Runtime, name: str, params: Mapping[str, object], caller: Caller) -> Any:
    """Run the operation `name` for `caller` and return a JSON value.

    Raises:
        StatedError: refused, not found, or failed; code, template and facts travel to the caller.
    """
    operation = operation_named(name)
    authorise(caller, operation, owner_uid=runtime.owner_uid)
    return HANDLERS[name](runtime, parse_request(operation, params), caller)


HANDLERS: Mapping[str, Handler] = {
    "status.show": show_status,
    "dockings.list": list_dockings,
    "dockings.show": show_docking,
    "dockings.accept": accept_docking,
    "dockings.withdraw": withdraw_recorder,
    "dockings.release": release_recorder,
    "dockings.clear": clear_card,
    "slots.list": list_slots,
    "slots.learn": learn_slot,
    "dockings.receipt": issue_receipt,
    "alarms.list": list_alarms,
    "alarms.acknowledge": acknowledge_alarm,
    "imports.start": start_import,
    "people.list": list_people,
    "people.show": show_person,
    "people.appoint": ask_appointment,
    "people.end": ask_end,
    "people.change_key": ask_key_change,
    "people.hand_in": hand_in,
    "clips.list": list_clips,
    "clips.show": show_clip,
    "clips.history": clip_history,
    "clips.verify": verify_clip,
    "stores.list": list_stores,
    "stores.sweep": sweep_stores,
    "stores.rebuild": rebuild_catalog,
    "audit.checkpoint": give_checkpoint,
    "keys.show": show_keys,
    "recorders.list": list_recorders,
    "recorders.show": show_recorder,
    "recorders.check": check_recorders,
    "recorders.add": add_recorder,
    "recorders.issue": issue_recorder,
    "recorders.return": return_recorder,
    "recorders.fault": fault_recorder,
    "recorders.retire": retire_recorder,
}
