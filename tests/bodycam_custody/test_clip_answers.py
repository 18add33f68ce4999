"""Verifying a clip on request reads every bag of it, and what cannot be read is no answer."""

from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.clip_answers import verify_clip
from bodycam_custody.operations import Caller, OneClip
from bodycam_custody.reconcile import reconcile
from bodycam_custody.replication import replicate_lacking
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import SAFE_STATES
from tests.bodycam_custody.stations import LiveStation, make_card
from tests.bodycam_custody.test_reconcile import fail_to_open, rewrite


def verify(live: LiveStation) -> dict[str, Any]:
    (clip,) = live.clips()
    answer: dict[str, Any] = verify_clip(
        Runtime(live.station, mode="test"), OneClip(clip_id=clip["clip_id"]), Caller(uid=0)
    )
    return answer


def test_a_copy_that_cannot_be_read_now_is_not_called_damaged(
    live: LiveStation, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    with monkeypatch.context() as patched:
        fail_to_open(patched, live.backup)
        said = verify(live)
    assert {copy["store_id"]: copy["answer"] for copy in said["copies"]} == {"primary": "yes", "backup": "cannot-tell"}
    assert said["answer"] == "cannot-tell"
    assert {finding["code"] for finding in said["copies"][1]["findings"]} == {"B004"}
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES


def test_a_supplement_is_read_with_its_clip_and_written_anew_where_it_is_bad(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    docking = live.dock(make_card(card, {"a.xml": b"<newer/>"}))
    assert verify(live)["answer"] == "yes"
    (row,) = live.rows("SELECT bag_id, bag_path FROM supplements")
    rewrite(live.backup / row["bag_path"] / "data" / "sidecar-1.xml", b"<forged/>")
    said = verify(live)
    assert {copy["store_id"]: copy["answer"] for copy in said["copies"]} == {"primary": "yes", "backup": "no"}
    (finding,) = [one for one in said["copies"][1]["findings"] if one["code"] == "B031"]
    assert finding["facts"]["place"] == f"{row['bag_id']}/data/sidecar-1.xml"
    assert [clip["state"] for clip in live.clips()] == ["sealed"]
    assert live.docking(docking.docking_id).view["safe_to_take_away"] == "no"
    copies: Any = live.entries("clip.verified")[-1].facts["copies"]
    assert {(copy["store_id"], copy["bag_path"] == row["bag_path"], copy["answer"]) for copy in copies} == {
        ("primary", False, "yes"),
        ("primary", True, "yes"),
        ("backup", False, "yes"),
        ("backup", True, "no"),
    }
    reconcile(live.station)
    assert replicate_lacking(live.station) == 1
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()
