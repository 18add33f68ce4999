"""Clearing a card: what became of it, or why it was not done."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Final

from cli.labels import CLEARING, label
from cli.language import N_, _, ngettext
from cli.messages import told
from cli.quantities import moment, size
from cli.views.release import take_away
from cli.wire import Clearing, ClearingDone, Docking

_INDENT = "  "
_DONE: Final[Mapping[str, str]] = {
    "cleared": N_("Docking {docking_id}: card cleared by {person}, {when} ({zone})."),
    "whole": N_("Docking {docking_id}: card NOT cleared, nothing was removed, {when} ({zone})."),
    "partly": N_("Docking {docking_id}: card only PARTLY cleared, {when} ({zone})."),
    "unknown": N_("Docking {docking_id}: clearing BROKE OFF, {when} ({zone})."),
}


def clearing_done_text(done: ClearingDone, zone: tzinfo) -> str:
    """Return how a clearing ended for a person: first whether the card is cleared."""
    template = _DONE[done["state"] or "whole"]
    when = moment(done["at"], zone)
    heading = _(template).format(docking_id=done["docking_id"], person=done["by"], when=when, zone=zone)
    return "\n".join([heading, *clearing_lines(done)])


def clearing_lines(clearing: Clearing) -> list[str]:
    """Return what was removed, what may have been, what is left, and what is wrong."""
    lines = []
    if removed := clearing["files_removed"]:
        lines.append(ngettext("{count} file removed.", "{count} files removed.", removed).format(count=removed))
    if perhaps := clearing["files_perhaps_removed"]:
        told_perhaps = ngettext("{count} file may be removed.", "{count} files may be removed.", perhaps)
        lines.append(told_perhaps.format(count=perhaps))
    if left := clearing["files_left"]:
        told_left = ngettext(
            "{count} file is on the card that is on no receipt; it was not touched:",
            "{count} files are on the card that are on no receipt; they were not touched:",
            left,
        )
        lines.append(told_left.format(count=left))
        lines += [f"{_INDENT}{file['path'] or '–'} ({size(file['size_bytes'])})" for file in clearing["left"]]
    if clearing["problem"] is not None:
        lines.append(told(clearing["problem"]))
    return lines


def clearing_rows(docking: Docking, zone: tzinfo) -> list[tuple[str, str]]:
    """Return the clearing of a docking as a row of its page; nothing where nobody chose clearing."""
    clearing = docking["clearing"]
    if clearing["state"] is None:
        return [(_("Cleared"), _("not yet"))] if clearing["is_chosen"] else []
    state = label(CLEARING, clearing["state"])
    by = _("{when} by {person}").format(when=moment(clearing["at"], zone), person=clearing["by"] or "–")
    return [(_("Cleared"), f"{state} ({by})")]


def card_said(docking: Docking) -> str:
    """Return whether a card may go, and whether it is cleared, for a cell of a table."""
    state = docking["clearing"]["state"]
    said = take_away(docking)
    return said if state is None else _("{one}, {other}").format(one=said, other=label(CLEARING, state))


def broken_off(dockings: Iterable[Docking]) -> list[str]:
    """Return of each clearing that did not come to its end what it left; that needs a person."""
    return [
        _("docking {docking_id}: {problem}").format(docking_id=docking["docking_id"], problem=told(problem))
        for docking in dockings
        if docking["clearing"]["state"] in {"partly", "unknown"}
        and (problem := docking["clearing"]["problem"]) is not None
    ]


def waiting_lines(dockings: Iterable[Docking]) -> list[str]:
    """Return of each card that stands in its slot why it is not cleared."""
    return [
        told(docking["clearing"]["problem"])
        for docking in dockings
        if docking["clearing"]["is_in_slot"] and docking["clearing"]["problem"] is not None
    ]
