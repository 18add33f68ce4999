"""What the demonstration's screen says of lateness and interruptions, which need recordings with times."""

from zoneinfo import ZoneInfo

from cli.views.demo import DemoValue, demo_text
from cli.wire import DockingDetail
from tests.cli.records import make_clip, make_docking
from tests.cli.station import FakeStation

SHANGHAI = ZoneInfo("Asia/Shanghai")


def make_demo(station: FakeStation) -> DemoValue:
    """Return an outcome with what the station holds."""
    docking: DockingDetail = {**make_docking(), "files": [], "differences": [], "specials": []}
    return {
        "directory": "/d",
        "docking": docking,
        "status": station.status(),
        "clips": station.clips,
        "sessions": [{"session_id": "s-1", "gaps": station.gaps}],
    }


def test_a_late_clip_is_told_with_its_three_times(station: FakeStation) -> None:  # R38
    station.clips = [make_clip(1, handover="late", docked_at="2026-11-23T01:00:00.000000Z")]
    screen = demo_text(make_demo(station), SHANGHAI, None).replace("\n    ", " ")
    assert (
        "! Handed over late: 500123_DSJ0017_20261121101501_0001.mp4; recorded until 2026-11-21 10:16, "
        "due 2026-11-22 10:16, docked 2026-11-23 09:00." in screen
    )


def test_an_interruption_is_told_with_its_length_and_what_is_due(station: FakeStation) -> None:  # R21
    station.gaps = [
        {
            "after": station.clips[0]["clip_id"],
            "before": station.clips[1]["clip_id"],
            "begins": "2026-11-21T02:16:01.000000Z",
            "seconds": 241.0,
        }
    ]
    screen = demo_text(make_demo(station), SHANGHAI, None).replace("\n    ", " ")
    assert (
        "! Interruption: nothing was recorded for 4 min 1 s from 2026-11-21 10:16:01, before "
        "500123_DSJ0017_20261121101502_0002.mp4; a written note is due (A3 art. 5)." in screen
    )


def test_a_clip_that_is_not_safe_is_not_counted_as_safe(station: FakeStation) -> None:
    station.clips = [make_clip(1, state="sealed"), make_clip(2)]
    screen = demo_text(make_demo(station), SHANGHAI, None)
    assert "  1 clip: hashed and signed" in screen
    assert "! Not safe: 500123_DSJ0017_20261121101501_0001.mp4" in screen


def test_nothing_to_look_at_is_said_in_words(station: FakeStation) -> None:
    assert "NEEDS ATTENTION\n  Nothing.\n" in demo_text(make_demo(station), SHANGHAI, None)


def test_a_folder_with_a_space_is_quoted_in_the_commands(station: FakeStation) -> None:
    demo = make_demo(station) | {"directory": "/my demo"}
    assert "  custody --config '/my demo/config.toml' status" in demo_text(demo, SHANGHAI, None)
