"""The station at a glance, readable at arm's length: first whether a person is needed."""

import zoneinfo
from datetime import tzinfo

from cli.labels import ANSWER, DAEMON_MODE, HANDOVER_POINT, PHASE, label
from cli.language import _, ngettext
from cli.messages import told
from cli.quantities import minute, moment
from cli.tables import pairs, table
from cli.views.alarms import dock_lines
from cli.views.clearing import broken_off, card_said
from cli.views.docking import verdicts
from cli.views.safety import remark_line, remarks_on, state_counts
from cli.views.slots import COLUMNS, slots_table, stuck_lines
from cli.views.stores import store_problems, stores_table
from cli.wire import Docking, Status

_INDENT = "  "
_DOCKINGS_SHOWN = 5


def status_text(status: Status) -> str:
    """Return the station for a person at the dock."""
    zone = zoneinfo.ZoneInfo(status["station"]["time_zone"])
    parts = [
        _heading(status),
        "\n".join([_verdict(status), *(f"{_INDENT}! {line}" for line in attention(status, zone))]),
        _clips(status),
        "\n".join([_("Stores"), _indented(stores_table(status["stores"])), _apart(status)]),
        _slots(status),
        _dockings(status, zone),
        _ledger(status, zone),
    ]
    return "\n\n".join(part for part in parts if part)


def _heading(status: Status) -> str:
    station = status["station"]
    rules = _("handover within {hours} hours, measured to {point}; rule set {version}").format(
        hours=station["handover_hours"],
        point=label(HANDOVER_POINT, station["handover_point"]),
        version=station["rule_set_version"],
    )
    mode = label(DAEMON_MODE, status["daemon"]["mode"])
    return f"{station['unit']} · {station['origin']}\n{rules}\n{mode}"


def _verdict(status: Status) -> str:
    if needs_attention(status):
        return _("NEEDS ATTENTION")
    if any(slot["why_not"] is not None for slot in status["slots"]):
        return _("AT WORK. Leave every recorder in its slot until it is safe to take away.")
    if status["clips"]["total"] == 0:
        return _("READY. Nothing has been taken in yet.")
    return _("ALL IN ORDER")


def needs_attention(status: Status) -> bool:
    """Return whether anything here waits for a person; what is late stays late and is only counted."""
    backlog = status["backlog"]
    return bool(
        status["ledger"]["problem"]
        or not status["ledger"]["writable"]
        or any(store["state"] != "ok" for store in status["stores"])
        or backlog["not_safe"]
        or backlog["failed_files"]
        or backlog["unfinished"]
        or backlog["foreign_files"]
        or backlog["withdrawn"]
        or status["alarms"]
        or dock_lines([], status["slots"])
        or stuck_lines(status["slots"])
        or status["clips"]["by_state"].get("damaged")
        or broken_off(status["dockings"])
    )


def attention(status: Status, zone: tzinfo) -> list[str]:
    """Return everything that needs a person, in plain words."""
    backlog, lines = status["backlog"], []
    if status["ledger"]["problem"] is not None:
        lines.append(told(status["ledger"]["problem"]))
    elif not status["ledger"]["writable"]:
        lines.append(_("the ledger accepts no entries: cards stay unread"))
    lines += store_problems(status["stores"])
    lines += dock_lines(status["alarms"], status["slots"])
    lines += stuck_lines(status["slots"])
    lines += broken_off(status["dockings"])
    if damaged := status["clips"]["by_state"].get("damaged", 0):
        lines.append(ngettext("{count} clip is damaged", "{count} clips are damaged", damaged).format(count=damaged))
    if waiting := backlog["not_safe"]:
        told_since = ngettext(
            "{count} clip is not safe yet, since {since}", "{count} clips are not safe yet, since {since}", waiting
        )
        lines.append(told_since.format(count=waiting, since=minute(backlog["oldest_not_safe_at"], zone)))
    if unfinished := backlog["unfinished"]:
        told_unfinished = ngettext(
            "{count} recorder was not read whole, and neither docked again since nor released (custody dock list)",
            "{count} recorders were not read whole, and neither docked again since nor released (custody dock list)",
            unfinished,
        )
        lines.append(told_unfinished.format(count=unfinished))
    if failed := backlog["failed_files"]:
        told_failed = ngettext("{count} file could not be taken in", "{count} files could not be taken in", failed)
        lines.append(told_failed.format(count=failed))
    if withdrawn := backlog["withdrawn"]:
        told_away = ngettext(
            "{count} recorder is away for recovery", "{count} recorders are away for recovery", withdrawn
        )
        lines.append(told_away.format(count=withdrawn))
    if foreign := backlog["foreign_files"]:
        told_foreign = ngettext("{count} foreign file on cards", "{count} foreign files on cards", foreign)
        lines.append(told_foreign.format(count=foreign))
    return lines


def _clips(status: Status) -> str:
    clips = status["clips"]
    rows = state_counts(clips["by_state"])
    rows.append((_("Handover"), verdicts(clips["by_handover"])))
    if waiting := status["backlog"]["interpretation_waiting"]:
        rows.append((_("Waiting to be read for times"), str(waiting)))
    codes = [state for state, count in clips["by_state"].items() if count]
    remarks = remarks_on(codes)
    rest = [line for line in map(remark_line, status["remarks"]) if line not in remarks]
    return "\n".join([_("Clips"), pairs(rows, indent=_INDENT), *(f"{_INDENT}{line}" for line in [*remarks, *rest])])


def _apart(status: Status) -> str:
    return _INDENT + _("On different physical disks: {answer}.").format(answer=label(ANSWER, status["disks_apart"]))


def _slots(status: Status) -> str:
    if not status["slots"]:
        return ""
    return "\n".join([_("Slots"), _indented(slots_table(status["slots"], columns=COLUMNS - len(_INDENT)))])


def _dockings(status: Status, zone: tzinfo) -> str:
    if not status["dockings"]:
        return ""
    rows = [_docking(docking, zone) for docking in status["dockings"][:_DOCKINGS_SHOWN]]
    headers = (_("Card"), _("Docked"), _("Phase"), _("Kept"), _("Verdict"))
    return "\n".join([_("Newest cards"), _indented(table(headers, rows))])


def _docking(docking: Docking, zone: tzinfo) -> tuple[str, ...]:
    kept = docking["files_sealed"] + docking["files_known"]
    return (
        docking["slot"] or docking["recorder_id"],
        minute(docking["docked_at"] or docking["seen_at"], zone),
        label(PHASE, docking["phase"]),
        f"{kept}/{docking['files_found']}",
        card_said(docking),
    )


def _ledger(status: Status, zone: tzinfo) -> str:
    ledger = status["ledger"]
    return _("Ledger: {size} entries, newest {at} ({zone}).").format(
        size=ledger["size"], at=moment(ledger["newest_at"], zone), zone=zone
    )


def _indented(text: str) -> str:
    return "\n".join(f"{_INDENT}{line}" for line in text.splitlines())
