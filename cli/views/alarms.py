"""Alarms at the dock, and what is wrong with what stands in its slots: what needs a person, in plain words."""

from collections.abc import Sequence
from datetime import tzinfo

from cli.labels import UNLOCK_WARNING, label
from cli.language import _
from cli.messages import told
from cli.quantities import moment
from cli.views.slots import name_of
from cli.wire import Acknowledged, Alarm, Slot

_INDENT = "  "
_LOUD_WARNING = "factory-password"


def dock_lines(alarms: Sequence[Alarm], slots: Sequence[Slot]) -> list[str]:
    """Return what needs a person at the dock; what is told as an alarm is not told again as what stands there now.

    What stands elsewhere, such as a reader of the station's own that speaks its maker's protocol, needs nobody.
    """
    alarmed = {told(alarm["problem"]): alarm["alarm"] for alarm in reversed(alarms)}
    lines = [_("alarm {alarm}: {what}").format(alarm=alarm, what=what) for what, alarm in reversed(alarmed.items())]
    standing = [told(slot["problem"]) for slot in slots if slot["problem"] is not None and slot["is_dock"]]
    lines += [what for what in dict.fromkeys(standing) if what not in alarmed]
    lines += [
        f"{name_of(slot)}: {label(UNLOCK_WARNING, _LOUD_WARNING)}"
        for slot in slots
        if slot["unlock"] is not None and _LOUD_WARNING in slot["unlock"]["warnings"]
    ]
    return lines


def dock_notes(alarms: Sequence[Alarm], slots: Sequence[Slot]) -> list[str]:
    """Return the same as a part of a page of its own, and how an alarm is closed; nothing where all is well."""
    lines = [f"! {line}" for line in dock_lines(alarms, slots)]
    if alarms:
        lines.append(_("An alarm is closed with: custody dock acknowledge ALARM --by PERSON_ID --note TEXT"))
    return ["", *lines] if lines else []


def alarms_text(alarms: Sequence[Alarm], zone: tzinfo) -> str:
    """Return alarms for a person: what happened when, and who looked into it with what result."""
    if not alarms:
        return _("There was no alarm yet.")
    lines = []
    for alarm in alarms:
        when = moment(alarm["at"], zone)
        lines.append(f"{when}  " + _("alarm {alarm}: {what}").format(alarm=alarm["alarm"], what=told(alarm["problem"])))
        lines.append(_INDENT + _became_of(alarm, zone))
    return "\n".join([*lines, "", _("Times in {zone}.").format(zone=zone)])


def _became_of(alarm: Alarm, zone: tzinfo) -> str:
    if alarm["acknowledged_at"] is not None:
        said = _("acknowledged {when} by {person}: {note}")
        note = alarm["note"] or _("(reason erased)")
        return said.format(when=moment(alarm["acknowledged_at"], zone), person=alarm["acknowledged_by"], note=note)
    return _("STANDS") if alarm["is_standing"] else _("settled: a good docking followed")


def acknowledged_text(done: Acknowledged, zone: tzinfo) -> str:
    """Return the act for a person."""
    said = _("Alarm {alarm} acknowledged by {person}, {when} ({zone}), ledger entry {entry}.")
    return said.format(
        alarm=done["alarm"], person=done["by"], when=moment(done["at"], zone), zone=zone, entry=done["entry"]
    )
