"""A recorder's card as it comes back from a day of work, made with ffmpeg for the demonstration.

Two recorders: one session of file splits with an interruption, a recording that comes too late, a photo, a voice note,
a sidecar, a foreign file, a recording cut short and an empty one. Names follow the grammar of the profile
`gat-underscore`; names, container times and file times of one file agree.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bodycam_custody.clock import as_utc
from bodycam_custody.demo.errors import FfmpegFailedError, FfmpegMissingError
from hashing.errors import shown

FFMPEG = "ffmpeg"
_FOLDER = "DCIM/100MEDIA"
# Long enough for a picture and a tone, short enough to be encoded in a moment.
_SPLIT_S = 4
# Nothing here takes longer than a second or two; this only ends what hangs.
_FFMPEG_TIMEOUT_S = 60
_PICTURE = "640x360"
_FRAMES_PER_S = 25
# FAT keeps even seconds only, and a recorder writes the last bytes when the recording ends.
_FAT_STEP_S = 2
# A recording whose index was never written ends somewhere in its media data.
_TRUNCATED_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorder:
    police: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recording:
    recorder: _Recorder
    sequence: int
    starts: datetime
    extension: str = "mp4"

    def path(self, folder: Path) -> Path:
        """Return where the recorder would have put it."""
        stamp = self.starts.strftime("%Y%m%d%H%M%S")
        name = f"{self.recorder.police}_{self.recorder.device}_{stamp}_{self.sequence:04d}.{self.extension}"
        return folder / _FOLDER / name

    @property
    def ends(self) -> datetime:
        """When the last bytes were written."""
        return self.starts + timedelta(seconds=0 if self.extension == "jpg" else _SPLIT_S)


_FIRST = _Recorder(police="500123", device="DSJ0017")
_SECOND = _Recorder(police="500456", device="DSJ0023")


def make_demo_card(folder: Path, *, docked_at: datetime, time_zone: str) -> None:
    """Fill `folder` with the card of the demonstration, as it would be docked at `docked_at`.

    Names carry local times of `time_zone`. One recording ended more than 24 hours before `docked_at`, all others on the
    within the last seven hours. On error what was made so far is left behind.

    Raises:
        FfmpegMissingError: ffmpeg is not installed.
        FfmpegFailedError: ffmpeg did not do its work.
    """
    # Even seconds, so that FAT could hold the file times.
    now = as_utc(docked_at).astimezone(ZoneInfo(time_zone)).replace(microsecond=0)
    now -= timedelta(seconds=now.second % _FAT_STEP_S)
    (folder / _FOLDER).mkdir(parents=True, exist_ok=True)
    splits = _splits(now)
    for recording in splits:
        _make_video(recording, folder)
    _write_sidecar(splits[0], folder)
    # Taken while the camera ran, so that it neither fills the interruption nor makes another one.
    taken_at = splits[4].starts + timedelta(seconds=_FAT_STEP_S)
    _make_photo(_Recording(recorder=_FIRST, sequence=6, starts=taken_at, extension="jpg"), folder)
    _make_voice_note(_Recording(recorder=_SECOND, sequence=3, starts=now - timedelta(hours=6), extension="m4a"), folder)
    _make_truncated(_Recording(recorder=_SECOND, sequence=4, starts=now - timedelta(minutes=60)), folder)
    _make_empty(_Recording(recorder=_SECOND, sequence=5, starts=now - timedelta(minutes=50)), folder)
    _write(folder / "autorun.inf", b"[autorun]\r\nopen=setup.exe\r\n", now - timedelta(days=40))


def _splits(now: datetime) -> list[_Recording]:
    morning = now - timedelta(hours=3)
    resumed = morning + timedelta(seconds=3 * _SPLIT_S, minutes=4)  # four minutes nobody recorded (R21)
    starts = [morning + timedelta(seconds=number * _SPLIT_S) for number in range(3)]
    starts += [resumed, resumed + timedelta(seconds=_SPLIT_S)]
    first = [_Recording(recorder=_FIRST, sequence=number, starts=at) for number, at in enumerate(starts, start=1)]
    late = _Recording(recorder=_SECOND, sequence=1, starts=now - timedelta(hours=31))
    timely = _Recording(recorder=_SECOND, sequence=2, starts=now - timedelta(hours=2))
    return [*first, late, timely]


def _make_video(recording: _Recording, folder: Path, *, at_end: Sequence[str] = ("-movflags", "+faststart")) -> None:
    # The tone ends a little before the picture, so that the picture alone says how long the file is.
    inputs = [
        *("-f", "lavfi", "-i", f"testsrc2=size={_PICTURE}:rate={_FRAMES_PER_S}:duration={_SPLIT_S}"),
        *("-f", "lavfi", "-i", f"sine=frequency={300 + 40 * recording.sequence}:duration={_SPLIT_S - 0.1}"),
    ]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k"]
    _ffmpeg([*inputs, *codecs, *at_end, *_created(recording)], recording.path(folder))
    _set_times(recording.path(folder), recording.ends)


def _make_photo(recording: _Recording, folder: Path) -> None:
    source = ["-f", "lavfi", "-i", f"testsrc2=size={_PICTURE}:rate=1:duration=1", "-frames:v", "1"]
    _ffmpeg([*source, "-f", "image2", "-update", "1"], recording.path(folder))
    _set_times(recording.path(folder), recording.ends)


def _make_voice_note(recording: _Recording, folder: Path) -> None:
    source = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={_SPLIT_S}", "-c:a", "aac", "-b:a", "64k"]
    _ffmpeg([*source, *_created(recording)], recording.path(folder))
    _set_times(recording.path(folder), recording.ends)


def _make_truncated(recording: _Recording, folder: Path) -> None:
    # Without faststart the index comes last: what a recorder leaves behind when its battery dies.
    _make_video(recording, folder, at_end=())
    path = recording.path(folder)
    os.truncate(path, int(path.stat().st_size * _TRUNCATED_SHARE))
    _set_times(path, recording.ends)


def _make_empty(recording: _Recording, folder: Path) -> None:
    _write(recording.path(folder), b"", recording.starts)


def _write_sidecar(recording: _Recording, folder: Path) -> None:
    begin, end = (at.strftime("%Y-%m-%d %H:%M:%S") for at in (recording.starts, recording.ends))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<record><police>{recording.recorder.police}</police><device>{recording.recorder.device}</device>"
        f"<begin>{begin}</begin><end>{end}</end><gps>29.0281N,106.6510E</gps></record>\n"
    )
    _write(recording.path(folder).with_suffix(".xml"), text.encode(), recording.ends)


def _created(recording: _Recording) -> list[str]:
    created = recording.starts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ["-metadata", f"creation_time={created}"]


def _write(path: Path, data: bytes, written_at: datetime) -> None:
    path.write_bytes(data)
    _set_times(path, written_at)


def _set_times(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))


def _ffmpeg(arguments: Sequence[str], target: Path) -> None:
    command = [FFMPEG, "-nostdin", "-v", "error", "-n", *arguments, f"file:{target}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_FFMPEG_TIMEOUT_S, check=False)
    except FileNotFoundError as err:
        raise FfmpegMissingError(program=FFMPEG) from err
    except subprocess.TimeoutExpired as err:
        reason = f"no answer for {_FFMPEG_TIMEOUT_S} s"
        raise FfmpegFailedError(program=FFMPEG, path=shown(target), reason=reason) from err
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise FfmpegFailedError(program=FFMPEG, path=shown(target), reason=reason)
