"""Giving a receipt for a docking: refused until all of the card is kept, then signed and entered (R38, R39)."""

from collections.abc import Mapping, Sequence
from typing import Any

from bodycam_custody.appointments import people_in_office
from bodycam_custody.clock import parse_rfc3339
from bodycam_custody.dockings.drafts import subject_of
from bodycam_custody.entries import Actor, Draft, EntryKind
from bodycam_custody.handover.acceptance import closed_docking
from bodycam_custody.handover.errors import ReceiptRefusedError
from bodycam_custody.handover.receipt import FileHandover, FileLeft, Left, Receipt, ReceiptFile, receipt_digest
from bodycam_custody.model import (
    Basis,
    ClipId,
    ClipState,
    DockingId,
    DockingPhase,
    FileOutcome,
    Handover,
    HandoverReason,
)
from bodycam_custody.operations import Caller, OneDocking
from bodycam_custody.release.left_behind import files_left, folders_left
from bodycam_custody.release.standing import let_go_by
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station
from bodycam_custody.views import docking_view
from hashing.canonical import Json
from hashing.checkpoint import NoteVerifier, parse_checkpoint
from hashing.errors import N_, Statement, shown
from hashing.namespaces import Namespace
from hashing.sshsig import sign

# A refusal names this many files and counts the rest: it must fit a screen.
NAMED_FILES = 20

_KEPT = frozenset({FileOutcome.SEALED, FileOutcome.KNOWN})
_FILES = """
SELECT f.path, f.size_bytes, f.file_type, f.outcome, f.basis, f.main, f.clip_id,
       COALESCE(f.sha256, CASE WHEN f.main IS NULL THEN c.sha256 END) AS sha256, c.sightings, c.recorded_from,
       c.recorded_to, c.handover, c.handover_reason, c.handover_due, c.handed_over_at
FROM files f LEFT JOIN clips c USING (clip_id) WHERE f.docking_id = ? ORDER BY f.file
"""


def issue_receipt(runtime: Runtime, request: OneDocking, caller: Caller) -> Any:
    """Give the signed receipt for a docking and enter its digest.

    The receipt covers the ledger up to the head it carries; the entry about it comes after.

    Raises:
        NotFoundError, DockingNotOverError: there is no such docking, or its card is still being read.
        ReceiptRefusedError: not all of the card is kept and nobody let the recorder go, a clip of it is damaged, or
            nobody is appointed to take it over.
    """
    station = runtime.station
    docking_id = closed_docking(station, request.docking_id)
    rows = station.catalog.rows(_FILES, (docking_id,))
    _require_custodian(station, docking_id)
    _require_kept(station, docking_id)
    if let_go_by(station.catalog, docking_id) is None:
        _require_whole(station, docking_id, rows)
    receipt = _receipt_of(station, docking_id, rows)
    data = receipt.to_bytes()
    digest = receipt_digest(data)
    (entry,) = station.record.enter(
        [
            Draft(
                kind=EntryKind.RECEIPT_ISSUED,
                subject=subject_of(docking_id),
                actor=Actor(uid=caller.uid),
                facts={
                    "docking_id": docking_id,
                    "receipt_sha256": digest,
                    "files": len(receipt.files),
                    "files_left": 0 if receipt.left is None else len(receipt.left.files),
                    "late": receipt.late,
                    "checkpoint_size": receipt.checkpoint["size"],
                },
            )
        ]
    )
    return {
        "docking_id": docking_id,
        "canonical": data.decode(),
        "sha256": digest,
        "signature": sign(data, station.keys.bag, Namespace.RECEIPT).decode("ascii"),
        "entry": entry.seq,
    }


def _require_custodian(station: Station, docking_id: DockingId) -> None:
    if not any(Role.CUSTODIAN in roles for roles in people_in_office(station).values()):
        reason = Statement(N_("Nobody is appointed custodian at this station, so nobody can take it over."))
        raise ReceiptRefusedError(docking_id=docking_id, reason=reason)


def _require_kept(station: Station, docking_id: DockingId) -> None:
    """Refuse while a copy of a clip is missing or does not verify: a receipt would speak of what may be gone.

    Of a recorder that somebody let go all the same, only what has no good copy left is in the way.
    """
    is_let_go = let_go_by(station.catalog, docking_id) is not None
    rows = station.catalog.rows(
        "SELECT path FROM clips c WHERE state = ? AND clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?)"
        " AND NOT (? AND EXISTS (SELECT 1 FROM copies p WHERE p.clip_id = c.clip_id AND p.answer = 'yes'))"
        " ORDER BY path",
        (ClipState.DAMAGED, docking_id, is_let_go),
    )
    if rows:
        reason = Statement(
            N_(
                "{count} clips of it are damaged or have no copy: {names}. What is missing is written again from a "
                "good copy; where there is none, dock the recorder again while it still has them."
            ),
            count=len(rows),
            names=_names([row["path"] for row in rows]),
        )
        raise ReceiptRefusedError(docking_id=docking_id, reason=reason)


