"""Real recordings are read, bad ones are told apart, and nothing a file says reaches further than it may."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import archive
from archive.errors import ProbeFailedError
from archive.media import MediaFacts, ProbeOutcome, Sandbox, find_launcher, parse_answer, probe
from hashing.canonical import canonical_line, parse_line
from tests.archive.probe_tools import BUBBLEWRAP_TOOLS, make_launcher, needs

RECORDINGS = Path(archive.__file__).resolve().parent.parent.parent / "shared" / "media"
MOV = "mov,mp4,m4a,3gp,3g2,mj2"


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    tools = [tool for tool in BUBBLEWRAP_TOOLS if shutil.which(tool)]
    needs("ffprobe")
    return make_launcher(tmp_path, *tools)


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A short MP4 with picture and sound, its index (moov) at the end as recorders write it."""
    needs("ffmpeg")
    path = tmp_path_factory.mktemp("made") / "clip.mp4"
    made = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1"]
    made += ["-f", "lavfi", "-i", "sine=duration=1", "-metadata", "creation_time=2026-11-21T08:00:00Z", str(path)]
    subprocess.run(made, check=True)
    return path.read_bytes()


def _probe(path: Path, launcher: Path) -> MediaFacts:
    return probe(path, timeout_s=20, launcher=launcher)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gopro-karma.mp4", (MOV, 12078, "2017-04-17T19:27:57", "h264", "854", "480", "30000/1001", "aac")),
        ("android-with-gps.mp4", (MOV, 171, "2017-02-22T08:20:28", "h264", "1920", "1080", "45000/1499", "aac")),
        ("iphone-with-gps.mov", (MOV, 4001, "2019-07-24T08:25:57", "h264", "568", "320", "72000/2401", "aac")),
        ("phone-sample.3gp", (MOV, 4933, "2005-10-28T17:36:40", "mpeg4", "176", "144", "15/1", "amr_nb")),
        ("kodak-100_0306.avi", ("avi", 2733, None, "mjpeg", "320", "240", "15/1", "pcm_s16le")),
        ("sony-a7m3.mts", ("mpegts", 544, None, "h264", "1920", "1080", "25/1", "ac3")),
        ("voice-note.m4a", (MOV, 11288, None, None, None, None, None, "alac")),
    ],
)
def test_real_recordings_say_what_they_are(launcher: Path, name: str, expected: tuple[object, ...]) -> None:
    if not (RECORDINGS / name).exists():
        pytest.skip(f"the real recordings are not here: {RECORDINGS}")
    facts = _probe(RECORDINGS / name, launcher)
    container, duration_ms, created, *codecs = expected
    assert facts.outcome is ProbeOutcome.PARSED
    assert (facts.container, facts.duration_ms) == (container, duration_ms)
    assert facts.created_at == (datetime.fromisoformat(f"{created}Z") if created else None)
    assert [facts.video_codec, facts.video_width, facts.video_height, facts.video_fps, facts.audio_codec] == codecs
    assert facts.tool_version


def test_a_made_recording_is_parsed_with_its_time(launcher: Path, tmp_path: Path, video: bytes) -> None:
    path = tmp_path / "main.mp4"
    path.write_bytes(video)
    facts = _probe(path, launcher)
    assert (facts.outcome, facts.video_codec, facts.audio_codec) == (ProbeOutcome.PARSED, "h264", "aac")
    assert facts.created_at == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert facts.sandbox in {Sandbox.BUBBLEWRAP, Sandbox.RLIMITS}


def test_looking_into_a_recording_leaves_it_as_it_was(launcher: Path, tmp_path: Path, video: bytes) -> None:
    path = tmp_path / "main.mp4"
    path.write_bytes(video)
    path.chmod(0o440)
    before = path.stat()
    _probe(path, launcher)
    after = path.stat()
    assert path.read_bytes() == video
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
    assert {child.name for child in tmp_path.iterdir()} == {"main.mp4", "bin", "custody-probe"}


