"""Step 7: what sealed clips say about themselves: media facts, recording times, sessions, verdicts.

The queue is derived from the catalog, so a crash loses nothing and repeats little; every answer is an entry, and a
later one supersedes it. Nothing here touches a bag but to read it, and only inside the probe's sandbox.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from archive.errors import ProbeFailedError
from archive.media import MediaFacts, ProbeOutcome, probe
from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.dockings.earlier import earlier_docking, was_listed
from bodycam_custody.dockings.recorder_clock import drift_allowance_ms_per_day
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.interpretation.judgement import judge_waiting
from bodycam_custody.interpretation.recording_time import (
    DRIFT_LIMIT_S_PER_DAY,
    EARLIEST_PLAUSIBLE,
    OFFSET_FILESYSTEMS,
    ClockKnowledge,
    TimeClues,
    filesystem_time,
    tell_recording_time,
)
from bodycam_custody.model import RecordingTime
from bodycam_custody.station import Station
from docking.card import DockingKind
from docking.local_time import LocalMoment
from docking.profile import RecorderProfile
from docking.profiles import GENERIC_PROFILE
from docking.source import FileType
from hashing.canonical import Json

logger = logging.getLogger(__name__)

# One batch of entries, one head: large enough to be cheap, small enough to be seen soon.
BATCH_CLIPS = 20
# Probes are processes of their own; more than the cores of a station would only crowd out the copying.
PROBES_AT_ONCE = 2

# Files that are no recordings are not handed to a decoder at all.
_NOT_PROBED = frozenset({FileType.SIDECAR, FileType.FOREIGN})

_WAITING = """
SELECT c.clip_id, c.file_type, c.bag_path, c.path, c.docked_at, c.docking_id, f.mtime_ns, f.size_bytes, d.kind,
       d.filesystem, d.profile, d.clock_offset_ms, d.clock_offset_uncertainty_ms
