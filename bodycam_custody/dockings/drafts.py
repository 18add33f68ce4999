"""The entries of a docking: what was seen, the inventory in parts, what failed, and how it ended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import DAEMON, Actor, Draft, EntryKind
from bodycam_custody.model import DockingId, DockingPhase
from docking.card import DockedCard
from docking.source import SourceFile, SpecialFile
from hashing.canonical import Json
from hashing.errors import StatedError

# At most 280 bytes a row: forty rows and the rest of the entry stay far below the 16 KiB of a line.
ROWS_PER_ENTRY = 40

Keep = Callable[[Sequence[bytes]], list[str]]
"""Stores texts and gives their commitments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A card that can be read now, and what is known of its recorder's clock (measured before any sync)."""

    docking_id: DockingId
    card: DockedCard
    docked_at: datetime
    clock_offset_ms: int | None = None
    clock_offset_uncertainty_ms: int | None = None
    device: str | None = None
    diskseq: int | None = None
    actor: Actor = DAEMON


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedUnit:
    """A capture unit with the numbers its files have in the inventory."""

    main: int
    sidecars: tuple[int, ...]


def parts_of(rows: int, *, rows_per_entry: int) -> Iterator[tuple[int, int, slice]]:
    """Yield for every entry that so many rows take its part, how many parts there are, and its rows; none take one."""
    parts = max(1, -(-rows // rows_per_entry))
    for part in range(parts):
        yield part, parts, slice(part * rows_per_entry, (part + 1) * rows_per_entry)


def subject_of(docking_id: DockingId) -> str:
    """Return the ledger subject of a docking."""
    return f"docking:{docking_id}"


def seen_draft(arrival: Arrival, *, rule_set_version: str) -> Draft:
    """Return the entry that a card was docked or a folder imported."""
    card = arrival.card
    return Draft(
        kind=EntryKind.DOCK_SEEN,
        subject=subject_of(arrival.docking_id),
        actor=arrival.actor,
        facts={
            "docking_id": arrival.docking_id,
            "kind": card.kind.value,
            "recorder": card.recorder,
            "slot": card.slot,
            "port_path": card.port_path,
            "device": arrival.device,
            "diskseq": arrival.diskseq,
            "filesystem": card.filesystem,
            "docked_at": rfc3339(arrival.docked_at),
            "clock_offset_ms": arrival.clock_offset_ms,
            "clock_offset_uncertainty_ms": arrival.clock_offset_uncertainty_ms,
            "rule_set_version": rule_set_version,
        },
    )


def inventory_drafts(
    docking_id: DockingId,
    files: Sequence[SourceFile],
    specials: Sequence[SpecialFile],
    units: Sequence[NumberedUnit],
    *,
    profile: str,
    keep: Keep,
) -> Iterator[Draft]:
    """Yield the inventory in parts; an empty card has one empty part. Names go to `keep` first."""
    main_of = {sidecar: unit.main for unit in units for sidecar in unit.sidecars}
    names = keep([file.path for file in files])
    rows: list[Json] = [
        {
            "n": number,
            "size": file.size_bytes,
            "mtime_ns": str(file.mtime_ns),
            "changed_ns": str(file.changed_ns),
            "type": file.file_type.value,
            "path": name,
            "with": main_of.get(number),
        }
        for number, (file, name) in enumerate(zip(files, names, strict=True))
    ]
    special_names = keep([special.path for special in specials])
    others: list[Json] = [
        {"kind": special.kind.value, "path": name} for special, name in zip(specials, special_names, strict=True)
    ]
    for part, parts, here in parts_of(max(len(rows), len(others)), rows_per_entry=ROWS_PER_ENTRY):
        yield Draft(
            kind=EntryKind.DOCK_INVENTORY,
            subject=subject_of(docking_id),
            facts={
                "docking_id": docking_id,
                "part": part,
                "parts": parts,
                "profile": profile,
                "files": rows[here],
                "specials": others[here],
            },
        )


def failed_draft(docking_id: DockingId, file: int, error: StatedError) -> Draft:
    """Return the entry that a file was not sealed, and why; no name and no free text enters the ledger."""
    numbers: Mapping[str, Json] = {
        name: fact for name, fact in error.facts.items() if isinstance(fact, int) and abs(fact) < 2**53
    }
    return Draft(
        kind=EntryKind.FILE_FAILED,
        subject=subject_of(docking_id),
        facts={"docking_id": docking_id, "file": file, "code": error.code, "numbers": dict(numbers)},
    )


def closed_draft(
    docking_id: DockingId,
    *,
    outcome: DockingPhase,
    code: str | None,
    counts: Mapping[str, int],
    left_out: Mapping[str, str],
) -> Draft:
    """Return the entry that reading the card ended, and which replicas were left out for what reason."""
    return Draft(
        kind=EntryKind.DOCK_CLOSED,
        subject=subject_of(docking_id),
        facts={"docking_id": docking_id, "outcome": outcome.value, "code": code, "left_out": dict(left_out), **counts},
    )
