"""A card against the recorder's previous docking: what is gone, what came back, which numbers are missing (R40)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from bodycam_custody.clearing.folding import Gone
from bodycam_custody.dockings.drafts import parts_of, subject_of
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import Difference, DockingId, DockingPhase, FileOutcome
from bodycam_custody.station import Station
from docking.card import UNKNOWN_RECORDER, DockingKind
from docking.profile import RecorderProfile
from docking.source import FileType
from hashing.canonical import MAX_INTEGER, Json

# A row carries a commitment and a clip id, or a device id as long as a file name: thirty stay far below 16 KiB.
ROWS_PER_ENTRY = 30

# Files that recorders number; what accompanies them bears their number again.
_NUMBERED = frozenset({FileType.VIDEO, FileType.AUDIO, FileType.PHOTO})
_FILES = (
    "SELECT file, path, path_commitment, main, clip_id, outcome, file_type, cleared FROM files WHERE docking_id = ?"
)
_PREVIOUS = """
SELECT docking_id, seen_at FROM dockings
WHERE recorder = :recorder AND kind = :kind AND phase = :phase AND docking_id <> :docking_id
ORDER BY seen_at DESC, docking_id DESC LIMIT 1
"""
_SEEN_BEFORE = """
SELECT DISTINCT s.clip_id FROM sightings s JOIN dockings d USING (docking_id)
WHERE d.recorder = ? AND d.seen_at < ? AND s.clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedName:
    """What a file name says of its place in a recorder's numbering."""

    device: str
    started_at: datetime | None
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceGap:
    """Numbers `first` to `last` that a device must have given and that no file bears."""

    device: str
    first: int
    last: int


def compared_drafts(station: Station, docking_id: DockingId, *, recorder: str, profile: str) -> list[Draft]:
    """Return the entries that compare a docking whose every file has its outcome with the previous closed one.

    Files are the same by content, since marking renames them; a file that could not be read, then or now, is the same
    by its name. Nothing is compared for an unknown recorder. Names stay in the texts: an entry cites their commitments.
    """
    if recorder == UNKNOWN_RECORDER:
        return []
    now = station.catalog.rows(_FILES, (docking_id,))
    wanted = {
        "recorder": recorder,
        "kind": DockingKind.DOCK,
        "phase": DockingPhase.CLOSED,
        "docking_id": docking_id,
    }
    previous = next(iter(station.catalog.rows(_PREVIOUS, wanted)), None)
    before = station.catalog.rows(_FILES, (previous["docking_id"],)) if previous else []
    # What a clearing removed, or may have removed, is not missing; what it did remove was not on the card any more.
    missing = [_missing_row(row) for row in missing_files([row for row in before if row["cleared"] is None], now)]
    held = [row for row in before if row["cleared"] != Gone.YES]
    reappeared: list[dict[str, Json]] = []
    if previous:
        known = station.catalog.rows(_SEEN_BEFORE, (recorder, previous["seen_at"], docking_id))
        cleared = [row for row in before if row["cleared"] == Gone.YES]
        seen_before = {row["clip_id"] for row in [*known, *cleared]}
        reappeared = [_reappeared_row(row) for row in reappeared_files(held, now, seen_before=seen_before)]
    gaps = [_gap_row(gap) for gap in _gaps_between(station, recorder, profile, [*before, *now])]
    counts: dict[str, Json] = {
        "missing": len(missing),
        "missing_unkept": sum(not row["kept"] for row in missing),
        "reappeared": len(reappeared),
        "sequence_gaps": len(gaps),
    }
    return list(
        _in_parts(docking_id, previous["docking_id"] if previous else None, counts, missing + reappeared + gaps)
    )


