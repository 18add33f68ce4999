"""Whether the card of a docking may be cleared now, and if not, the one reason to settle first (R40, A3 art. 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bodycam_custody.clearing.errors import ClearingNotChosenError, ClearingRefusedError
from bodycam_custody.clearing.folding import ClearingState
from bodycam_custody.clock import rfc3339
from bodycam_custody.dockings.drafts import subject_of
from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.model import ClipState, DockingId, DockingPhase, Remark
from bodycam_custody.release.standing import ClearingBar, clearing_bar
from bodycam_custody.station import Station
from config.settings import Clearing
from docking.card import DockingKind
from docking.errors import DockingError
from docking.slips import SLIP_SUFFIX, read_slip
from docking.usb_ports import port_of
from hashing.errors import N_, Statement

# What must be settled before anything is removed: with these beside it, the card may be the best that is left.
_FORBIDDING: Mapping[Remark, str] = {
    Remark.STORES_ON_ONE_DISK: N_("All copies are on one physical disk."),
    Remark.DISKS_UNPROVEN: N_("It is not proven that the copies are on different physical disks."),
    Remark.SERIAL_TWICE: N_("The serial of its recorder was in two slots at once, so the docking is held."),
    Remark.RECORDER_UNREGISTERED: N_("Its recorder is not registered: sealed and held (A3 art. 3)."),
    Remark.FILES_GONE: N_("Files that were never kept are gone from it; they may still be recovered."),
}
_BARS: Mapping[ClearingBar, str] = {
    ClearingBar.RECORDER_WITHDRAWN: N_("Its recorder is withdrawn for recovery: nothing on it is removed."),
    ClearingBar.RELEASED_UNCLEARED: N_("The supervisor released it uncleared."),
}
_STATES: Mapping[ClearingState, str] = {
    ClearingState.CLEARING: N_("It is being cleared."),
    ClearingState.CLEARED: N_("It is cleared already."),
    ClearingState.PARTLY: N_("An earlier clearing removed some of its files. Dock the recorder again."),
    ClearingState.UNKNOWN: N_("An earlier clearing broke off. Dock the recorder again."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Whether clearing was chosen, whether the card stands in its slot, and what else is in the way."""

    is_chosen: bool
    is_in_slot: bool
    problem: ClearingRefusedError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The two entries without which nothing is cleared."""

    receipt: Entry
    accepted: Entry


def require_clearing_chosen(station: Station) -> None:
    """Return if the unit's rule set says that recorders are cleared.

    Raises:
        ClearingNotChosenError: it says something else; the text quotes it.
    """
    rules = station.settings.rule_set
    if rules.clearing is not Clearing.CLEAR_AFTER_RECEIPT:
        raise ClearingNotChosenError(
            unit=rules.unit,
            document_number=rules.document_number,
            version=rules.version,
            clearing=rules.clearing.value,
        )


def require_clearable(station: Station, row: Mapping[str, Any], view: Mapping[str, Any]) -> HandedOver:
    """Return receipt and acceptance of a docking whose card may be cleared as far as the station knows.

    `row` is the docking in the catalog, `view` how it is shown.

    Not checked: the card itself, and the copies; the helper reads both again.

    Raises:
        ClearingRefusedError: it may not; the first reason is named.
    """
    docking_id = DockingId(row["docking_id"])
    reason = _first_reason(station, row, view)
    if reason is not None:
        raise ClearingRefusedError(docking_id=docking_id, reason=reason)
    handed_over = _handed_over(station, docking_id)
    if handed_over is None:
        reason = Statement(N_("It has no receipt yet: custody dock receipt {docking_id}"), docking_id=docking_id)
        raise ClearingRefusedError(docking_id=docking_id, reason=reason)
    return handed_over


def outlook(station: Station, row: Mapping[str, Any], view: Mapping[str, Any]) -> Outlook:
    """Return what stands between the card of a docking and its clearing, as those who ask see it."""
    chosen = station.settings.rule_set.clearing is Clearing.CLEAR_AFTER_RECEIPT
    if row["kind"] != DockingKind.DOCK or not chosen:
        return Outlook(is_chosen=False, is_in_slot=False, problem=None)
    try:
        slip_of(station, row)
    except ClearingRefusedError as err:
        return Outlook(is_chosen=True, is_in_slot=False, problem=err)
    try:
        require_clearable(station, row, view)
    except ClearingRefusedError as err:
        return Outlook(is_chosen=True, is_in_slot=True, problem=err)
    return Outlook(is_chosen=True, is_in_slot=True, problem=None)


def slip_of(station: Station, row: Mapping[str, Any]) -> str:
    """Return the name of the slip that announces the card of a docking now.

    Raises:
        ClearingRefusedError: the card is not in its slot any more, or was docked anew.
    """
    newest = station.catalog.rows(
        "SELECT docking_id FROM dockings WHERE port IS ? AND docked_at = ? AND filesystem = ?"
        " ORDER BY seen_at DESC, docking_id DESC LIMIT 1",
        (row["port"], row["docked_at"], row["filesystem"]),
    )
    if newest and newest[0]["docking_id"] != row["docking_id"]:
        reason = Statement(N_("It was docked anew as {other}; clear that docking."), other=newest[0]["docking_id"])
        raise ClearingRefusedError(docking_id=row["docking_id"], reason=reason)
    settings = station.settings
    for path in sorted(settings.paths.slips.glob(f"[!.]*{SLIP_SUFFIX}")):
        try:
            slip = read_slip(path, trusted_uids=frozenset(settings.docking.slip_owner_uids))
        except DockingError:
            continue  # it does not count, so no card was docked by it
        port = None if slip.port_path is None else port_of(slip.port_path)
        if port == row["port"] and rfc3339(slip.docked_at) == row["docked_at"]:
            return path.name
    reason = Statement(N_("The card is not in its slot any more."))
    raise ClearingRefusedError(docking_id=row["docking_id"], reason=reason)


def _first_reason(station: Station, row: Mapping[str, Any], view: Mapping[str, Any]) -> Statement | None:
    docking_id = DockingId(row["docking_id"])
    if row["kind"] != DockingKind.DOCK:
        return Statement(N_("It is an imported folder; only recorders are cleared."))
    bar = clearing_bar(station.catalog, docking_id)
    if bar is not None:
        return Statement(_BARS[bar])
    if row["clearing"] in _STATES:
        return Statement(_STATES[ClearingState(row["clearing"])])
    if row["phase"] != DockingPhase.CLOSED:
        return Statement(N_("Its card was not read to the end. Dock the recorder again."))
    forbidding = [remark for remark in _FORBIDDING if remark in view["remarks"]]
    if forbidding:
        return Statement(_FORBIDDING[forbidding[0]])
    if view["safe_to_take_away"] != "yes":
        return Statement(N_("Not every file of it is safe."))
    if _files_less_than_safe(station, docking_id):
        return Statement(N_("Not every file of it is safe."))
    if row["accepted_at"] is None:
        return Statement(
            N_("It is not accepted by a custodian yet: custody dock accept {docking_id}"), docking_id=docking_id
        )
    return None


def _files_less_than_safe(station: Station, docking_id: DockingId) -> bool:
    """Only the plain state counts: one disk, or disks nobody can tell apart, is no second copy (R43)."""
    rows = station.catalog.rows(
        "SELECT 1 FROM files f LEFT JOIN clips c USING (clip_id) WHERE f.docking_id = ?"
        " AND (c.state IS NULL OR c.state <> ?) LIMIT 1",
        (docking_id, ClipState.SAFE),
    )
    return bool(rows)


def _handed_over(station: Station, docking_id: DockingId) -> HandedOver | None:
    entries = station.ledger.entries_about([subject_of(docking_id)])
    receipts = [entry for entry in entries if entry.kind == EntryKind.RECEIPT_ISSUED]
    accepted = [entry for entry in entries if entry.kind == EntryKind.DOCK_ACCEPTED]
    if not receipts or not accepted:
        return None
    return HandedOver(receipt=receipts[-1], accepted=accepted[-1])
