"""Which clips belong together, and whether each recording was handed over in time: from the catalog to entries."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.interpretation.deadlines import Verdict, judge_handover, judge_perhaps
from bodycam_custody.interpretation.presence import Presence, presences
from bodycam_custody.interpretation.sessions import Session, TimedClip, group_sessions, recording_end
from bodycam_custody.model import ClipId, DockingId, Handover, HandoverReason, Instant
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

AcceptedAt = Callable[[Mapping[str, Any]], str | None]
"""Tells when the clip of a row was accepted, None for not yet."""

_COLUMNS = (
    "clip_id, recorder, device_id, file_type, recorded_from, recorded_to, times, docked_at, accepted_at, handover,"
    " handover_reason, handover_due, session_id"
)


def judge_waiting(station: Station) -> None:
    """Group and judge every clip that has a time entry but no verdict that follows from it, or that was accepted since.

    A clip that joins an earlier session changes the end of that recording, so the clips around it are judged again;
    what did not change is not entered twice.
    """
    # One at a time: an acceptance and the interpreter may come here at once, and would enter the same.
    with station.judging:
        rows = station.catalog.rows(
            f"SELECT {_COLUMNS} FROM clips WHERE times IS NOT NULL AND (handover_reason = ?"  # noqa: S608  # our columns
            " OR (accepted_at IS NOT NULL AND handover_reason = ?))",
            (HandoverReason.NOT_PROBED, HandoverReason.AWAITING_ACCEPTANCE),
        )
        drafts: list[Draft] = []
        for judged in _judge_rows(station, rows, accepted_at=lambda row: row["accepted_at"]):
            drafts += judged.news(station)
        for start in range(0, len(drafts), BATCH_DRAFTS):
            station.record.enter(drafts[start : start + BATCH_DRAFTS])


def late_if_accepted(station: Station, docking_id: DockingId, at: datetime) -> tuple[int, int]:
    """Return how many clips of a docking would be late if it were accepted `at`, and how many nobody can judge yet."""
    own = "clip_id IN (SELECT clip_id FROM sightings WHERE docking_id = ?)"
    rows = station.catalog.rows(f"SELECT {_COLUMNS} FROM clips WHERE {own}", (docking_id,))  # noqa: S608  # fixed texts
    asked = {row["clip_id"] for row in rows}
    timed = [row for row in rows if row["times"] is not None]
    verdicts: dict[str, Handover] = {}
    for judged in _judge_rows(station, timed, accepted_at=lambda row: row["accepted_at"] or rfc3339(at)):
        verdicts.update({row["clip_id"]: grounds.verdict.handover for row, grounds in judged.verdicts})
    late = sum(verdict is Handover.LATE for clip_id, verdict in verdicts.items() if clip_id in asked)
    return late, len(rows) - len(timed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grounds:
    """A verdict and what it rests on: when the clip was handed over, and what shows that it was there then."""

    verdict: Verdict
    handed_over_at: datetime | None
    presence: Presence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """The verdicts on the clips of one session, or on one clip of none."""

    verdicts: Sequence[tuple[Mapping[str, Any], _Grounds]]
    session: Session | None = None
    recorder: str = ""
    device: str | None = None

    def news(self, station: Station) -> Iterator[Draft]:
        """Yield an entry for everything the catalog does not say yet."""
        if self.session is not None:
            yield from _session_news(station, self.recorder, self.device, self.session)
        for row, grounds in self.verdicts:
            if _is_news(row, grounds.verdict, self.session):
                yield _judged_draft(station, row, grounds, self.session)


def _judge_rows(station: Station, rows: Sequence[Mapping[str, Any]], *, accepted_at: AcceptedAt) -> Iterator[_Judged]:
    """Judge `rows` and every clip that shares a session with one of them."""
    tracks: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["recorded_to"] is None or row["file_type"] == FileType.PHOTO:
            yield _Judged(verdicts=[(row, _judge_single(station, row, accepted_at))])
        else:
            tracks.setdefault((row["recorder"], row["device_id"]), []).append(row)
    for (recorder, device), track in tracks.items():
        yield from _judge_track(station, recorder, device, track, accepted_at)


def _judge_single(station: Station, row: Mapping[str, Any], accepted_at: AcceptedAt) -> _Grounds:
    """Judge a clip of no session: one without times, or a photograph, which neither fills nor makes a gap."""
    times = json.loads(row["times"])
    ended = None if times["to"] is None else _instant(times)
    missing = HandoverReason(times.get("reason", HandoverReason.NO_RECORDING_TIME))
    return _judge(station, ended, missing, row, accepted_at)


def _judge_track(
    station: Station, recorder: str, device: str | None, new: Sequence[Mapping[str, Any]], accepted_at: AcceptedAt
) -> Iterator[_Judged]:
    """Judge one recorder's clips around the new ones, session by session."""
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
        verdicts = []
        for recording in session.recordings:
            ended = _end_of(recording, by_id)
            for clip in recording:
                row = by_id[clip.clip_id]
                verdicts.append((row, _judge(station, ended, HandoverReason.NO_RECORDING_TIME, row, accepted_at)))
        yield _Judged(verdicts=verdicts, session=session, recorder=recorder, device=device)


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
            f"SELECT {_COLUMNS} FROM clips WHERE recorder = ? AND device_id IS ?"  # noqa: S608  # our columns
            " AND recorded_from <= ? AND recorded_to >= ? AND file_type <> ?",
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


