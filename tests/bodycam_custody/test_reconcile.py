"""After a crash, disks, ledger and catalog agree again: adopted, quarantined, entered as missing, or swept."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import bag_check
from bodycam_custody.dockings.drafts import closed_draft, seen_draft
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.model import DockingPhase
from bodycam_custody.reconcile import reconcile
from bodycam_custody.replication import replicate_lacking
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import LEDGER_DB
from bodycam_custody.views import SAFE_STATES, store_views
from tests.bodycam_custody.stations import Docking, LiveStation, make_card
from tests.bodycam_custody.test_clip_sealing import audited


def crash_before_entry(live: LiveStation, card: Path, kind: EntryKind) -> None:
    """Dock `card` and stop dead where the first entry of this kind would be written, as a power cut would."""
    cut = (
        f"CREATE TRIGGER power_cut BEFORE INSERT ON entries WHEN json_extract(NEW.line, '$.kind') = '{kind}'"
        " BEGIN SELECT RAISE(ABORT, 'the power is gone'); END"
    )
    with closing(sqlite3.connect(live.settings.paths.state / LEDGER_DB)) as ledger:
        ledger.execute(cut)
        with pytest.raises(sqlite3.IntegrityError, match="the power is gone"):
            live.dock(card)
        ledger.execute("DROP TRIGGER power_cut")
    live.reopen()


def only_docking(live: LiveStation) -> Docking:
    (row,) = live.rows("SELECT docking_id FROM dockings")
    return live.docking(row["docking_id"])


def test_a_station_at_rest_is_left_as_it_is(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"}))
    size = live.station.ledger.size
    reconcile(live.station)
    assert live.station.ledger.size == size
    live.require_everything_verifies()


def test_a_bag_without_entry_is_adopted(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    assert (len(live.bags(live.primary)), live.clips()) == (1, [])
    reconcile(live.station)
    (clip,) = live.clips()
    (adopted,) = live.entries("bag.adopted")
    assert adopted.clip_id == clip["clip_id"]
    assert len(live.entries("replica.written")) == 1  # the copy in the other store is entered too
    assert clip["state"] in SAFE_STATES
    assert (clip["source_path"], clip["sightings"]) == ("a.mp4", 1)
    live.require_everything_verifies()
    docking = only_docking(live)
    assert (docking.phase, docking.counts["sealed"], docking.counts["unexplained"]) == ("interrupted", 2, 0)
    # Docked again it is known, and nothing is there twice.
    again = live.dock(card)
    assert again.counts == {"found": 2, "sealed": 0, "known": 2, "failed": 0, "unexplained": 0}
    live.require_everything_verifies()


def test_an_adopted_bag_keeps_its_facts_when_the_catalog_is_made_again(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    reconcile(live.station)
    before = live.clips()
    live.station.catalog.clear()
    live.station.record.catch_up_catalog()
    assert live.clips() == before


def test_a_supplement_without_entry_loses_nothing(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    make_card(card, {"a.xml": b"<newer/>"})
    crash_before_entry(live, card, EntryKind.SUPPLEMENT_SEALED)
    reconcile(live.station)
    live.dock(card)
    held = {path.read_bytes() for bag in live.bags(live.primary) for path in (bag / "data").glob("sidecar*")}
    assert held == {b"<record/>", b"<newer/>"}
    live.require_everything_verifies()


@pytest.mark.parametrize(
    "damage",
    [
        lambda bag: rewrite(bag / "data" / "main.mp4", b"other pictures!"),
        lambda bag: rewrite(bag / "custody" / "clip.json", b"{}"),
        lambda bag: (bag / "tagmanifest-sha256.txt.sig").unlink(),
        lambda bag: (bag / "data" / "extra").write_bytes(b""),
    ],
    ids=["payload", "clip.json", "unsigned", "extra file"],
)
def test_a_bag_that_does_not_verify_goes_to_quarantine_with_an_entry(
    live: LiveStation, quick_path: Path, damage: object
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    (bag,) = live.bags(live.backup)
    damage(bag)  # type: ignore[operator]  # one of the functions above
    reconcile(live.station)
    (entry,) = live.entries("bag.quarantined")
    assert entry.facts == {
        "store_id": "backup",
        "bag_path": bag.relative_to(live.backup).as_posix(),
        "reason": "the bag does not verify",
    }
    assert live.bags(live.backup) == []
    (aside,) = (live.backup / ".quarantine").iterdir()
    assert aside.name == f"{bag.name}-20261121T120000000000"
    # The good copy was adopted; the other one is made again from it.
    assert [clip["state"] for clip in live.clips()] == ["sealed"]
    replicate_lacking(live.station)
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    live.require_everything_verifies()


def test_a_signed_bag_that_no_inventory_names_is_not_evidence(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    (bag,) = live.bags(live.primary)
    stray = bag.with_name("a" * 32)
    shutil.copytree(bag, stray)
    reconcile(live.station)
    (entry,) = live.entries("bag.quarantined")
    assert entry.facts["reason"] == "no inventory in the ledger names this bag"
    assert not stray.exists()
    live.require_everything_verifies()


def test_a_second_folder_with_a_known_bag_is_set_aside_and_the_station_goes_on(
    live: LiveStation, quick_path: Path
) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    (bag,) = live.bags(live.backup)
    again = live.backup / "clips" / "2026" / "11" / "20" / bag.name
    shutil.copytree(bag, again)
    reconcile(live.station)
    (entry,) = live.entries("bag.quarantined")
    assert entry.facts == {
        "store_id": "backup",
        "bag_path": again.relative_to(live.backup).as_posix(),
        "reason": "the ledger has this bag at another place",
    }
    assert (live.entries("bag.adopted"), live.bags(live.backup)) == ([], [bag])
    assert live.dock(make_card(quick_path / "later", {"b.mp4": b"more"})).counts["sealed"] == 1
    live.reopen()
    live.require_everything_verifies()


def test_a_second_folder_with_a_supplement_is_set_aside_once(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    live.dock(make_card(card, {"a.xml": b"<newer/>"}))
    (supplement,) = live.rows("SELECT bag_path FROM supplements")
    source = live.primary / supplement["bag_path"]
    shutil.copytree(source, live.primary / "clips" / "2026" / "11" / "20" / source.name)
    for _ in range(3):
        reconcile(live.station)
    assert len(live.entries("bag.quarantined")) == 1
    assert live.rows("SELECT bag_path FROM supplements") == [supplement]
    live.require_everything_verifies()


def seal_twice_in_the_ledger(live: LiveStation, kind: EntryKind, adopted_as: EntryKind) -> str:
    """Enter the newest bag of this kind again as if it stood under another date, as stations once did."""
    sealed = live.entries(kind)[-1]
    path = str(sealed.facts["bag_path"]).replace("/11/21/", "/11/20/")
    facts = {**sealed.facts, "bag_path": path, "stores": {"backup": "medium"}}
    live.station.record.enter([Draft(kind=adopted_as, subject=sealed.subject, facts=facts)])
    return path


def test_a_ledger_with_two_bags_of_one_clip_opens_and_the_second_is_set_aside(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    live.dock(make_card(card, {"a.xml": b"<newer/>"}))
    before = live.rows("SELECT bag_path FROM clips UNION SELECT bag_path FROM supplements")
    second = [
        seal_twice_in_the_ledger(live, EntryKind.CLIP_SEALED, EntryKind.BAG_ADOPTED),
        seal_twice_in_the_ledger(live, EntryKind.SUPPLEMENT_SEALED, EntryKind.SUPPLEMENT_SEALED),
    ]
    for path in second:
        shutil.copytree(live.backup / path.replace("/11/20/", "/11/21/"), live.backup / path)
    # What such a station entered later about the second bags says nothing about the first ones.
    missing = [{"store_id": "primary", "bag_path": path} for path in second]
    subject = live.entries("clip.sealed")[0].subject
    live.station.record.enter([Draft(kind=EntryKind.COPY_MISSING, subject=subject, facts=facts) for facts in missing])
    live.station.catalog.clear()
    live.reopen()
    (clip,) = live.clips()
    assert (clip["state"] in SAFE_STATES, "sealed-twice" in clip["remarks"]) == (True, True)
    assert live.rows("SELECT bag_path FROM clips UNION SELECT bag_path FROM supplements") == before
    reconcile(live.station)
    assert [entry.facts["bag_path"] for entry in live.entries("bag.quarantined")] == second
    live.require_everything_verifies()
    # The auditor sees the same bytes in the bag that counts.
    assert audited(live, quick_path) == ("yes", [])


def test_a_clip_that_a_crash_left_is_entered_before_it_could_be_sealed_a_second_time(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    # After UTC midnight another bag would stand under another date.
    live.clock.advance(timedelta(hours=13))
    docking = live.dock(card)
    assert docking.counts == {"found": 1, "sealed": 0, "known": 1, "failed": 0, "unexplained": 0}
    assert [bag.parent.name for bag in live.bags(live.primary)] == ["21"]
    assert len(live.entries("bag.adopted")) == 1
    reconcile(live.station)
    live.require_everything_verifies()


def test_a_supplement_that_a_crash_left_is_entered_before_it_could_be_sealed_a_second_time(
    live: LiveStation, quick_path: Path
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    make_card(card, {"a.xml": b"<newer/>"})
    crash_before_entry(live, card, EntryKind.SUPPLEMENT_SEALED)
    live.clock.advance(timedelta(hours=13))
    assert live.dock(card).counts["sealed"] == 0
    assert len(live.bags(live.primary)) == 2
    reconcile(live.station)
    live.require_everything_verifies()


def test_a_bag_with_a_tombstone_is_not_adopted_again(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    for store in (live.primary, live.backup):
        (bag,) = live.bags(store)
        (store / "tombstones" / f"{bag.name}.json").write_bytes(b"{}")
    reconcile(live.station)
    assert live.clips() == []
    assert len(live.entries("bag.quarantined")) == 2


def test_what_stands_among_the_bags_and_is_none_goes_to_quarantine_whole(live: LiveStation) -> None:
    folder = live.primary / "clips" / "2026" / "11" / "21"
    folder.mkdir(parents=True)
    (folder / "note\nto self.txt").write_bytes(b"remember")
    reconcile(live.station)
    (entry,) = live.entries("bag.quarantined")
    assert entry.facts["bag_path"] == "clips/2026/11/21/note\\nto self.txt"
    (aside,) = (live.primary / ".quarantine").iterdir()
    assert aside.read_bytes() == b"remember"


def test_a_copy_that_is_gone_is_entered_as_missing_once(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    (bag,) = live.bags(live.backup)
    shutil.rmtree(bag)
    for _ in range(2):
        reconcile(live.station)
    (clip,) = live.clips()
    (missing,) = live.entries("copy.missing")
    assert (missing.clip_id, missing.facts["store_id"]) == (clip["clip_id"], "backup")
    assert clip["state"] == "damaged"
    assert {copy["store_id"]: copy["answer"] for copy in clip["copies"]} == {"primary": "yes", "backup": "no"}


def test_a_docking_that_never_ended_is_closed_as_interrupted(live: LiveStation, quick_path: Path) -> None:
    arrival = live.arrival(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    live.station.record.enter([seen_draft(arrival, rule_set_version="1")])
    over = live.arrival(quick_path / "card")
    live.station.record.enter([seen_draft(over, rule_set_version="1")])
    live.station.record.enter(
        [closed_draft(over.docking_id, outcome=DockingPhase.CLOSED, code=None, counts={}, left_out={})]
    )
    live.reopen()
    reconcile(live.station)
    docking = live.docking(arrival.docking_id)
    assert (docking.phase, docking.view["safe_to_take_away"]) == ("interrupted", "no")
    (problem,) = docking.view["problems"]
    assert problem["code"] == "station-stopped"
    assert live.docking(over.docking_id).phase == "closed"
    reconcile(live.station)
    assert len(live.entries("dock.closed")) == 2


def test_leftovers_in_staging_are_swept_but_not_those_of_a_living_worker(live: LiveStation) -> None:
    staging = live.primary / ".staging"
    for name in ("dead", "living"):
        (staging / name).mkdir()
        (staging / name / "half.mp4").write_bytes(b"half")
        (staging / f"{name}.lock").touch()
    card = live.root / "empty"
    card.mkdir()
    # A real card worker, which holds the lock as long as it lives.
    root = "L2Rldi9zaG0="  # /dev/shm in base64; it is never read
    command = [
        sys.executable,
        "-I",
        "-m",
        "bodycam_custody.copying.card_worker",
        root,
        "1",
        str(staging / "living.lock"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps({"op": "copy", "n": 1, "path": "YQ==", "targets": ["/x"]}).encode() + b"\n")
        worker.stdin.flush()
        worker.stdout.readline()  # it answers: it is at work, and holds its lock
        reconcile(live.station)
        assert {path.name for path in staging.iterdir()} == {"living", "living.lock"}
        assert (staging / "living" / "half.mp4").read_bytes() == b"half"
        worker.stdin.close()
    reconcile(live.station)
    assert list(staging.iterdir()) == []


def test_a_store_that_is_away_is_settled_when_it_is_back(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    away = live.backup.rename(live.backup.with_name("away"))
    reconcile(live.station)
    assert [clip["state"] for clip in live.clips()] == ["sealed"]
    away.rename(live.backup)
    reconcile(live.station)
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES
    assert live.entries("copy.missing") == []
    live.require_everything_verifies()


def fail_to_open(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    """Let the disk of a store give nothing back of any file, as one that dies does."""
    real = bag_check._open

    def dying(bag: Any, name: str) -> int:
        if bag.path.is_relative_to(store):
            raise OSError(errno.EIO, "Input/output error")
        return real(bag, name)

    monkeypatch.setattr(bag_check, "_open", dying)


def test_a_bag_that_cannot_be_read_now_is_neither_set_aside_nor_entered(
    live: LiveStation, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"})
    crash_before_entry(live, card, EntryKind.CLIP_SEALED)
    bags = live.bags(live.backup)
    with monkeypatch.context() as patched:
        fail_to_open(patched, live.backup)
        problems = reconcile(live.station)
    assert [problem.code for problem in problems] == ["store-unreadable"] * 2
    assert (live.entries("bag.quarantined"), live.bags(live.backup)) == ([], bags)
    # The other store was settled all the same.
    assert len(live.entries("bag.adopted")) == 2
    assert reconcile(live.station) == ()
    live.require_everything_verifies()


def test_a_store_that_goes_away_while_it_is_looked_at_lacks_nothing(
    live: LiveStation, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"}))
    away = live.backup.with_name("away")
    lstat = Path.lstat

    def yanked(path: Path) -> os.stat_result:
        if path.is_relative_to(live.backup / "clips") and live.backup.exists():
            live.backup.rename(away)
        return lstat(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "lstat", yanked)
        problems = reconcile(live.station)
    away.rename(live.backup)
    assert [problem.code for problem in problems] == ["store-missing"]
    assert live.entries("copy.missing") == []
    assert {clip["state"] for clip in live.clips()} <= SAFE_STATES


def test_a_disk_that_does_not_answer_ends_no_start_and_is_named(
    live: LiveStation, quick_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: Runtime
) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    lstat = Path.lstat

    def dead(path: Path) -> os.stat_result:
        if path.is_relative_to(live.backup / "clips"):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return lstat(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "lstat", dead)
        runtime.settle()
    assert live.entries("copy.missing") == []
    (shown,) = [store for store in store_views(live.station) if store["store_id"] == "backup"]
    assert shown["state"] == "store-unreadable"
    runtime.settle()
    assert {store["state"] for store in store_views(live.station)} == {"ok"}


def rewrite(path: Path, data: bytes) -> None:
    path.chmod(0o640)
    path.write_bytes(data)
