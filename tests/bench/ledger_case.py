"""The ledger: how fast an auditor verifies it on one core, and how fast a station appends to it on a disk."""

import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bodycam_custody.audit.findings import Findings
from bodycam_custody.audit.ledger import check_ledger
from bodycam_custody.audit.trust import Trust, load_trust
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.station import Station
from bodycam_custody.station_keys import load_keys
from hashing.canonical import Json
from hashing.chain import verify_entries
from hashing.checkpoint import NoteVerifier, parse_checkpoint
from hashing.digest import Digest
from hashing.frontier import Frontier
from tests.bench.report import Figure, Report, Row
from tests.bench.rounds import say
from tests.bench.stations import make_station, opened

_LEAST_VERIFIED_PER_S = 200_000
_LEAST_APPENDED_PER_S = 2_000
_BATCH = 100
# Parses and checks nothing, not even for keys that stand twice: what of a rate is the machine and its Python.
_YARDSTICK = "json.loads of the same lines, nothing checked"
# Also compares every tile and every stored head, and follows what the entries say: more than the figure asks for.
_COPY = "verify: a store's copy (audit verify)"
_WITHOUT_FIGURE = frozenset({_YARDSTICK, _COPY})
# Large batches while the ledger is only being built: nothing of this is timed.
_BUILD_BATCH = 5_000


def verifying(work: Path, *, entries: int, rounds: int) -> Report:
    """Verify a ledger: the chain of hashing alone, and a whole copy in a store as `custody audit verify` does it."""
    settings = make_station(work)
    with opened(settings) as station:
        say(f"  building {entries} entries")
        _build(station, entries)
        station.record.publish()
        lines = station.ledger.lines(0, entries)
        trust = load_trust(settings.paths.trust, [], Findings())
        head = station.ledger.head
    assert head is not None
    note, verifier = head.note, NoteVerifier(load_keys(settings.paths.keys).checkpoint.vkey)
    primary = settings.stores[0].path
    return _report(
        f"ledger of {entries} entries, {sum(map(len, lines)) // entries} bytes each, one core (CPU time)",
        [
            (_YARDSTICK, lambda: _parse_lines(lines), entries),
            ("verify: JSON, chain, tree, head (hashing)", lambda: _verify_lines(lines, note, verifier), entries),
            (_COPY, lambda: _verify_copy(primary, trust), entries),
        ],
        rounds=rounds,
        least_per_s=_LEAST_VERIFIED_PER_S,
        durable="reads only",
    )


def appending(work: Path, *, batches: int, rounds: int) -> Report:
    """Append in batches of a hundred: the ledger alone, and with its copies in two stores and the catalog."""
    settings = make_station(work)
    with opened(settings) as station:
        drafts = _drafts()
        return _report(
            f"ledger on a disk, batches of {_BATCH}",
            [
                (
                    "append: committed, head signed",
                    lambda: _each(station.ledger.append, drafts, batches),
                    batches * _BATCH,
                ),
                (
                    "append: the same, then two stores and catalog",
                    lambda: _each(_entering(station), drafts, batches),
                    batches * _BATCH,
                ),
            ],
            rounds=rounds,
            least_per_s=_LEAST_APPENDED_PER_S,
            durable="yes",
        )


def _entering(station: Station) -> Callable[[Sequence[Draft]], object]:
    # What was appended without copies is caught up first, so that only the new entries are timed.
    station.record.publish()
    station.record.catch_up_catalog()
    return station.record.enter


def _each(append: Callable[[Sequence[Draft]], object], drafts: Iterator[Draft], batches: int) -> float:
    taken_s = 0.0
    for _ in range(batches):
        batch = list(itertools.islice(drafts, _BATCH))
        started = time.perf_counter()
        append(batch)
        taken_s += time.perf_counter() - started
    return taken_s


def _verify_lines(lines: Sequence[bytes], note: bytes, verifier: NoteVerifier) -> float:
    # One thread that never waits: its processor time is what it takes on one core that does nothing else.
    started = time.process_time()
    followed = verify_entries(lines, start_seq=0, prev=None, frontier=Frontier())
    head = parse_checkpoint(note, verifier)
    taken_s = time.process_time() - started
    if (followed.stop_seq, followed.root) != (head.size, head.root):
        raise RuntimeError("the ledger does not verify")
    return taken_s


def _parse_lines(lines: Sequence[bytes]) -> float:
    started = time.process_time()
    for line in lines:
        json.loads(line)
    return time.process_time() - started


