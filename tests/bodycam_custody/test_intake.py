"""Taking in real folders with real workers: everything on the card is sealed, or its absence explained."""

import json
import logging
import os
import stat
from pathlib import Path

import pytest

from bodycam_custody.dockings.progress import Progress
from bodycam_custody.errors import LedgerBehindError, LedgerRefusesError
from bodycam_custody.intake import take_in
from bodycam_custody.model import DockingPhase
from bodycam_custody.views import SAFE_STATES
from tests.bodycam_custody.stations import LiveStation, live_station, make_card

# One fixture per kind of file (R2, R10, R27): what the extension says, and a content that is all its own.
EVERY_KIND = {
    "DCIM/100MEDIA/500123_DSJ0017_20261121180000_0001.mp4": ("video", b"moving pictures"),
    "DCIM/100MEDIA/500123_DSJ0017_20261121180000_0001.xml": ("sidecar", b"<record/>"),
    "DCIM/100MEDIA/500123_DSJ0017_20261121181000_0002.wav": ("audio", b"voices"),
    "DCIM/100MEDIA/500123_DSJ0017_20261121182000_0003.jpg": ("photo", b"a still"),
    "DCIM/100MEDIA/500123_DSJ0017_20261121183000_0004.mp4": ("video", b""),
    "DCIM/100MEDIA/500123_DSJ0017_20261121184000_0005.mp4": ("video", b"\0\0\0\x20ftypisom cut sho"),
    "DCIM/100MEDIA/lonely.gps": ("sidecar", b"29.0281N,106.6510E"),
    "autorun.inf": ("foreign", b"[autorun]\r\nopen=setup.exe\r\n"),
    "setup.exe": ("foreign", b"MZ"),
    "notes.docx": ("foreign", b"PK"),
    "DCIM/MISC/INDEX.DAT": ("unknown", b"index"),
    "no extension": ("unknown", b"?"),
}


def test_a_file_of_every_kind_is_sealed_and_kept_twice(live: LiveStation, quick_path: Path) -> None:
    # R2, R10, R11, R27: nothing is left behind, whatever it is called and whatever is in it
    card = make_card(quick_path / "card", {name: content for name, (_, content) in EVERY_KIND.items()})
    docking = live.dock(card)
    assert docking.texts == []
    assert docking.counts == {"found": 12, "sealed": 12, "known": 0, "failed": 0, "unexplained": 0}
    assert {file["path"]: file["file_type"] for file in docking.files} == {
        name: kind for name, (kind, _) in EVERY_KIND.items()
    }
    assert docking.view["foreign_files"] == 3
    for clip in live.clips():
        content = EVERY_KIND[clip["source_path"]][1]
        for store in (live.primary, live.backup):
            (main,) = (live.bag(clip["clip_id"], store) / "data").glob("main.*")
            assert main.read_bytes() == content
        assert clip["state"] in SAFE_STATES
    live.require_everything_verifies()


def test_foreign_files_and_orphan_sidecars_are_remarked_upon(live: LiveStation, quick_path: Path) -> None:
    # R10: kept, listed and raised
    live.dock(make_card(quick_path / "card", {"autorun.inf": b"[autorun]", "lonely.gps": b"29N", "a.mp4": b""}))
    others = {"stores-on-one-disk", "disks-unproven", "recorder-unregistered", "recorder-unassigned"}
    assert {clip["source_path"]: set(clip["remarks"]) - others for clip in live.clips()} == {
        "autorun.inf": {"foreign-file"},
        "lonely.gps": {"orphan-sidecar"},
        "a.mp4": set(),
    }


