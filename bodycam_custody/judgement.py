"""Which clips belong together, and whether each recording was handed over in time: from the catalog to entries."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.deadlines import Verdict, judge_handover
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import ClipId, HandoverReason, Instant
from bodycam_custody.sessions import Session, TimedClip, group_sessions, recording_end
from bodycam_custody.station import Station
from config.settings import HandoverPoint
from docking.source import FileType
from hashing.canonical import Json

# Clips this far around the new ones are looked at together, since a new clip may join two sessions; the look is
# widened as long as a session reaches its edge.
REGROUP_WINDOW = timedelta(days=1)
# Entries of one transaction, one head.
BATCH_DRAFTS = 100
# A session entry names this many gaps and counts the rest: the line has 16 KiB.
GAPS_NAMED = 60


def judge_waiting(station: Station) -> None:
    """Group and judge every clip that has a time entry but no verdict that follows from it.

    A clip that joins an earlier session changes the end of that recording, so the clips around it are judged again;
    what did not change is not entered twice.
    """
    rows = station.catalog.rows(
        "SELECT clip_id, recorder, device_id, file_type, recorded_from, recorded_to, times, docked_at FROM clips"
        " WHERE times IS NOT NULL AND handover_reason = ?",
        (HandoverReason.NOT_PROBED,),
    )
    drafts: list[Draft] = []
    tracks: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in rows:
        if row["recorded_to"] is None or row["file_type"] == FileType.PHOTO:
            drafts.append(_single_draft(station, row))
        else:
            tracks.setdefault((row["recorder"], row["device_id"]), []).append(row)
    for (recorder, device), track in tracks.items():
        drafts += _judge_track(station, recorder, device, track)
    for start in range(0, len(drafts), BATCH_DRAFTS):
        station.record.enter(drafts[start : start + BATCH_DRAFTS])


def _single_draft(station: Station, row: Mapping[str, Any]) -> Draft:
    """Judge a clip of no session: one without times, or a photograph, which neither fills nor makes a gap."""
    times = json.loads(row["times"])
    ended = None if times["to"] is None else _instant(times)
    missing = HandoverReason(times.get("reason", HandoverReason.NO_RECORDING_TIME))
    verdict = _judge(station, ended, missing, row["docked_at"])
    return _judged_draft(station, ClipId(row["clip_id"]), verdict, None, row["docked_at"])


def _judge_track(
    station: Station, recorder: str, device: str | None, new: Sequence[Mapping[str, Any]]
) -> Iterator[Draft]:
    """Yield what is news about one recorder's clips around the new ones."""
    rows = _around(station, recorder, device, new)
    by_id = {row["clip_id"]: row for row in rows}
    clips = [
        TimedClip(
            clip_id=ClipId(row["clip_id"]),
            begins=parse_rfc3339(row["recorded_from"]),
            ends=parse_rfc3339(row["recorded_to"]),
        )
        for row in rows
    ]
    gaps = station.settings.interpretation
    for session in group_sessions(clips, split_gap_s=gaps.split_gap_s, session_gap_s=gaps.session_gap_minutes * 60):
        yield from _session_news(station, recorder, device, session)
        for recording in session.recordings:
            ended = _end_of(recording, by_id)
            for clip in recording:
                row = by_id[clip.clip_id]
                verdict = _judge(station, ended, HandoverReason.NO_RECORDING_TIME, row["docked_at"])
                if _is_news(row, verdict, session):
                    yield _judged_draft(station, clip.clip_id, verdict, session, row["docked_at"])