def missing_files(before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the files of the previous docking that are on the card no more, under whatever name."""
    same_content = {_content(row) for row in now} - {None}
    names = {row["path"] for row in now} - {None}
    unread = {row["path"] for row in now if _content(row) is None} - {None}
    return [
        row
        for row in before
        if _content(row) not in same_content and row["path"] not in (names if _content(row) is None else unread)
    ]


def reappeared_files(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], *, seen_before: set[str]
) -> list[Mapping[str, Any]]:
    """Return the main files that the previous docking lacked although the recorder had shown them earlier."""
    held = {_content(row) for row in before}
    unread = {row["path"] for row in before if _content(row) is None}
    return [
        row
        for row in now
        if row["main"] is None
        and row["clip_id"] in seen_before
        and _content(row) not in held
        and row["path"] not in unread
    ]


def _content(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what a file is whatever its name, None for one that was never read whole."""
    if row["clip_id"] is None:
        return None
    if row["main"] is None:
        return str(row["clip_id"]), ""
    extension = b"" if row["path"] is None else row["path"].rpartition(b".")[2].lower()
    return str(row["clip_id"]), f".{extension!r}"


def sequence_gaps(names: Sequence[NumberedName], known: Sequence[NumberedName] = ()) -> list[SequenceGap]:
    """Return the numbers each device skipped, in the order of recording.

    A number that does not rise is a counter that began again, which is no gap. A name of `known` that was recorded
    between the two neighbours fills the gap: the station has that file, it only is on the card no more.
    """
    gaps: list[SequenceGap] = []
    for device in sorted({name.device for name in names}):
        own = {(name.started_at, name.sequence) for name in names if name.device == device}
        timed = sorted((at, number) for at, number in own if at is not None)
        for (begins, low), (ends, high) in pairwise(timed):
            filling = (
                name.sequence
                for name in (*names, *known)
                if name.device == device and name.started_at is not None and begins <= name.started_at <= ends
            )
            gaps += _ranges(device, low, high, filling)
        untimed = sorted(number for at, number in own if at is None)
        for low, high in pairwise(untimed):
            gaps += _ranges(device, low, high, (name.sequence for name in known if name.device == device))
    return gaps


def _ranges(device: str, low: int, high: int, filling: Iterator[int]) -> Iterator[SequenceGap]:
    """Yield what lies strictly between `low` and `high` and is not filled."""
    first = low + 1
    for number in sorted({number for number in filling if low < number < high} | {high}):
        if first < number:
            yield SequenceGap(device=device, first=first, last=number - 1)
        first = number + 1


def _gaps_between(
    station: Station, recorder: str, profile: str, rows: Sequence[Mapping[str, Any]]
) -> list[SequenceGap]:
    reader = next((one for one in station.profiles if one.name == profile), None)
    if reader is None:
        return []
    mains = [row["path"] for row in rows if row["main"] is None and row["file_type"] in _NUMBERED]
    names = _numbered(reader, mains)
    if not sequence_gaps(names):
        return []
    # Only now: a recorder in use for years has many clips.
    kept = station.catalog.rows("SELECT path FROM clips WHERE recorder = ?", (recorder,))
    return sequence_gaps(names, _numbered(reader, [row["path"] for row in kept]))


def _numbered(profile: RecorderProfile, paths: Sequence[bytes | None]) -> list[NumberedName]:
    """Read the names that carry a device and a number; a number too large for an entry is none."""
    facts = [profile.parse_name(path) for path in paths if path is not None]
    return [
        NumberedName(device=fact.device_id, started_at=fact.started_at, sequence=fact.sequence)
        for fact in facts
        if fact is not None and fact.device_id and fact.sequence is not None and fact.sequence <= MAX_INTEGER
    ]


def _missing_row(row: Mapping[str, Any]) -> dict[str, Json]:
    kept = row["outcome"] in {FileOutcome.SEALED, FileOutcome.KNOWN}
    return {"what": Difference.MISSING, "file": row["file"], "path": row["path_commitment"], "kept": kept}


def _reappeared_row(row: Mapping[str, Any]) -> dict[str, Json]:
    return {
        "what": Difference.REAPPEARED,
        "file": row["file"],
        "path": row["path_commitment"],
        "clip_id": row["clip_id"],
    }


def _gap_row(gap: SequenceGap) -> dict[str, Json]:
    return {"what": Difference.SEQUENCE_GAP, "device_id": gap.device, "first": gap.first, "last": gap.last}


def _in_parts(
    docking_id: DockingId, previous: str | None, counts: Mapping[str, Json], rows: Sequence[Mapping[str, Json]]
) -> Iterator[Draft]:
    for part, parts, here in parts_of(len(rows), rows_per_entry=ROWS_PER_ENTRY):
        yield Draft(
            kind=EntryKind.DOCK_COMPARED,
            subject=subject_of(docking_id),
            facts={
                "docking_id": docking_id,
                "previous": previous,
                "part": part,
                "parts": parts,
                **counts,
                "differences": list(rows[here]),
            },
        )
