"""What a recording says of itself: container, duration, codecs, and when it claims to have been made.

Facts from inside a file are claims of whoever wrote it. All parsing happens in `archive.probe_launcher`.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from archive.errors import ProbeFailedError
from archive.probe_launcher import ProbeOutcome, Sandbox
from archive.probe_service import ask_service
from hashing.canonical import Json
from hashing.errors import shown

__all__ = ["MediaFacts", "ProbeOutcome", "Sandbox", "find_launcher", "probe"]

# Facts go into ledger entries: nothing longer or stranger than codec names and dates ever are.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:/()+~-]{0,63}", re.ASCII)

# No recorder runs a hundred days; beyond that the header is nonsense.
_MAX_DURATION_MS = 100 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """The outcome, and what was read; None where the file says nothing (or nothing usable)."""

    outcome: ProbeOutcome
    sandbox: Sandbox = Sandbox.NONE
    tool_version: str | None = None
    container: str | None = None
    duration_ms: int | None = None
    created_at: datetime | None = None
    created_raw: str | None = None
    video_codec: str | None = None
    video_width: str | None = None
    video_height: str | None = None
    video_fps: str | None = None
    audio_codec: str | None = None

    def __post_init__(self) -> None:
        if self.created_at is not None and self.created_at.tzinfo is None:
            raise ValueError(f"a time without a zone says nothing: {self.created_at!r}")

    def to_facts(self) -> dict[str, Json]:
        """Return the facts of a ledger entry; no floats, times as RFC 3339 UTC with six fraction digits."""
        created = f"{self.created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if self.created_at else None
        return {
            "outcome": self.outcome.value,
            "sandbox": self.sandbox.value,
            "tool_version": self.tool_version,
            "container": self.container,
            "duration_ms": self.duration_ms,
            "created_at": created,
            "created_raw": self.created_raw,
            "video_codec": self.video_codec,
            "video_width": self.video_width,
            "video_height": self.video_height,
            "video_fps": self.video_fps,
            "audio_codec": self.audio_codec,
        }


def find_launcher(service: Path | None = None) -> Path:
    """Return the socket of the probe's service where that is one, else where the program is installed.

    The program lies beside the running interpreter, never where PATH says.
    """
    if service is not None and service.is_socket():
        return service
    return Path(sys.executable).with_name("custody-probe")


def probe(path: Path, *, timeout_s: float, launcher: Path) -> MediaFacts:
    """Return what the recording at `path` (absolute) says of itself, read inside the launcher's sandbox.

    `launcher` is the program `custody-probe`, or the socket of the service that runs it. The call ends within
    `timeout_s` and about a second (with the service: ten), whatever the file does. A missing ffprobe or launcher is an
    outcome, as is a file that cannot be parsed: it stays sealed all the same.

    Raises:
        ProbeFailedError: the file could not be opened, or the launcher itself failed.
    """
    try:
        if launcher.is_socket():
            return parse_answer(ask_service(path, timeout_s=timeout_s, service=launcher))
        return parse_answer(_ask(path, timeout_s, launcher))
    except (FileNotFoundError, PermissionError, ConnectionRefusedError):
        return MediaFacts(outcome=ProbeOutcome.TOOL_MISSING)


def _ask(path: Path, timeout_s: float, launcher: Path) -> Mapping[str, Any]:
    """Return the launcher's answer; it exits with an error for every outcome but `parsed`, and answers all the same."""
    # Imported where it is used: every command that only looks imports this module too.
    import ffmpeg

    said = b""
    try:
        try:
            answer = ffmpeg.probe(str(path), cmd=str(launcher), custody_timeout_s=f"{timeout_s:f}")
        except ffmpeg.Error as err:
            said = err.stderr
            answer = json.loads(err.stdout)
        if not isinstance(answer, dict) or "custody_probe" not in answer:
            raise ValueError("no answer of custody-probe")
    except ValueError as err:
        reason = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise ProbeFailedError(path=shown(path), reason=shown(reason or str(err))) from err
    return answer


def parse_answer(answer: Mapping[str, Any]) -> MediaFacts:
    """Return the facts in the JSON object that the launcher printed."""
    ours = answer["custody_probe"]
    outcome, sandbox = ProbeOutcome(ours["outcome"]), Sandbox(ours["sandbox"])
    version = _plain(answer.get("program_version", {}).get("version"))
    if outcome is not ProbeOutcome.PARSED:
        return MediaFacts(outcome=outcome, sandbox=sandbox, tool_version=version)
    container, streams = answer["format"], answer["streams"]
    video, audio = _first(streams, "video"), _first(streams, "audio")
    created_raw = _created_raw([container, *streams])
    return MediaFacts(
        outcome=outcome,
        sandbox=sandbox,
        tool_version=version,
        container=_plain(container.get("format_name")),
        duration_ms=_duration_ms(container.get("duration")),
        created_at=_parse_created(created_raw),
        created_raw=created_raw,
        video_codec=_plain(video.get("codec_name")),
        video_width=_plain(video.get("width")),
        video_height=_plain(video.get("height")),
        video_fps=_known_rate(video.get("avg_frame_rate")),
        audio_codec=_plain(audio.get("codec_name")),
    )


def _first(streams: list[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    matching = (stream for stream in streams if stream.get("codec_type") == kind)
    # A cover picture is a video stream too, but not what was recorded.
    return next((stream for stream in matching if not stream.get("disposition", {}).get("attached_pic")), {})


def _plain(value: object) -> str | None:
    text = str(value)
    return text if value is not None and _PLAIN.fullmatch(text) else None


def _known_rate(value: object) -> str | None:
    rate = _plain(value)
    return None if rate is None or rate.startswith("0/") or rate.endswith("/0") else rate


def _duration_ms(value: object) -> int | None:
    try:
        duration_ms = Decimal(str(value)) * 1000
        return int(duration_ms) if 0 <= duration_ms <= _MAX_DURATION_MS else None
    except InvalidOperation:
        return None


def _created_raw(holders: list[Mapping[str, Any]]) -> str | None:
    """Return the first creation time that is written anywhere, as written; `date` is AVI's word for it."""
    for name in ("creation_time", "date"):
        for holder in holders:
            if found := _plain(holder.get("tags", {}).get(name)):
                return found
    return None


def _parse_created(raw: str | None) -> datetime | None:
    """Return the moment, if the text names one; a date alone or a time without zone does not."""
    try:
        moment = datetime.fromisoformat(raw or "")
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        # The first hours of the year 1 east of Greenwich lie before any calendar.
        return None