@pytest.mark.parametrize(
    "name", ["a b.mp4", "a\n.mp4", "%d.mp4", "-i.mp4", "\u202e4pm.mp4", "pipe:0", os.fsdecode(b"\xff")]
)
def test_no_name_changes_what_is_read(launcher: Path, tmp_path: Path, video: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(video)
    assert _probe(tmp_path / name, launcher).outcome is ProbeOutcome.PARSED


def test_a_truncated_recording_cannot_be_parsed(launcher: Path, tmp_path: Path, video: bytes) -> None:  # R27
    path = tmp_path / "main.mp4"
    path.write_bytes(video[: len(video) // 2])
    facts = _probe(path, launcher)
    assert facts.outcome is ProbeOutcome.UNPARSEABLE
    assert facts.duration_ms is None


def test_an_empty_recording_cannot_be_parsed(launcher: Path, tmp_path: Path) -> None:  # R27
    path = tmp_path / "main.mp4"
    path.touch()
    assert _probe(path, launcher).outcome is ProbeOutcome.UNPARSEABLE


@pytest.mark.parametrize(
    "data",
    [
        b"Just a note that somebody left on the card.\n" * 50,
        b"MZ\x90\x00" + bytes(1000),
        b"PK\x03\x04" + bytes(range(256)) * 8,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"1\n00:00:00,000 --> 00:00:09,000\nsubtitles\n",
    ],
    ids=["text", "exe", "docx", "pdf", "subtitles"],
)
def test_foreign_files_are_no_media(launcher: Path, tmp_path: Path, data: bytes) -> None:  # R10
    path = tmp_path / "main.mp4"
    path.write_bytes(data)
    assert _probe(path, launcher).outcome is ProbeOutcome.NOT_MEDIA


@pytest.mark.timeout(30)
@pytest.mark.parametrize("tools", [BUBBLEWRAP_TOOLS, ("ffprobe",)], ids=["bubblewrap", "rlimits"])
@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{other}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "[playlist]\nFile1={other}\n",
    ],
    ids=["hls", "concat", "sdp", "pls"],
)
def test_a_playlist_named_mp4_reads_no_other_file(
    tmp_path: Path, video: bytes, playlist: str, tools: tuple[str, ...]
) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(video)
    long_ago = 1_000_000_000
    os.utime(other, (long_ago, long_ago))
    path = tmp_path / "main.mp4"
    path.write_text(playlist.format(other=other))
    facts = _probe(path, make_launcher(tmp_path, *tools))
    assert facts.outcome is ProbeOutcome.NOT_MEDIA
    assert facts.container is None
    # With relatime the first read after a change moves the access time; a filesystem mounted noatime proves less.
    assert other.stat().st_atime == long_ago


def test_a_recording_whose_probe_hangs_times_out(tmp_path: Path) -> None:
    path = tmp_path / "main.mp4"
    path.write_bytes(b"x")
    facts = probe(path, timeout_s=0.3, launcher=make_launcher(tmp_path, fake_ffprobe="exec sleep 600"))
    assert facts == MediaFacts(outcome=ProbeOutcome.TIMED_OUT, sandbox=Sandbox.RLIMITS)


def test_a_missing_tool_is_an_outcome(tmp_path: Path) -> None:
    path = tmp_path / "main.mp4"
    path.write_bytes(b"x")
    missing = MediaFacts(outcome=ProbeOutcome.TOOL_MISSING)
    assert _probe(path, make_launcher(tmp_path)) == missing
    assert _probe(path, tmp_path / "no-launcher") == missing
    (tmp_path / "not-executable").touch()
    assert _probe(path, tmp_path / "not-executable") == missing


def test_a_recording_that_is_not_there_is_an_error_and_no_fact(tmp_path: Path) -> None:
    with pytest.raises(ProbeFailedError, match=r"gone\\n\.mp4: the recording was not looked into \(.*No such file"):
        _probe(tmp_path / "gone\n.mp4", make_launcher(tmp_path, fake_ffprobe="exit 0"))


def test_a_launcher_that_talks_nonsense_is_an_error_and_no_fact(tmp_path: Path) -> None:
    path = tmp_path / "main.mp4"
    path.write_bytes(b"x")
    for number, nonsense in enumerate(("echo nonsense", "echo '[]'", "echo '{}'", "exit 3")):
        broken = tmp_path / f"broken-{number}"
        broken.write_text(f"#!/bin/sh\n{nonsense}\n")
        broken.chmod(0o755)
        with pytest.raises(ProbeFailedError, match="was not looked into"):
            _probe(path, broken)


def test_the_launcher_is_the_one_beside_our_own_interpreter() -> None:
    assert find_launcher() == Path(sys.executable).parent / "custody-probe"


def _answer(**changed: Any) -> Mapping[str, Any]:
    streams: list[dict[str, Any]] = [{"codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080}]
    return {
        "custody_probe": {"outcome": "parsed", "sandbox": "bubblewrap", "reason": ""},
        "program_version": {"version": "5.1.9"},
        "format": {"format_name": "avi", "duration": "1.5", "tags": {}},
        "streams": streams,
    } | changed


@pytest.mark.parametrize(
    ("raw", "created_at"),
    [
        ("2026-11-21T08:00:00.000000Z", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T16:00:00+0800", datetime(2026, 11, 21, 8, tzinfo=UTC)),
        ("2026-11-21T16:00:00", None),
        ("2026-11-21", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+08:00", None),
        ("9999-12-31T23:59:59-08:00", None),
    ],
)
def test_a_time_without_zone_is_kept_as_written_and_names_no_moment(raw: str, created_at: datetime | None) -> None:
    facts = parse_answer(_answer(format={"tags": {"creation_time": raw}}))
    assert (facts.created_raw, facts.created_at) == (raw, created_at)


@pytest.mark.parametrize("raw", ["x" * 65, "a\nb", "张三", "", "\u202e", '"; DROP'])
def test_free_text_in_a_tag_never_becomes_a_fact(raw: str) -> None:  # R9
    facts = parse_answer(_answer(format={"format_name": raw, "tags": {"creation_time": raw}}))
    assert (facts.container, facts.created_raw) == (None, None)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("1.5", 1500),
        ("0.000000", 0),
        ("0.0015", 1),
        (None, None),
        ("N/A", None),
        ("-1", None),
        ("1e20", None),
        ("NaN", None),
    ],
)
def test_a_nonsensical_duration_is_none(duration: str | None, expected: int | None) -> None:
    assert parse_answer(_answer(format={"duration": duration})).duration_ms == expected


def test_a_cover_picture_is_not_the_recording() -> None:
    cover = {"codec_type": "video", "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}
    facts = parse_answer(_answer(streams=[cover, {"codec_type": "audio", "codec_name": "aac"}]))
    assert (facts.video_codec, facts.audio_codec) == (None, "aac")


@pytest.mark.parametrize("rate", ["0/0", "25/0", "0/1", None])
def test_an_unknown_rate_is_none(rate: str | None) -> None:
    assert parse_answer(_answer(streams=[{"codec_type": "video", "avg_frame_rate": rate}])).video_fps is None


def test_facts_can_stand_in_a_ledger_entry() -> None:
    facts = parse_answer(_answer(format={"format_name": "avi", "tags": {"creation_time": "2026-11-21T16:00:00+0800"}}))
    written = facts.to_facts()
    assert written["created_at"] == "2026-11-21T08:00:00.000000Z"
    assert parse_line(canonical_line(written)) == written
    assert set(written) == set(MediaFacts.__dataclass_fields__)


def test_a_moment_without_zone_cannot_be_a_fact() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        MediaFacts(outcome=ProbeOutcome.PARSED, created_at=datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point
