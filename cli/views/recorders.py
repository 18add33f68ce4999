"""Recorders: one, many, and the history of one."""

from collections.abc import Sequence
from datetime import tzinfo

from cli.labels import ENTRY_KIND, RECORDER_STATE, label
from cli.language import _, ngettext
from cli.quantities import minute, moment
from cli.tables import pairs, table
from cli.wire import Recorder, RecorderDetail


def recorders_text(recorders: Sequence[Recorder], zone: tzinfo, columns: int | None) -> str:
    """Return the register as a table."""
    if not recorders:
        return _("No recorders.")
    headers = (_("State"), _("Officer"), _("Operator"), _("Since"), _("Last docked"), _("Recorder"))
    rows = [
        (
            label(RECORDER_STATE, one["state"]),
            one["officer_id"] or "–",
            one["operator_id"] or "–",
            minute(one["held_since"], zone),
            minute(one["last_docked_at"], zone),
            one["recorder_id"],
        )
        for one in recorders
    ]
    count = ngettext("{count} recorder; times in {zone}.", "{count} recorders; times in {zone}.", len(recorders))
    return "\n".join([table(headers, rows, columns=columns), "", count.format(count=len(recorders), zone=zone)])


def recorder_text(recorder: Recorder, zone: tzinfo) -> str:
    """Return what the register says of one recorder now."""
    return pairs(_about(recorder, zone))


def recorder_detail_text(recorder: RecorderDetail, zone: tzinfo) -> str:
    """Return one recorder with every act on it, and by whom it was entered."""
    parts = [recorder_text(recorder, zone)]
    if recorder["history"]:
        headers = (_("Entry"), _("Dated"), _("Entered"), _("What happened"), _("Officer"), _("By"), _("Note"))
        rows = [
            (
                str(act["seq"]),
                moment(act["dated"], zone),
                moment(act["entered_at"], zone),
                label(ENTRY_KIND, act["kind"]),
                act["officer_id"] or "–",
                act["by"] or "–",
                act["note"] or "–",
            )
            for act in recorder["history"]
        ]
        parts += ["", table(headers, rows, right=frozenset({0})), "", _("Times in {zone}.").format(zone=zone)]
    return "\n".join(parts)


def _about(recorder: Recorder, zone: tzinfo) -> list[tuple[str, str]]:
    capacity = recorder["capacity_gb"]
    return [
        (_("Recorder"), recorder["recorder_id"]),
        (_("State"), label(RECORDER_STATE, recorder["state"])),
        (_("Officer"), recorder["officer_id"] or "–"),
        (_("Operator"), recorder["operator_id"] or "–"),
        (_("Since"), moment(recorder["held_since"], zone)),
        (_("Faulty since"), moment(recorder["faulty_since"], zone)),
        (_("Away since"), moment(recorder["withdrawn_since"], zone)),
        (_("Retired"), moment(recorder["retired_at"], zone)),
        (_("Registered"), moment(recorder["registered_at"], zone)),
        (_("Last docked"), moment(recorder["last_docked_at"], zone)),
        (_("Dockings"), str(recorder["dockings"])),
        (_("Model"), recorder["model"] or "–"),
        (_("Unit"), recorder["unit"] or "–"),
        (_("Capacity"), "–" if capacity is None else f"{capacity} GB"),
        (_("Note"), recorder["note"] or "–"),
    ]


def recorder_headers() -> list[str]:
    """Return the first line of the register as a file."""
    return [
        _("Recorder"),
        _("State"),
        _("Model"),
        _("Unit"),
        _("Capacity (GB)"),
        _("Officer"),
        _("Operator"),
        _("Since"),
        _("Faulty since"),
        _("Away since"),
        _("Retired"),
        _("Registered"),
        _("Last docked"),
        _("Dockings"),
        _("Note"),
    ]


def recorder_rows(recorders: Sequence[Recorder], zone: tzinfo) -> list[list[str | int | None]]:
    """Return the register as lines of a file; what is not known stays empty."""
    return [
        [
            one["recorder_id"],
            label(RECORDER_STATE, one["state"]),
            one["model"],
            one["unit"],
            one["capacity_gb"],
            one["officer_id"],
            one["operator_id"],
            *(
                one[key] and moment(one[key], zone)
                for key in (
                    "held_since",
                    "faulty_since",
                    "withdrawn_since",
                    "retired_at",
                    "registered_at",
                    "last_docked_at",
                )
            ),
            one["dockings"],
            one["note"],
        ]
        for one in recorders
    ]