def test_a_sidecar_lies_in_the_bag_of_its_clip(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a/clip.mp4": b"moving pictures", "a/clip.XML": b"<record/>"}))
    (clip,) = live.clips()
    data = live.bag(clip["clip_id"]) / "data"
    assert {path.name: path.read_bytes() for path in data.iterdir()} == {
        "main.mp4": b"moving pictures",
        "sidecar-1.xml": b"<record/>",
    }


def test_an_empty_card_is_docked_and_closed(live: LiveStation, quick_path: Path) -> None:
    docking = live.dock(make_card(quick_path / "card", {}))
    assert (docking.phase, docking.counts["found"], docking.texts) == ("closed", 0, [])
    assert live.bags(live.primary) == []


def test_the_ledger_tells_docking_then_inventory_then_sealing_then_the_end(live: LiveStation, quick_path: Path) -> None:
    # R3: sealed before anything is parsed, and docked before anything is read
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.wav": b"voices"}))
    live.interpret()
    kinds = [entry.kind for entry in live.entries()][4:]
    assert kinds[:2] == ["dock.seen", "dock.inventory"]
    # Two clips may be sealed in one batch or in two.
    sealing, end = kinds[2 : kinds.index("dock.compared")], kinds[kinds.index("dock.compared") :]
    assert sorted(sealing) == ["clip.sealed", "clip.sealed", "clip.sighted", "clip.sighted"]
    assert end[:2] == ["dock.compared", "dock.closed"]
    assert set(end[2:]) == {"clip.probed", "clip.timed", "clip.judged"}
    for clip in live.clips():
        own = [entry.kind for entry in live.station.ledger.entries_about([f"clip:{clip['clip_id']}"])]
        assert own == ["clip.sealed", "clip.sighted", "clip.probed", "clip.timed", "clip.judged"]


def test_a_fresh_clip_is_undeterminable_until_it_was_looked_into(live: LiveStation, quick_path: Path) -> None:
    # R3, R38
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    (clip,) = live.clips()
    assert (clip["handover"], clip["handover_reason"]) == ("undeterminable", "not-probed")


def test_entries_carry_the_version_of_the_rules_in_force(quick_path: Path) -> None:
    # R1
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    with live_station(quick_path / "station", {"rule_set.version": "2022-a"}) as live:
        live.dock(card)
        live.interpret()
        for kind in ("genesis", "dock.seen", "clip.sealed", "clip.judged"):
            assert [entry.facts["rule_set_version"] for entry in live.entries(kind)] == ["2022-a"]
        (loaded,) = live.entries("rule_set.loaded")
        assert loaded.facts["version"] == "2022-a"


def test_the_receipt_of_the_ledger_counts_every_file(live: LiveStation, quick_path: Path) -> None:
    # R11: inventory = sealed + known + failed
    card = make_card(quick_path / "card", {f"{number}.mp4": bytes([number]) for number in range(5)})
    live.dock(card)
    make_card(card, {"new.mp4": b"new", "other.mp4": b"other"})
    live.dock(card)
    counts = [
        {name: entry.facts[name] for name in ("found", "sealed", "known", "failed")}
        for entry in live.entries("dock.closed")
    ]
    assert counts == [
        {"found": 5, "sealed": 5, "known": 0, "failed": 0},
        {"found": 7, "sealed": 2, "known": 5, "failed": 0},
    ]


def test_the_card_is_only_read(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a/b.mp4": b"moving pictures", "c.exe": b"MZ"})
    before = {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in [card, *card.rglob("*")]}
    live.dock(card)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_mode) for path in [card, *card.rglob("*")]} == before


def test_nothing_of_a_docking_stays_in_staging(live: LiveStation, quick_path: Path) -> None:
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"moving pictures"}))
    assert list((live.primary / ".staging").iterdir()) == []
    assert list((live.backup / ".staging").iterdir()) == []


def test_what_is_written_can_be_read_by_the_station_and_its_group_only(live: LiveStation, quick_path: Path) -> None:
    # R9: bags and folders for the group to read, the state for the station alone
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"}))
    for store in (live.primary, live.backup):
        for path in store.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert not mode & 0o007, path
            if path.is_relative_to(store / "clips"):
                assert mode == (0o750 if path.is_dir() else 0o440), path
    assert stat.S_IMODE(live.settings.paths.state.stat().st_mode) == 0o700
    for key in live.settings.paths.keys.iterdir():
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_permissions_do_not_depend_on_the_umask(quick_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
        with live_station(quick_path / "station") as live:
            live.dock(card)
            (clip,) = live.clips()
            bag = live.bag(clip["clip_id"])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in bag.rglob("*") if path.is_file()} == {0o440}
    # Every folder from the store down to the data folder.
    folders = [bag / "data", bag / "custody", bag, *bag.parents][:8]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders if path.is_relative_to(live.primary)} == {0o750}


