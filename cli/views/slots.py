"""Slots: what they are called, and what stands in them, readable at arm's length."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from cli.labels import HANDOVER, SLOT_PHASE, SLOT_REMARK, UNLOCK_WARNING, WHY_NOT, label
from cli.language import _
from cli.messages import told
from cli.tables import shortened, table
from cli.wire import Learnt, Slot, Unlock

# One line a slot, on any terminal; the last column takes the rest.
COLUMNS: Final = 100
_WIDEST: Final = (12, 15, 11, 13, 17)

# The worst first: what needs a person before what only needs time.
_URGENCY: Final = {code: rank for rank, code in enumerate(WHY_NOT)}
# What no time settles; why a card is refused is told in its own words.
_STUCK: Final = frozenset({"gone-early", "interrupted", "files-failed", "folders-unlisted", "held"})
_DONE: Final[Mapping[str, int]] = {"withdrawn": 100, "released-uncleared": 101, "safe": 102, "released": 103}
_EMPTY: Final = 200
_DIGITS: Final = re.compile(r"(\d+)", re.ASCII)


def slots_text(slots: Sequence[Slot]) -> str:
    """Return every slot on a line of its own, the most urgent first, and below what must be said of it."""
    if not slots:
        return _("No slot is known yet. Plug a recorder in, or name one with: custody dock learn NAME")
    said = [
        f"{name_of(slot)}: {label(SLOT_REMARK, code)}"
        for slot in slots
        for code in slot["remarks"]
        if slot["problem"] is None
    ]
    for slot in slots:
        own_words = [] if slot["unlock"] is None else _unlocked(slot["unlock"])
        if own_words:
            said.append(f"{name_of(slot)}: " + _("the recorder says: {said}").format(said=_(", ").join(own_words)))
    # One in a dock needs a person, and is told as such.
    said += [told(slot["problem"]) for slot in slots if slot["problem"] is not None and not slot["is_dock"]]
    said += [
        _("{port} has no name yet: custody dock learn NAME --port {port}").format(port=slot["port"])
        for slot in slots
        if slot["slot"] is None
    ]
    return "\n".join([slots_table(slots, columns=COLUMNS), *(["", *said] if said else [])])


def slots_table(slots: Sequence[Slot], *, columns: int) -> str:
    """Return slots as a table of at most `columns`, the most urgent first."""
    headers = [_("Slot"), _("Recorder"), _("Officer"), _("Read"), _("Handover"), _("State")]
    rows = []
    for slot in sorted(slots, key=_order):
        cells = (name_of(slot), _recorder(slot), slot["officer_id"] or "–", _progress(slot), _handover(slot))
        fitted = [shortened(cell, widest) for cell, widest in zip(cells, _WIDEST, strict=True)]
        rows.append([*fitted, state_of(slot)])
    return table(headers, rows, columns=columns)


def name_of(slot: Slot) -> str:
    """Return what a slot is called; its port as long as it has no name."""
    return slot["slot"] or slot["port"]


def state_of(slot: Slot) -> str:
    """Return whether what stands there is safe to take away, or why not."""
    why_not = slot["why_not"]
    return label(SLOT_PHASE, slot["phase"]) if why_not is None else label(WHY_NOT, why_not)


def stuck_lines(slots: Sequence[Slot]) -> list[str]:
    """Return the slots where somebody must do something, and why; the rest of them only needs time."""
    return [f"{name_of(slot)}: {state_of(slot)}" for slot in slots if slot["why_not"] in _STUCK]


def learnt_text(learnt: Learnt) -> str:
    """Return what a slot is called from now on."""
    if learnt["before"] not in {None, learnt["slot"]}:
        return _("Port {port} is {slot} now; it was {before}.").format(**learnt)
    return _("Port {port} is {slot} now.").format(**learnt)


def _order(slot: Slot) -> tuple[int, list[tuple[bool, int, str]]]:
    """The worst first; equal ones as people count, "slot 9" before "slot 10"."""
    rank = _EMPTY if slot["phase"] == "empty" else _DONE.get(slot["phase"], _URGENCY.get(slot["why_not"] or "", 99))
    parts = _DIGITS.split(name_of(slot))
    return rank, [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _recorder(slot: Slot) -> str:
    """Return the serial, which is what stands on the recorder; without one what the device calls itself."""
    known = slot["recorder_id"] if slot["recorder_id"] != "unknown" else None
    return known.split(":", 3)[-1] if known else slot["product"] or slot["device"] or "–"


def _progress(slot: Slot) -> str:
    found, kept = slot["files_found"], slot["files_kept"]
    if slot["docking_id"] is None:
        return "–"
    if kept == found or not slot["bytes_found"]:
        return f"{kept}/{found}"
    return f"{kept}/{found} {slot['bytes_done'] * 100 // slot['bytes_found']} %"


def _handover(slot: Slot) -> str:
    """Return the worst verdict of the recordings and how many have it."""
    for verdict in ("late", "undeterminable", "on-time"):
        if count := slot["handover"].get(verdict, 0):
            return f"{label(HANDOVER, verdict)} {count}"
    return "–"


def _unlocked(unlock: Unlock) -> list[str]:
    """Return what the recorder said of itself when it was unlocked."""
    said = [
        (_("device {device_id}"), unlock["device_id"]),
        (_("police number {police_number}"), unlock["police_number"]),
        (_("name {officer_name}"), unlock["officer_name"]),
        (_("unit {unit_name}"), unlock["unit_name"]),
        (_("battery {battery_percent} %"), unlock["battery_percent"]),
    ]
    parts = [text.format(**unlock) for text, value in said if value is not None]
    offset_ms, doubt_ms = unlock["clock_offset_ms"], unlock["clock_offset_uncertainty_ms"]
    if offset_ms is not None and doubt_ms is not None:
        clock = _("its clock is off by {offset} s (± {doubt} s)")
        parts.append(clock.format(offset=f"{offset_ms / 1000:+.1f}", doubt=f"{doubt_ms / 1000:.1f}"))
    return parts + [label(UNLOCK_WARNING, code) for code in unlock["warnings"] if code != "factory-password"]
