"""What a custodian has just taken over."""

from datetime import tzinfo

from cli.language import _, ngettext
from cli.quantities import moment
from cli.wire import Accepted


def accepted_text(accepted: Accepted, zone: tzinfo) -> str:
    """Return the acceptance for a person, with everything that qualifies it."""
    clips = ngettext("{count} clip", "{count} clips", accepted["clips"]).format(count=accepted["clips"])
    said = _("Docking {docking_id}: {clips} accepted by {person}, {when} ({zone}), ledger entry {entry}.")
    lines = [
        said.format(
            docking_id=accepted["docking_id"],
            clips=clips,
            person=accepted["accepted_by"],
            when=moment(accepted["accepted_at"], zone),
            zone=zone,
            entry=accepted["entry"],
        )
    ]
    if accepted["late"]:
        lines.append(_("Handed over late: {count}; the reason is recorded.").format(count=accepted["late"]))
    if accepted["waiting"]:
        lines.append(_("Not read for their times yet: {count}.").format(count=accepted["waiting"]))
    if accepted["files_left"]:
        lines.append(
            _("Not accepted, because they are not sealed: {count} files.").format(count=accepted["files_left"])
        )
    return "\n".join(lines)