def _require_whole(station: Station, docking_id: DockingId, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse while anything of the card is not kept; what could not be listed may hold recordings."""
    (docking,) = station.catalog.rows("SELECT phase FROM dockings WHERE docking_id = ?", (docking_id,))
    left = [row["path"] for row in rows if row["outcome"] not in _KEPT]
    if left:
        reason = Statement(
            N_("{count} of {found} files are neither sealed nor kept before: {names}. Dock the recorder again."),
            count=len(left),
            found=len(rows),
            names=_names(left),
        )
        raise ReceiptRefusedError(docking_id=docking_id, reason=reason)
    specials = folders_left(station.catalog, docking_id)
    if specials:
        names = _names([row["path"] for row in specials])
        reason = Statement(N_("What these folders hold could not be listed: {names}."), names=names)
        raise ReceiptRefusedError(docking_id=docking_id, reason=reason)
    if docking["phase"] != DockingPhase.CLOSED:
        reason = Statement(N_("Its card was not read to the end. Dock the recorder again."))
        raise ReceiptRefusedError(docking_id=docking_id, reason=reason)


def _names(paths: Sequence[bytes | None]) -> str:
    named = ["–" if path is None else shown(path) for path in paths[:NAMED_FILES]]
    return ", ".join(named) + (", …" if len(paths) > NAMED_FILES else "")


def _receipt_of(station: Station, docking_id: DockingId, rows: Sequence[Mapping[str, Any]]) -> Receipt:
    settings = station.settings
    rules = settings.rule_set
    (docking,) = station.catalog.rows("SELECT * FROM dockings WHERE docking_id = ?", (docking_id,))
    view = docking_view(station, docking, None)
    about = ("kind", "slot", "recorder_id", "officer_id", "operator_id", "docked_at", "closed_at", "accepted_at")
    return Receipt(
        issued_at=station.clock.now(),
        station={
            "origin": settings.station.origin,
            "name": settings.station.name,
            "unit": rules.unit,
            "time_zone": settings.station.time_zone,
        },
        rules={
            "document_number": rules.document_number,
            "version": rules.version,
            "handover_hours": rules.handover_hours,
            "handover_point": rules.handover_point.value,
        },
        docking_id=docking_id,
        docking={name: view[name] for name in (*about, "accepted_by")},
        files=[_file_of(row) for row in rows if row["outcome"] in _KEPT],
        left=_left_of(station, docking_id, view),
        checkpoint=_checkpoint(station),
    )


def _left_of(station: Station, docking_id: DockingId, view: Mapping[str, Any]) -> Left | None:
    """Return what is not taken over of a card whose recorder was withdrawn or released uncleared."""
    act = let_go_by(station.catalog, docking_id)
    if act is None:
        return None
    word, name = ("released", "released-uncleared") if act is EntryKind.DOCK_RELEASED else ("withdrawn", "withdrawn")
    folders = folders_left(station.catalog, docking_id)
    return Left(
        act=name,
        at=view[f"{word}_at"],
        by=view[f"{word}_by"],
        reason=view[f"{word}_reason"],
        card_was_listed_whole=view["phase"] not in {DockingPhase.FAILED, DockingPhase.INTERRUPTED} and not folders,
        files=[
            FileLeft(
                name=None if row["path"] is None else shown(row["path"]),
                size_bytes=row["size_bytes"],
                file_type=row["file_type"],
                outcome=FileOutcome(row["outcome"]),
            )
            for row in files_left(station.catalog, docking_id)
        ],
        folders=[None if row["path"] is None else shown(row["path"]) for row in folders],
    )


def _file_of(row: Mapping[str, Any]) -> ReceiptFile:
    return ReceiptFile(
        clip_id=ClipId(row["clip_id"]),
        name=None if row["path"] is None else shown(row["path"]),
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        file_type=row["file_type"],
        outcome=FileOutcome(row["outcome"]),
        basis=Basis(row["basis"]),
        sightings=row["sightings"],
        handover=_handover_of(row) if row["main"] is None else None,
    )


def _handover_of(row: Mapping[str, Any]) -> FileHandover:
    verdict = Handover(row["handover"])
    late_ms = None
    if verdict is Handover.LATE:
        handed_over = parse_rfc3339(row["handed_over_at"])
        late_ms = round((handed_over - parse_rfc3339(row["handover_due"])).total_seconds() * 1000)
    return FileHandover(
        recorded_from=row["recorded_from"],
        recorded_to=row["recorded_to"],
        due=row["handover_due"],
        verdict=verdict,
        reason=HandoverReason(row["handover_reason"]),
        late_ms=late_ms,
    )


def _checkpoint(station: Station) -> dict[str, Json]:
    """Return the newest signed head: whoever keeps the receipt keeps a witness of the ledger (`--seen`)."""
    head = station.ledger.head
    if head is None:
        raise RuntimeError("a station with a docking has no head")
    read = parse_checkpoint(head.note, NoteVerifier(station.keys.checkpoint.vkey))
    return {"origin": read.origin, "size": read.size, "root": read.root.hex(), "note": head.note.decode()}