FROM clips c JOIN dockings d USING (docking_id) LEFT JOIN files f ON f.docking_id = c.docking_id AND f.file = c.file
WHERE c.probe IS NULL ORDER BY c.sealed_at, c.clip_id
"""


def interpret_waiting(station: Station, *, launcher: Path, on_batch: Callable[[], None] = lambda: None) -> int:
    """Interpret every sealed clip that has no probe entry yet and return how many were.

    `on_batch` is called after every batch of at most `BATCH_CLIPS`. A clip whose bag no present store holds, or that
    the probe cannot be asked about, keeps waiting.

    Raises:
        LedgerRefusesError: nothing may be appended; the clips stay sealed and wait.
    """
    rows = station.catalog.rows(_WAITING)
    interpreted = 0
    with ThreadPoolExecutor(PROBES_AT_ONCE) as pool:
        for start in range(0, len(rows), BATCH_CLIPS):
            if station.stopping.is_set():
                return interpreted
            batch = rows[start : start + BATCH_CLIPS]
            drafts: list[Draft] = []
            for row, media in zip(batch, pool.map(lambda row: _look_into(station, row, launcher), batch), strict=True):
                if media is not None:
                    drafts += [_probed_draft(row, media), _timed_draft(station, row, media)]
                    interpreted += 1
            station.record.enter(drafts)
            on_batch()
    judge_waiting(station)
    return interpreted


def _look_into(station: Station, row: Mapping[str, Any], launcher: Path) -> MediaFacts | None:
    """Return what the probe says of a clip, None where no present store has its bag."""
    if row["file_type"] in _NOT_PROBED:
        return MediaFacts(outcome=ProbeOutcome.NOT_MEDIA)
    for store in station.stores.present():
        # There is exactly one main file in a sealed bag; its extension is all that is left of the card's name.
        for path in (store.path / row["bag_path"] / "data").glob("main.*"):
            return _probe(path, launcher, timeout_s=station.settings.interpretation.probe_timeout_s)
    return None


def _probe(path: Path, launcher: Path, *, timeout_s: float) -> MediaFacts | None:
    """Return what the probe says; None where it could not be asked, which says nothing about the clip."""
    try:
        media = probe(path, timeout_s=timeout_s, launcher=launcher)
    except ProbeFailedError as err:
        logger.warning("probe failed, the clip waits reason=%s", err.code)
        return None
    if media.outcome is ProbeOutcome.TOOL_MISSING:
        logger.warning("ffprobe or its launcher is not installed, clips wait launcher=%s", launcher)
        return None
    return media


def _probed_draft(row: Mapping[str, Any], media: MediaFacts) -> Draft:
    return Draft(
        kind=EntryKind.CLIP_PROBED,
        subject=f"clip:{row['clip_id']}",
        facts=media.to_facts(),
    )


def _timed_draft(station: Station, row: Mapping[str, Any], media: MediaFacts) -> Draft:
    profile = _profile(station, row["profile"])
    named = profile.parse_name(row["path"]) if row["path"] is not None else None
    offset_ms, doubt_ms = row["clock_offset_ms"], row["clock_offset_uncertainty_ms"]
    earlier = earlier_docking(station.catalog, row["docking_id"])
    if earlier is not None and was_listed(station.catalog, earlier, row):
        earlier = None
    written = _mtime(row, profile.zone or station.settings.station.zone)
    if_utc = _mtime(row, UTC) if row["filesystem"] in OFFSET_FILESYSTEMS else None
    drift_ms = None if offset_ms is None else drift_allowance_ms_per_day(station.catalog, row["docking_id"])
    told = tell_recording_time(
        TimeClues(
            name_begins=named.started_at if named else None,
            container_begins=media.created_at,
            name_doubt_s=named.started_doubt_s if named else 0.0,
            mtime=written.at if written else None,
            mtime_doubt_s=written.doubt_s if written else 0.0,
            mtime_if_utc=if_utc.at if if_utc else None,
            duration_s=0.0 if row["file_type"] == FileType.PHOTO else _seconds(media.duration_ms),
        ),
        clock=ClockKnowledge(
            offset_s=_seconds(offset_ms),
            offset_uncertainty_s=_seconds(doubt_ms),
            assumed_uncertainty_s=station.settings.rule_set.assumed_clock_uncertainty_s,
            drift_s_per_day=DRIFT_LIMIT_S_PER_DAY if drift_ms is None else drift_ms / 1000,
        ),
        order=profile.time_sources,
        docked_at=parse_rfc3339(row["docked_at"]),
        not_before=EARLIEST_PLAUSIBLE if earlier is None else max(earlier.earliest_new, EARLIEST_PLAUSIBLE),
    )
    facts: dict[str, Json] = {
        "device_id": named.device_id if named else None,
        "after_docking": None if earlier is None else earlier.docking_id,
    }
    if isinstance(told, RecordingTime):
        facts |= {**_time_facts(told), "drift_ms_per_day": drift_ms}
    else:
        facts |= {"from": None, "to": None, "reason": told.value}
    return Draft(kind=EntryKind.CLIP_TIMED, subject=f"clip:{row['clip_id']}", facts=facts)


def _time_facts(told: RecordingTime) -> dict[str, Json]:
    return {
        "from": rfc3339(told.begins),
        "to": rfc3339(told.ends),
        "source": told.source.value,
        "offset_ms": _milliseconds(told.offset_s),
        "uncertainty_ms": _milliseconds(told.uncertainty_s),
        "drift_allowance_ms": _milliseconds(told.drift_allowance_s),
        "contradicts": [source.value for source in told.contradicts],
    }


def _profile(station: Station, name: str) -> RecorderProfile:
    """Return the profile of a docking; one that is no longer installed reads names no better than the generic one."""
    by_name = {profile.name: profile for profile in station.profiles}
    return by_name.get(name, by_name[GENERIC_PROFILE])


def _mtime(row: Mapping[str, Any], zone: tzinfo) -> LocalMoment | None:
    """Return when the file was last written, by its filesystem; copying into an import folder changes that time."""
    if row["mtime_ns"] is None or row["kind"] != DockingKind.DOCK:
        return None
    return filesystem_time(int(row["mtime_ns"]), filesystem=row["filesystem"], zone=zone)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