def test_no_name_from_a_card_is_in_the_ledger_or_in_a_log(
    live: LiveStation, quick_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # R9: names are committed to, never written down; the commitments differ even for equal names
    caplog.set_level(logging.DEBUG)
    card = make_card(quick_path / "card", {"WangXiaoming/500123_DSJ0017_20261121180000_0001.mp4": b"moving pictures"})
    (card / "LiLei.mp4").symlink_to("WangXiaoming")
    live.dock(card)
    live.interpret()
    live.dock(card)
    said = b"\n".join(entry.line for entry in live.entries()) + caplog.text.encode()
    for name in (b"Wang", b"Xiaoming", b"LiLei", b"500123", b".mp4"):
        assert name not in said
    first, second = [entry.facts for entry in live.entries("dock.inventory")]
    commitments = [facts["files"][0]["path"] for facts in (first, second)]  # type: ignore[index,call-overload]
    assert commitments[0] != commitments[1]


def test_the_bag_keeps_the_name_the_file_had(live: LiveStation, quick_path: Path) -> None:
    # R8: kept as metadata, beside a path that is independent of it
    live.dock(make_card(quick_path / "card", {"王/a.mp4": b"moving pictures"}), filesystem="exfat")
    (clip,) = live.clips()
    facts = live.clip_json(live.bag(clip["clip_id"]))
    (file,) = facts["files"]
    assert file == {
        "name": "data/main.mp4",
        "path_base64": "546LL2EubXA0",
        "size_bytes": 15,
        "mtime_ns": "1795262400000000000",
        "filesystem": "exfat",
        "sha256": "6cb754acd2d240d3b451bdc7cf7d09b98d66b50c4cd16b01ab9f58c3738778f7",
    }
    assert clip["source_path"] == "王/a.mp4"


def test_a_ledger_that_refuses_keeps_the_card_unread(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    live.station.ledger.refuse(LedgerBehindError(path="ledger.db", own_size=4, seen_size=9, seen_at="a disk"))
    with pytest.raises(
        LedgerRefusesError, match=r"accepts no entries.*has 4 entries, but the signed head at a disk covers 9"
    ):
        take_in(live.station, live.arrival(card), Progress())
    assert live.bags(live.primary) == []
    assert live.entries("dock.seen") == []


def test_many_small_files_are_sealed_in_batches(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {f"{number:03d}.mp4": b"%d" % number for number in range(150)})
    docking = live.dock(card)
    assert docking.counts == {"found": 150, "sealed": 150, "known": 0, "failed": 0, "unexplained": 0}
    assert len(live.entries("dock.inventory")) == 4  # forty files an entry
    live.require_everything_verifies()


def test_bytes_are_counted_while_they_are_read(live: LiveStation, quick_path: Path) -> None:
    card = make_card(quick_path / "card", {"a.mp4": b"a" * 9_000_000, "b.mp4": b"b" * 1000})
    progress = Progress()
    take_in(live.station, live.arrival(card), progress)
    assert progress.bytes_done == 9_001_000


def test_a_docking_that_is_over_says_whether_the_recorder_may_go(live: LiveStation, quick_path: Path) -> None:
    # R11, R43
    docking = live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    assert docking.view["safe_to_take_away"] == "yes"
    assert set(docking.view["remarks"]) & {"stores-on-one-disk", "disks-unproven"}  # said wherever SAFE is
    assert docking.view["phase"] == DockingPhase.INTERPRETING
    live.interpret()
    assert live.docking(docking.docking_id).phase == DockingPhase.CLOSED
    assert json.loads(json.dumps(docking.view, default=str))["kind"] == "dock"
