"""Slots: what they are called, and what stands in them."""

from collections.abc import Sequence

from cli.labels import SLOT_PHASE, SLOT_REMARK, label
from cli.language import _
from cli.messages import told
from cli.tables import table
from cli.wire import Learnt, Slot


def slots_text(slots: Sequence[Slot]) -> str:
    """Return every slot on a line of its own, and below what must be said of it."""
    if not slots:
        return _("No slot is known yet. Plug a recorder in, or name one with: custody dock learn NAME")
    said = [told(slot["problem"]) for slot in slots if slot["problem"] is not None]
    said += [
        f"{name_of(slot)}: {label(SLOT_REMARK, code)}"
        for slot in slots
        for code in slot["remarks"]
        if slot["problem"] is None
    ]
    return "\n".join([slots_table(slots, with_port=True), *(["", *said] if said else [])])


def slots_table(slots: Sequence[Slot], *, with_port: bool) -> str:
    """Return slots as a table; the port is for who sets the station up."""
    headers = [_("Slot"), _("State"), _("Recorder"), *([_("Port")] if with_port else [])]
    rows = [
        [name_of(slot), label(SLOT_PHASE, slot["phase"]), _recorder(slot), *([slot["port"]] if with_port else [])]
        for slot in slots
    ]
    return table(headers, rows)


def name_of(slot: Slot) -> str:
    """Return what a slot is called; its port as long as it has no name."""
    return slot["slot"] or slot["port"]


def learnt_text(learnt: Learnt) -> str:
    """Return what a slot is called from now on."""
    if learnt["before"] not in {None, learnt["slot"]}:
        return _("Port {port} is {slot} now; it was {before}.").format(**learnt)
    return _("Port {port} is {slot} now.").format(**learnt)


def _recorder(slot: Slot) -> str:
    known = slot["recorder_id"] if slot["recorder_id"] != "unknown" else None
    return known or slot["product"] or slot["device"] or "–"
