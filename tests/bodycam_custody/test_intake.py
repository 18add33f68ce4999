"""Taking in real folders with real workers: everything on the card is sealed, or its absence explained."""

from pathlib import Path

from tests.bodycam_custody.stations import LiveStation, make_card


def test_everything_on_a_card_is_sealed_and_kept_twice(live: LiveStation, tmp_path: Path) -> None:
    card = make_card(tmp_path / "card", {"DCIM/100MEDIA/a.mp4": b"moving pictures", "b.wav": b"voices"})
    docking = live.dock(card)
    assert (docking.phase, docking.problems) == ("interpreting", ())
    assert docking.counts == {"found": 2, "sealed": 2, "known": 0, "failed": 0, "unexplained": 0}  # R11
    assert {clip["state"] for clip in live.clips()} == {"safe-one-disk"}
    live.require_everything_verifies()
    live.interpret()
    assert live.docking(docking.docking_id).phase == "closed"
