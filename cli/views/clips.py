"""Many clips as a table."""

from collections.abc import Sequence
from datetime import tzinfo

from cli.labels import FILE_TYPE, HANDOVER, STATE, label
from cli.language import _, ngettext
from cli.quantities import base_name, minute, short_ids, size
from cli.tables import table
from cli.views.safety import remarks_on
from cli.wire import Clip

_SIZE = 3


def clips_text(clips: Sequence[Clip], zone: tzinfo, columns: int | None) -> str:
    """Return the clips as a table, newest sealed last, and what must be said beside it."""
    if not clips:
        return _("No clips.")
    short = short_ids(clip["clip_id"] for clip in clips)
    headers = (_("Clip"), _("Type"), _("Recorded"), _("Size"), _("Handover"), _("State"), _("Name on the card"))
    rows = [
        (
            short[clip["clip_id"]],
            label(FILE_TYPE, clip["file_type"]),
            minute(clip["recorded_from"], zone),
            size(clip["size_bytes"]),
            label(HANDOVER, clip["handover"]),
            label(STATE, clip["state"]),
            base_name(clip["source_path"]),
        )
        for clip in clips
    ]
    count = ngettext("{count} clip; times in {zone}.", "{count} clips; times in {zone}.", len(clips))
    closing = [count.format(count=len(clips), zone=zone), *remarks_on(clip["state"] for clip in clips)]
    return "\n".join([table(headers, rows, right=frozenset({_SIZE}), columns=columns), "", *closing])