def _around(
    station: Station, recorder: str, device: str | None, new: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Return every clip of one recorder that may share a session with a new one, however long that session is."""
    gap = timedelta(minutes=station.settings.interpretation.session_gap_minutes)
    found = new
    while True:
        first = min(parse_rfc3339(row["recorded_from"]) for row in found) - gap
        last = max(parse_rfc3339(row["recorded_to"]) for row in found) + gap
        rows = station.catalog.rows(
            "SELECT clip_id, recorded_from, recorded_to, times, docked_at, handover, handover_reason, handover_due,"
            " session_id FROM clips WHERE recorder = ? AND device_id IS ? AND recorded_from <= ? AND recorded_to >= ?"
            " AND file_type <> ?",
            (recorder, device, rfc3339(last + REGROUP_WINDOW), rfc3339(first - REGROUP_WINDOW), FileType.PHOTO),
        )
        if all(first - REGROUP_WINDOW <= parse_rfc3339(row["recorded_from"]) - gap for row in rows) and all(
            last + REGROUP_WINDOW >= parse_rfc3339(row["recorded_to"]) + gap for row in rows
        ):
            return rows
        found = rows


def _end_of(recording: Sequence[TimedClip], rows: Mapping[str, Mapping[str, Any]]) -> Instant:
    """Return the end of a recording with the doubt about the clip that ends it."""
    ended = recording_end(recording)
    last = next(clip for clip in recording if clip.ends == ended)
    return _instant(json.loads(rows[last.clip_id]["times"]))


def _instant(times: Mapping[str, Any]) -> Instant:
    doubt_ms = times["uncertainty_ms"]
    return Instant(at=parse_rfc3339(times["to"]), uncertainty_s=None if doubt_ms is None else doubt_ms / 1000)


def _judge(station: Station, ended: Instant | None, missing: HandoverReason, docked_at: str) -> Verdict:
    rules = station.settings.rule_set
    at_dock = rules.handover_point is HandoverPoint.DOCK
    return judge_handover(
        ended=ended,
        missing=missing,
        # Acceptance is an act of the custodian; until it is entered nobody has taken the clip over.
        handed_over_at=parse_rfc3339(docked_at) if at_dock else None,
        at_dock=at_dock,
        hours=rules.handover_hours,
    )


def _is_news(row: Mapping[str, Any], verdict: Verdict, session: Session) -> bool:
    stored = (row["handover"], row["handover_reason"], row["handover_due"], row["session_id"])
    return stored != (verdict.handover, verdict.reason, _text(verdict.due), session.session_id)


def _judged_draft(
    station: Station, clip_id: ClipId, verdict: Verdict, session: Session | None, docked_at: str
) -> Draft:
    rules = station.settings.rule_set
    return Draft(
        kind=EntryKind.CLIP_JUDGED,
        subject=f"clip:{clip_id}",
        facts={
            "clip_id": clip_id,
            "handover": verdict.handover.value,
            "reason": verdict.reason.value,
            "due": _text(verdict.due),
            "session_id": session.session_id if session else None,
            "docked_at": docked_at,
            "handover_hours": rules.handover_hours,
            "handover_point": rules.handover_point.value,
            "rule_set_version": rules.version,
        },
    )


def _session_news(station: Station, recorder: str, device: str | None, session: Session) -> Iterator[Draft]:
    gaps: list[Json] = [
        {
            "after": gap.after,
            "before": gap.before,
            "begins": rfc3339(gap.begins),
            "milliseconds": round(gap.seconds * 1000),
        }
        for gap in session.gaps[:GAPS_NAMED]
    ]
    facts: dict[str, Json] = {
        "session_id": session.session_id,
        "recorder": recorder,
        "device_id": device,
        "clips": len(session.clips),
        "recordings": len(session.recordings),
        "from": rfc3339(session.clips[0].begins),
        "to": rfc3339(recording_end(session.clips)),
        "gap_count": len(session.gaps),
        "gaps": gaps,
    }
    stored = station.catalog.rows("SELECT facts FROM sessions WHERE session_id = ?", (session.session_id,))
    if not stored or json.loads(stored[0]["facts"]) != facts:
        yield Draft(kind=EntryKind.SESSION_GROUPED, subject=f"session:{session.session_id}", facts=facts)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