def _judge(
    station: Station,
    ended: Instant | None,
    missing: HandoverReason,
    row: Mapping[str, Any],
    accepted_at: AcceptedAt,
) -> _Grounds:
    rules = station.settings.rule_set
    at_dock = rules.handover_point is HandoverPoint.DOCK

    def judge(handed_over_at: datetime | None) -> Verdict:
        return judge_handover(
            ended=ended, missing=missing, handed_over_at=handed_over_at, at_dock=at_dock, hours=rules.handover_hours
        )

    if not at_dock:
        # Acceptance is an act of the custodian; until it is entered nobody has taken the clip over.
        accepted = accepted_at(row)
        handed_over_at = None if accepted is None else parse_rfc3339(accepted)
        return _Grounds(verdict=judge(handed_over_at), handed_over_at=handed_over_at)
    if ended is None:
        return _Grounds(verdict=judge(None), handed_over_at=None)
    known = presences(station, row, ended)
    first = min((one for one in known if one.is_proven), key=lambda one: one.at, default=None)
    verdict = judge(None if first is None else first.at)
    if first is not None and any(one.at < first.at for one in known):
        verdict = judge_perhaps(verdict, judge(min(one.at for one in known)))
    return _Grounds(verdict=verdict, handed_over_at=None if first is None else first.at, presence=first)


def _is_news(row: Mapping[str, Any], verdict: Verdict, session: Session | None) -> bool:
    stored = (row["handover"], row["handover_reason"], row["handover_due"], row["session_id"])
    return stored != (verdict.handover, verdict.reason, _text(verdict.due), session.session_id if session else None)


def _judged_draft(station: Station, row: Mapping[str, Any], grounds: _Grounds, session: Session | None) -> Draft:
    rules, verdict = station.settings.rule_set, grounds.verdict
    return Draft(
        kind=EntryKind.CLIP_JUDGED,
        subject=f"clip:{row['clip_id']}",
        facts={
            "handover": verdict.handover.value,
            "reason": verdict.reason.value,
            "due": _text(verdict.due),
            "session_id": session.session_id if session else None,
            "docked_at": row["docked_at"],
            "accepted_at": row["accepted_at"],
            "handed_over_at": _text(grounds.handed_over_at),
            "present": None if grounds.presence is None else grounds.presence.to_facts(),
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