def _verify_copy(store: Path, trust: Trust) -> float:
    findings = Findings(store)
    started = time.process_time()
    check_ledger(store, trust, findings)
    taken_s = time.process_time() - started
    if list(findings):
        raise RuntimeError(f"the copy does not verify: {next(iter(findings))}")
    return taken_s


def _report(
    case: str,
    measured: Sequence[tuple[str, Callable[[], float], int]],
    *,
    rounds: int,
    least_per_s: int,
    durable: str,
) -> Report:
    """Take the rates beside one another; each call gives the seconds it took."""
    rates: dict[str, list[float]] = {name: [] for name, _, _ in measured}
    for number in range(rounds + 1):
        for name, run, entries in measured:
            rate = entries / run()
            say(f"  {f'round {number}' if number else 'warm-up'}: {name}: {rate:,.0f}/s")
            if number:
                rates[name].append(rate)
    report = Report()
    for name, found in rates.items():
        median = statistics.median(found)
        report.rows.append(
            Row(
                case=case,
                name=name,
                median=f"{median:,.0f}/s",
                range=f"{min(found):,.0f} - {max(found):,.0f}",
                durable=durable,
            )
        )
        if name in _WITHOUT_FIGURE:
            continue
        report.figures.append(
            Figure(
                text=f"{case}: {name}, at least {least_per_s:,}/s",
                measured=f"{median:,.0f}/s ({median / least_per_s:.2f} x)",
                is_met=median >= least_per_s,
            )
        )
    return report


def _build(station: Station, entries: int) -> None:
    drafts = _drafts()
    while (rest := entries - station.ledger.size) > 0:
        station.ledger.append(list(itertools.islice(drafts, min(rest, _BUILD_BATCH))))


def _drafts() -> Iterator[Draft]:
    """Yield entries of the kinds, shapes and sizes that make up nearly all of a station's ledger, without end."""
    for number in itertools.count():
        digest = Digest.of(number.to_bytes(8, "big")).hex
        clip_id = f"bench{number:027d}".translate(str.maketrans("0189", "opqr"))
        subject = f"clip:{clip_id}"
        for kind, facts in _facts_of(number, clip_id, digest).items():
            yield Draft(kind=kind, subject=subject, facts=facts)


def _facts_of(number: int, clip_id: str, digest: str) -> dict[EntryKind, dict[str, Json]]:
    docking_id = f"20261121T090000Z-b{number // 500:03d}"
    begins = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=number)
    return {
        EntryKind.CLIP_SEALED: {
            "bag_path": f"clips/2026/11/21/{clip_id}",
            "tagmanifest_sha256": digest[::-1],
            "main_sha256": digest,
            "size_bytes": 1_000_000 + number,
            "sidecars": [digest[32:] + digest[:32]] if number % 3 == 0 else [],
            "docking_id": docking_id,
            "file": number % 500,
            "recorder": "usb:4255:0001:BENCH00001",
            "file_type": "video",
            "stores": {"primary": "medium", "backup": "medium"},
            "rule_set_version": "1",
        },
        EntryKind.CLIP_SIGHTED: {"docking_id": docking_id, "file": number % 500, "newly_sealed": True},
        EntryKind.CLIP_PROBED: {
            "outcome": "parsed",
            "container": "mov,mp4,m4a,3gp,3g2,mj2",
            "duration_ms": 300_000,
            "created_at": f"{begins:%Y-%m-%dT%H:%M:%S}.000000Z",
            "created_raw": f"{begins:%Y-%m-%dT%H:%M:%S}.000000Z",
            "video_codec": "h264",
            "video_width": "1920",
            "video_height": "1080",
            "video_fps": "25/1",
            "audio_codec": "aac",
            "sandbox": "bubblewrap",
            "tool_version": "5.1.9-0+deb12u1",
        },
        EntryKind.CLIP_TIMED: {
            "contradicts": [],
            "device_id": "DSJ0017",
            "from": f"{begins:%Y-%m-%dT%H:%M:%S}.000000Z",
            "to": f"{begins + timedelta(minutes=5):%Y-%m-%dT%H:%M:%S}.000000Z",
            "offset_ms": None,
            "source": "name",
            "uncertainty_ms": 121_000,
        },
        EntryKind.CLIP_JUDGED: {
            "docked_at": "2026-11-21T09:00:00.000000Z",
            "due": f"{begins + timedelta(days=1):%Y-%m-%dT%H:%M:%S}.000000Z",
            "handover": "on-time",
            "handover_hours": 24,
            "handover_point": "dock",
            "reason": "docked-within-hours",
            "rule_set_version": "1",
            "session_id": f"s-{clip_id}",
        },
    }
