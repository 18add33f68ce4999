"""A recorder that leaves although not all of it is safe: what was entered, and what a docking says of it."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from cli.labels import TAKE_AWAY, label
from cli.language import N_, _, ngettext
from cli.quantities import moment
from cli.wire import Docking, LetGo

_ENTERED: Final[Mapping[str, str]] = {
    "withdraw": N_("{what}: recorder {recorder} withdrawn for recovery by {person}, {when} ({zone}), entry {entry}."),
    "release": N_("{what}: recorder {recorder} released uncleared by {person}, {when} ({zone}), ledger entry {entry}."),
}
_NEXT: Final[Mapping[str, str]] = {
    "withdraw": N_(
        "It may be taken away now. It is issued to nobody until it is returned, until a docking reads what was left, "
        "or until a supervisor releases it."
    ),
    "release": N_("It may be taken away now. What was left stays listed, and the receipt says it was not taken over."),
}


def let_go_text(act: str, done: LetGo, zone: tzinfo) -> str:
    """Return the act for a person: what is given up with it, and what comes next."""
    entered = _(_ENTERED[act]).format(
        what=done["docking_id"] or done["port"],
        recorder=done["recorder_id"] or "–",
        person=done["by"],
        when=moment(done["at"], zone),
        zone=zone,
        entry=done["entry"],
    )
    return "\n".join([entered, *_left(done), _(_NEXT[act])])


def _left(done: LetGo) -> list[str]:
    files, folders = done["files_left"], done["folders_left"]
    if files is None or folders is None:
        return [_("Its card was never read: nobody knows what is on it.")]
    lines = [
        ngettext("{count} file was never kept.", "{count} files were never kept.", files).format(count=files),
    ]
    if folders:
        told = ngettext("{count} folder could not be listed.", "{count} folders could not be listed.", folders)
        lines.append(told.format(count=folders))
    return lines


def take_away(docking: Docking) -> str:
    """Return whether a card may go, or by whose decision it left."""
    if docking["released_at"] is not None:
        return _("released uncleared")
    if docking["withdrawn_at"] is not None:
        return _("away for recovery") if docking["withdrawn_until"] is None else _("was away for recovery")
    return label(TAKE_AWAY, docking["safe_to_take_away"])


def release_rows(docking: Docking, zone: tzinfo) -> list[tuple[str, str]]:
    """Return who decided that the recorder leaves although not all of it is safe, and why; nothing for most."""
    rows = []
    if docking["withdrawn_at"] is not None:
        decided = _decided(docking["withdrawn_at"], docking["withdrawn_by"], docking["withdrawn_reason"], zone)
        rows += [(_("Withdrawn"), decided), (_("Away until"), moment(docking["withdrawn_until"], zone))]
    if docking["released_at"] is not None:
        decided = _decided(docking["released_at"], docking["released_by"], docking["released_reason"], zone)
        rows.append((_("Released uncleared"), decided))
    return rows


def _decided(at: str, person: str | None, reason: str | None, zone: tzinfo) -> str:
    said = _("{when} by {person}: {reason}")
    return said.format(when=moment(at, zone), person=person, reason=reason or _("(reason erased)"))
