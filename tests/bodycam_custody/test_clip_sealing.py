"""One identity for a clip however often it is seen, and supplements for sidecars that come later (R8)."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bodycam_custody.audit.evidence import verify_evidence
from bodycam_custody.audit.findings import Severity
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.genesis import write_anchor
from bodycam_custody.model import clip_id_of
from bodycam_custody.reconcile import reconcile
from hashing.canonical import Json
from hashing.digest import Digest
from tests.bodycam_custody.odd_card import UNREADABLE, odd_card
from tests.bodycam_custody.stations import LiveStation, make_card


def test_the_same_clip_docked_twice_is_one_clip_seen_twice(live: LiveStation, quick_path: Path) -> None:
    # R8: one identity, the second docking recorded, nothing overwritten
    first = live.dock(make_card(quick_path / "card", {"DCIM/a.mp4": b"moving pictures"}))
    (bag,) = live.bags(live.primary)
    inodes = {path: path.stat().st_ino for path in bag.rglob("*")}
    second = live.dock(make_card(quick_path / "later", {"RO/a_IMP.mp4": b"moving pictures"}))
    assert second.counts == {"found": 1, "sealed": 0, "known": 1, "failed": 0, "unexplained": 0}
    (clip,) = live.clips()
    assert (clip["sightings"], clip["source_path"], clip["docking_id"]) == (2, "DCIM/a.mp4", first.docking_id)
    assert second.file("RO/a_IMP.mp4")["clip_id"] == clip["clip_id"]
    assert live.bags(live.primary) == [bag]
    assert {path: path.stat().st_ino for path in bag.rglob("*")} == inodes
    sightings = [(entry.facts["docking_id"], entry.facts["newly_sealed"]) for entry in live.entries("clip.sighted")]
    assert sightings == [(first.docking_id, True), (second.docking_id, False)]


def test_equal_files_on_one_card_are_one_clip_with_two_sightings(live: LiveStation, quick_path: Path) -> None:
    # R8, R11: receipts count sightings, not contents
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "copy of a.mp4": b"moving pictures"})
    docking = live.dock(card)
    assert docking.counts == {"found": 2, "sealed": 1, "known": 1, "failed": 0, "unexplained": 0}
    (clip,) = live.clips()
    assert clip["sightings"] == 2
    live.require_everything_verifies()


def test_equal_files_of_two_recorders_are_two_clips(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    live.dock(card, serial="1")
    live.dock(card, serial="2")
    live.dock(card, serial=None)
    main = Digest.of(b"moving pictures")
    recorders = ("usb:4255:0001:1", "usb:4255:0001:2", "unknown")
    assert {clip["clip_id"] for clip in live.clips()} == {clip_id_of(recorder=name, main=main) for name in recorders}
    live.require_everything_verifies()


def test_a_changed_sidecar_is_sealed_in_a_supplement(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    make_card(card, {"a.xml": b"<record important='yes'/>"})
    docking = live.dock(card)
    # R11: what the docking shows and what its last entry says are one count
    assert docking.counts == {"found": 2, "sealed": 1, "known": 1, "failed": 0, "unexplained": 0}
    assert [(entry.facts["sealed"], entry.facts["known"]) for entry in live.entries("dock.closed")] == [(2, 0), (1, 1)]
    (clip,) = live.clips()
    (supplement,) = live.entries("supplement.sealed")
    assert supplement.clip_id == clip["clip_id"]
    assert supplement.facts["bag_id"] == f"{clip['clip_id']}-s1"
    for store in (live.primary, live.backup):
        bag = store / str(supplement.facts["bag_path"])
        assert live.findings(bag, str(supplement.facts["tagmanifest_sha256"])) == ()
        assert [path.read_bytes() for path in (bag / "data").iterdir()] == [b"<record important='yes'/>"]
    live.require_everything_verifies()


def test_a_sidecar_that_is_held_already_is_not_sealed_again(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    for content in (b"<new/>", b"<record/>", b"<new/>", b"<newer/>"):
        make_card(card, {"a.xml": content})
        live.dock(card)
    assert [entry.facts["bag_id"][-3:] for entry in live.entries("supplement.sealed")] == ["-s1", "-s2"]  # type: ignore[index]
    live.require_everything_verifies()


def test_equal_clips_with_different_sidecars_keep_every_sidecar(live: LiveStation, quick_path: Path) -> None:
    contents = {f"{name}.mp4": b"moving pictures" for name in "abc"} | {f"{name}.xml": name.encode() for name in "abc"}
    docking = live.dock(make_card(quick_path / "card", contents))
    (clip,) = live.clips()
    assert clip["sightings"] == 3
    assert docking.counts == {"found": 6, "sealed": 4, "known": 2, "failed": 0, "unexplained": 0}
    held = {path.read_bytes() for bag in live.bags(live.primary) for path in (bag / "data").glob("sidecar*")}
    assert held == {b"a", b"b", b"c"}
    live.require_everything_verifies()


def test_a_clip_whose_sidecar_cannot_be_read_is_sealed_and_the_sidecar_follows(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    with odd_card(card, UNREADABLE, "a.xml") as bad:
        docking = live.dock(bad)
    assert docking.counts == {"found": 2, "sealed": 1, "known": 0, "failed": 1, "unexplained": 0}
    (clip,) = live.clips()
    live.dock(card)
    (supplement,) = live.entries("supplement.sealed")
    assert supplement.clip_id == clip["clip_id"]
    live.require_everything_verifies()


def test_a_sidecar_waits_for_its_clip_where_the_clip_cannot_be_read(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    with odd_card(card, UNREADABLE, "a.mp4") as bad:
        docking = live.dock(bad)
    assert docking.counts == {"found": 2, "sealed": 0, "known": 0, "failed": 2, "unexplained": 0}
    assert live.bags(live.primary) == []
    assert live.dock(card).counts["sealed"] == 2
    (bag,) = live.bags(live.primary)
    assert len(list((bag / "data").iterdir())) == 2


def test_a_replica_that_fails_while_a_bag_is_sealed_is_left_out_told_and_entered(
    live: LiveStation, quick_path: Path
) -> None:
    # R43, R45: what was left out is known after a restart too
    content = {f"{number}.mp4": b"clip %d" % number for number in range(3)}
    clip_id = clip_id_of(recorder="usb:4255:0001:0000017", main=Digest.of(content["0.mp4"]))
    in_the_way = live.backup / "clips/2026/11/21" / clip_id
    in_the_way.mkdir(parents=True)
    (in_the_way / "something").write_bytes(b"else")
    docked = live.dock(make_card(quick_path / "card", content))
    (text,) = docked.texts
    assert str(in_the_way) in text
    (closed,) = live.entries("dock.closed")
    (code,) = [error.code for error in docked.problems]
    assert closed.facts["left_out"] == {"backup": code}
    assert (docked.view["safe_to_take_away"], docked.counts["sealed"]) == ("no", 3)
    live.reopen()
    (problem,) = live.docking(docked.docking_id).view["problems"]
    assert problem["code"] == code
    assert (in_the_way / "something").read_bytes() == b"else"


def lose(live: LiveStation, bag_path: str) -> None:
    for store in (live.primary, live.backup):
        shutil.rmtree(store / bag_path)


def audited(live: LiveStation, quick_path: Path) -> tuple[str, list[str]]:
    """Return what an auditor finds in both stores, with the newest head at hand."""
    trust = quick_path / "auditor"
    shutil.copytree(live.settings.paths.trust, trust)
    assert live.station.ledger.head is not None
    write_anchor(trust, live.station.ledger.head.note)
    found = verify_evidence([live.primary, live.backup], trust=trust, now=live.clock.now())
    return str(found.answer), [finding.code for finding in found.findings if finding.severity is not Severity.NOTE]


@pytest.mark.parametrize("noticed", [False, True], ids=["not noticed yet", "entered as missing"])
@pytest.mark.parametrize("days", [0, 1])
def test_a_clip_that_no_store_holds_any_more_is_sealed_again_from_its_card(
    live: LiveStation, quick_path: Path, *, noticed: bool, days: int
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    first = live.dock(card)
    (before,) = live.clips()
    lose(live, live.rows("SELECT bag_path FROM clips")[0]["bag_path"])
    if noticed:
        reconcile(live.station)
        assert [clip["state"] for clip in live.clips()] == ["damaged"]
    live.clock.advance(timedelta(days=days))
    os.utime(card / "a.mp4", (1, 1))  # seen as another file in the listing, so that it is read
    docking = live.dock(card)
    assert (docking.counts["sealed"], docking.view["safe_to_take_away"]) == (2, "yes")
    (clip,) = live.clips()
    assert (clip["clip_id"], clip["sealed_at"]) == (before["clip_id"], before["sealed_at"])
    assert (clip["docking_id"], clip["sightings"]) == (first.docking_id, 2)
    old, new = live.entries("clip.sealed")
    assert new.facts["replaces"] == old.facts["tagmanifest_sha256"]
    live.require_everything_verifies()
    reconcile(live.station)
    live.station.catalog.clear()
    live.reopen()
    live.require_everything_verifies()
    assert audited(live, quick_path) == ("yes", [])


def test_a_clip_whose_every_copy_is_bad_is_sealed_again_and_the_bad_ones_are_set_aside(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    live.dock(card)
    for store in (live.primary, live.backup):
        (bag,) = live.bags(store)
        main = bag / "data" / "main.mp4"
        main.chmod(0o640)
        main.write_bytes(b"forged")
    (clip,) = live.clips()
    live.station.record.enter([verified_draft(clip["clip_id"], "no")])
    os.utime(card / "a.mp4", (1, 1))
    assert live.dock(card).counts["sealed"] == 1
    for store in (live.primary, live.backup):
        (aside,) = (store / ".quarantine").iterdir()
        assert (aside / "data" / "main.mp4").read_bytes() == b"forged"
    live.require_everything_verifies()


def verified_draft(clip_id: str, answer: str) -> Draft:
    copies: list[Json] = [{"store_id": store, "answer": answer, "codes": []} for store in ("primary", "backup")]
    return Draft(kind=EntryKind.CLIP_VERIFIED, subject=f"clip:{clip_id}", facts={"copies": copies})


def test_a_supplement_that_no_store_holds_any_more_is_sealed_again_from_its_card(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    live.dock(make_card(card, {"a.xml": b"<newer/>"}))
    (lost,) = live.rows("SELECT bag_path FROM supplements")
    lose(live, lost["bag_path"])
    reconcile(live.station)
    docking = live.dock(card)
    assert (docking.counts["sealed"], docking.view["safe_to_take_away"]) == (1, "yes")
    assert [row["bag_id"][-3:] for row in live.rows("SELECT bag_id FROM supplements")] == ["-s2"]
    live.dock(make_card(card, {"a.xml": b"<newest/>"}))
    assert len(live.rows("SELECT bag_id FROM supplements")) == 2
    live.require_everything_verifies()
