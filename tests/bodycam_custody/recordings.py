"""Recordings as short as tests want and as long as their headers say, under the names recorders give them."""

import io
import wave
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")

# So few that an hour of sound is small; ffprobe reads the length from the header.
_SAMPLES_PER_S = 10


def sound(seconds: float, *, pitch: int = 0) -> bytes:
    """Return a WAV file of that length (at least 0.4 s); another `pitch` is another content."""
    file = io.BytesIO()
    with wave.open(file, "wb") as track:
        track.setnchannels(1)
        track.setsampwidth(1)
        track.setframerate(_SAMPLES_PER_S)
        track.writeframes(pitch.to_bytes(4, "big").ljust(round(seconds * _SAMPLES_PER_S), b"\x80"))
    return file.getvalue()


def recorded_name(
    began: datetime, sequence: int = 1, *, police: str = "500123", device: str = "DSJ0017", extension: str = "wav"
) -> str:
    """Return the file name a recorder of the profile `gat-underscore` gives: its own local time, in Beijing."""
    local = began.astimezone(BEIJING)
    return f"{police}_{device}_{local.year:04d}{local:%m%d%H%M%S}_{sequence:04d}.{extension}"


def day(hour: int, minute: int = 0, second: int = 0, *, of: int = 21) -> datetime:
    """Return a moment of November 2026, in UTC."""
    return datetime(2026, 11, of, hour, minute, second, tzinfo=UTC)
