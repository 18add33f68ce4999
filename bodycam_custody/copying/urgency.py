"""How urgent a card is before anything of it is read: when the handover of its oldest recording is due (R38, R45)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.interpretation.recording_time import CONTRADICTION_S, EARLIEST_PLAUSIBLE, filesystem_time
from bodycam_custody.station import Station
from docking.card import DockingKind
from docking.profile import RecorderProfile, TimeSource
from docking.source import FileType, SourceFile

_NO_RECORDINGS = frozenset({FileType.SIDECAR, FileType.FOREIGN})


def earliest_due(
    station: Station, arrival: Arrival, files: Iterable[SourceFile], *, profile: RecorderProfile
) -> datetime | None:
    """Return when the first of `files` is due, None where the listing does not tell for any of them.

    From names and file times alone, so it orders the copying and is no verdict: a name says when a recording began, so
    its end may be later and never earlier. A time that no recorder in use can mean is passed over, as the verdict
    would not believe it either.
    """
    told = [_listed_time(station, arrival, file, profile) for file in files if file.file_type not in _NO_RECORDINGS]
    times = [at for at in told if at is not None]
    return min(times) + timedelta(hours=station.settings.rule_set.handover_hours) if times else None


def _listed_time(station: Station, arrival: Arrival, file: SourceFile, profile: RecorderProfile) -> datetime | None:
    """Return the first time in the profile's order that a listing can give and a recorder can mean."""
    offset = timedelta(milliseconds=arrival.clock_offset_ms or 0)
    latest = arrival.docked_at + timedelta(seconds=CONTRADICTION_S)
    for source in profile.time_sources:
        at = None
        if source is TimeSource.NAME:
            named = profile.parse_name(file.path)
            at = named.started_at if named else None
        elif source is TimeSource.FILESYSTEM and arrival.card.kind is DockingKind.DOCK:
            zone = profile.zone or station.settings.station.zone
            written = filesystem_time(file.mtime_ns, filesystem=arrival.card.filesystem, zone=zone)
            at = written.at if written else None
        # The years at either end leave no room for an offset, and are not plausible with any.
        if at is not None and EARLIEST_PLAUSIBLE <= at <= latest + offset and at - offset >= EARLIEST_PLAUSIBLE:
            return at - offset
    return None
