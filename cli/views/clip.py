"""One clip: everything known of it, and what a check of its copies gave."""

from collections.abc import Mapping
from datetime import tzinfo

from cli.labels import FILE_TYPE, HANDOVER, HANDOVER_REASON, REMARK, STATE, STORE_ROLE, WHOLE, label
from cli.language import _
from cli.messages import told
from cli.quantities import moment, size, span
from cli.tables import pairs
from cli.views.safety import remarks_on
from cli.wire import Clip, ClipCheck, ClipDetail

_INDENT = "  "


def clip_text(clip: ClipDetail, zone: tzinfo) -> str:
    """Return one clip for a person."""
    parts = [pairs(_about(clip, zone)), _copies(clip, zone), _sightings(clip, zone)]
    parts += [_facts(_("Media"), clip["media"]), _facts(_("Recording time"), clip["times"])]
    parts += [_facts(_("Session"), clip["session"])]
    remarks = [_("Remark: {remark}.").format(remark=label(REMARK, code)) for code in clip["remarks"]]
    parts.append("\n".join(dict.fromkeys([*remarks_on([clip["state"]]), *remarks])))
    return "\n\n".join(part for part in parts if part)


def _about(clip: ClipDetail, zone: tzinfo) -> list[tuple[str, str]]:
    return [
        (_("Clip"), clip["clip_id"]),
        (_("Name on the card"), clip["source_path"] or "–"),
        (_("Recorder"), clip["recorder_id"]),
        (_("Officer"), clip["officer_id"] or "–"),
        (_("Operator"), clip["operator_id"] or "–"),
        (_("Device in the name"), clip["device_id"] or "–"),
        (_("Type"), label(FILE_TYPE, clip["file_type"])),
        (_("Size"), f"{size(clip['size_bytes'])} ({clip['size_bytes']} B)"),
        ("SHA-256", clip["sha256"]),
        (_("Recorded"), f"{span(clip['recorded_from'], clip['recorded_to'], zone)} ({zone})"),
        (_("Docked"), moment(clip["docked_at"], zone)),
        (_("Sealed"), moment(clip["sealed_at"], zone)),
        (_("Handover due"), moment(clip["handover_due"], zone)),
        (_("Handover counts from"), moment(clip["handed_over_at"], zone)),
        (_("Handover"), handover(clip)),
        (_("State"), label(STATE, clip["state"])),
        (_("Bag"), clip["bag_path"]),
    ]


def handover(clip: Clip) -> str:
    """Return the verdict and its reason as one text."""
    verdict = label(HANDOVER, clip["handover"])
    return _("{verdict}: {reason}").format(verdict=verdict, reason=label(HANDOVER_REASON, clip["handover_reason"]))


def _copies(clip: ClipDetail, zone: tzinfo) -> str:
    rows = [
        (
            f"{copy['store_id']} ({label(STORE_ROLE, copy['role'])})",
            _("re-read from the disk {when}").format(when=moment(copy["verified_at"], zone)),
        )
        for copy in clip["copies"]
    ]
    return "\n".join([_("Copies"), pairs(rows, indent=_INDENT)])


def _sightings(clip: ClipDetail, zone: tzinfo) -> str:
    rows = [
        (moment(seen["seen_at"], zone), f"{seen['path'] or '–'}  [{seen['docking_id']}]")
        for seen in clip["sightings_detail"]
    ]
    return "\n".join([_("Seen on cards"), pairs(rows, indent=_INDENT)])


def _facts(title: str, facts: Mapping[str, object] | None) -> str:
    # What was read from the file is shown under the names the interface has for it: these are facts for experts.
    if not facts:
        return ""
    return f"{title}\n{pairs([(name, _value(value)) for name, value in facts.items()], indent=_INDENT)}"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={_value(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return "; ".join(_value(inner) for inner in value)
    return "–" if value is None else str(value)


def check_text(check: ClipCheck) -> str:
    """Return what re-reading every copy of one clip gave."""
    lines = [_("Clip {clip}: {answer}").format(clip=check["clip_id"], answer=label(WHOLE, check["answer"]))]
    for copy in check["copies"]:
        lines.append(f"{_INDENT}{copy['store_id']}: {label(WHOLE, copy['answer'])}")
        lines += [f"{_INDENT * 2}{finding['code']}  {told(finding)}" for finding in copy["findings"]]
    return "\n".join(lines)
