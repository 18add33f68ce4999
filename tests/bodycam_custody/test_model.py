"""Identity is content and recorder, and values that cannot be true cannot exist."""

from datetime import UTC, datetime, timedelta

import pytest

from bodycam_custody.model import CLIP_ID_CHARACTERS, Instant, RecordingTime, clip_id_of
from docking.profile import TimeSource
from hashing.digest import Digest

MAIN = Digest.of(b"moving pictures")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("recorder", "clip_id"),
    [
        # base32(SHA-256("bodycam-custody/clip-id/v1" 00 00000015 "usb:4255:0001:0000017" SHA-256("moving pictures")))
        ("usb:4255:0001:0000017", "z46ghlelmqlvbwv7m2w73dl6b3krd2vu"),
        # the same with 00000007 "unknown"
        ("unknown", "adrhwjzjcxtiwdvorvzpm4cdzbqxzbvl"),
    ],
)
def test_the_clip_id_is_that_of_the_bag_format(recorder: str, clip_id: str) -> None:
    assert clip_id_of(recorder=recorder, main=MAIN) == clip_id  # R8; another id is another bag format


def test_clip_ids_tell_recorders_and_contents_apart() -> None:
    ids = {
        clip_id_of(recorder=recorder, main=main)
        for recorder in ("usb:4255:0001:1", "usb:4255:0001:11", "unknown")
        for main in (MAIN, Digest.of(b""), Digest.of(b"moving pictures "))
    }
    assert len(ids) == 9
    assert {len(clip_id) for clip_id in ids} == {CLIP_ID_CHARACTERS}


def test_a_recorder_name_beyond_ascii_has_an_id_too() -> None:
    assert clip_id_of(recorder="usb:4255:0001:设备", main=MAIN) != clip_id_of(recorder="usb:4255:0001:", main=MAIN)


def test_a_recording_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="recording ends before it begins"):
        RecordingTime(
            begins=NOON, ends=NOON - timedelta(seconds=1), source=TimeSource.NAME, offset_s=None, uncertainty_s=None
        )


def test_an_instant_is_aware_and_its_doubt_is_not_negative() -> None:
    with pytest.raises(ValueError, match="naive datetime"):
        Instant(at=NOON.replace(tzinfo=None), uncertainty_s=None)
    with pytest.raises(ValueError, match="negative uncertainty: -1"):
        Instant(at=NOON, uncertainty_s=-1)
