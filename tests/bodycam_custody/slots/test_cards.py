"""A slot is safe when every card of what stands there is, whichever of them is seen when (R11, R73)."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bodycam_custody.dockings.drafts import Arrival, closed_draft, inventory_drafts, seen_draft
from bodycam_custody.model import DockingId, DockingPhase
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.board import SlotBoard
from docking.slip_format import DockSlip
from docking.slips import read_slip
from tests.bodycam_custody.letting_go import BY
from tests.bodycam_custody.slots.test_board import UNLOCKED, announce, ask, slot, wait_until_closed
from tests.bodycam_custody.stations import NOW, LiveStation, live_station, make_card
from tests.docking.usb_tree import STORAGE, UsbTree


def read_one_card(live: LiveStation, runtime: Runtime, folder: Path, name: str) -> None:
    announce(live, make_card(folder / name, {"a.mp4": b"moving pictures"}), name=name)
    runtime.watch_slips()
    runtime.board.stop()  # these tests look by themselves
    wait_until_closed(live)
    live.interpret()


@pytest.mark.parametrize(
    ("disks", "partitions", "read"), [(["sdb", "sdc"], [], "sdb"), (["sdb"], ["sdb1", "sdb2"], "sdb1")]
)
def test_a_recorder_whose_other_card_has_no_slip_stays(
    live: LiveStation,
    runtime: Runtime,
    tree: UsbTree,
    tmp_path: Path,
    disks: list[str],
    partitions: list[str],
    read: str,
) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=disks, partitions=partitions)
    read_one_card(live, runtime, tmp_path, read)
    seen = slot(runtime)
    assert (seen["safe_to_take_away"], seen["why_not"], seen["phase"]) == ("no", "not-mounted", "reading")


def test_a_recorder_whose_other_card_was_announced_and_never_docked_stays(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdb"])
    read_one_card(live, runtime, tmp_path, "sdb")
    assert slot(runtime)["phase"] == "safe"
    announce(live, tmp_path / "nothing", name="sdc", docked_at=NOW + timedelta(seconds=1))
    seen = slot(runtime)
    assert (seen["safe_to_take_away"], seen["why_not"]) == ("no", "waiting")
    tree.pull("1-2")
    for slip in live.settings.paths.slips.iterdir():
        slip.unlink()
    assert slot(runtime)["phase"] == "gone-early"


def test_disks_that_come_after_their_device_are_seen(runtime: Runtime, tree: UsbTree) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE])
    assert slot(runtime)["remarks"] == []
    for lun, disk in enumerate(["sdb", "sdc"]):
        tree.disk("1-2", disk, lun=lun)
    assert slot(runtime)["remarks"] == ["several-cards"]


def test_a_medium_that_is_put_in_when_the_recorder_was_safe_is_to_be_read(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdb"])
    reader = tree.disk("1-2", "sdc", lun=1, sectors=0)
    read_one_card(live, runtime, tmp_path, "sdb")
    assert slot(runtime)["safe_to_take_away"] == "yes"
    (reader / "size").write_text("1048576\n", encoding="ascii")
    seen = slot(runtime)
    assert (seen["safe_to_take_away"], seen["why_not"], seen["phase"]) == ("no", "not-mounted", "reading")


def test_a_slip_about_the_medium_before_does_not_cover_the_one_that_is_in_now(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdb"])
    announce(live, make_card(tmp_path / "card", {"a.mp4": b"a"}), diskseq=41)
    runtime.watch_slips()
    runtime.board.stop()
    wait_until_closed(live)
    live.interpret()
    assert (slot(runtime)["safe_to_take_away"], slot(runtime)["why_not"]) == ("no", "not-mounted")


@pytest.mark.parametrize("act", BY)
def test_a_recorder_whose_other_card_cannot_be_read_is_let_go_by_naming_the_slot(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path, act: str
) -> None:
    tree.plug("1-2", UNLOCKED, interfaces=[STORAGE], disks=["sdb", "sdc"])
    read_one_card(live, runtime, tmp_path, "sdb")
    before = slot(runtime)
    done = ask(runtime, f"dockings.{act}", target=before["port"], person=BY[act], reason="the other card is broken")
    assert done["docking_id"] is None
    after = slot(runtime)
    assert (after["why_not"], after["safe_to_take_away"]) == (None, "no")
    assert after["phase"] in {"withdrawn", "released-uncleared"}


class CardsOfOneRecorder(RuleBasedStateMachine):
    """Media come and go, slips are left behind, dockings end, in any order; what the slot says is held against all."""

    @initialize()
    def start(self) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.TemporaryDirectory(dir=memory, prefix="custody-test-")
        root = Path(self.folder.name)
        self.opened = live_station(root / "station")
        self.live = self.opened.__enter__()
        self.tree = UsbTree(root / "usb")
        self.tree.plug("1-2", UNLOCKED, interfaces=[STORAGE])
        self.disks = {name: self.tree.disk("1-2", name, lun=lun, sectors=0) for lun, name in enumerate(("sdb", "sdc"))}
        self.media: dict[str, int] = {}
        self.slips: dict[str, DockSlip] = {}
        self.docked: set[str] = set()
        self.numbers: Iterator[int] = itertools.count(100)
        self.board = SlotBoard(self.live.station, sysfs=self.tree.sysfs)

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(disk=st.sampled_from(["sdb", "sdc"]), leaves_slip=st.booleans())
    def take_medium_out(self, disk: str, leaves_slip: bool) -> None:
        self.media.pop(disk, None)
        (self.disks[disk] / "size").write_text("0\n", encoding="ascii")
        if not leaves_slip and disk in self.slips:
            del self.slips[disk]
            (self.live.settings.paths.slips / f"{disk}.json").unlink()

    @rule(disk=st.sampled_from(["sdb", "sdc"]))
    def put_medium_in(self, disk: str) -> None:
        self.media[disk] = next(self.numbers)
        (self.disks[disk] / "diskseq").write_text(f"{self.media[disk]}\n", encoding="ascii")
        (self.disks[disk] / "size").write_text("1048576\n", encoding="ascii")

    @precondition(lambda self: self.media)
    @rule(data=st.data())
    def mount(self, data: st.DataObject) -> None:
        disk = data.draw(st.sampled_from(sorted(self.media)))
        at, number = NOW + timedelta(seconds=next(self.numbers)), self.media[disk]
        path = announce(self.live, Path("/nowhere"), name=disk, diskseq=number, docked_at=at)
        self.slips[disk] = read_slip(path, trusted_uids=frozenset(self.live.settings.docking.slip_owner_uids))
        self.docked.discard(disk)

    @precondition(lambda self: set(self.slips) - self.docked)
    @rule(data=st.data())
    def read_whole(self, data: st.DataObject) -> None:
        disk = data.draw(st.sampled_from(sorted(set(self.slips) - self.docked)))
        slip, docking_id = self.slips[disk], DockingId(f"docking-{next(self.numbers)}")
        arrival = Arrival(docking_id=docking_id, card=slip.card(), docked_at=slip.docked_at)
        listed = inventory_drafts(docking_id, [], [], [], profile="generic", keep=lambda _: [])
        ended = closed_draft(docking_id, outcome=DockingPhase.CLOSED, code=None, counts={}, left_out={})
        self.live.station.record.enter([seen_draft(arrival, rule_set_version="1"), *listed, ended])
        self.docked.add(disk)

    @invariant()
    def it_may_go_when_every_card_was_read_and_not_before(self) -> None:
        self.board.look()
        (seen,) = self.board.views()
        are_mounted = all(disk in self.slips and self.slips[disk].diskseq == seq for disk, seq in self.media.items())
        are_read = bool(self.slips) and self.slips.keys() <= self.docked
        assert (seen["safe_to_take_away"] == "yes") == (are_mounted and are_read)
        if not (are_mounted and are_read) and (self.slips or self.media):
            assert seen["phase"] not in {"safe", "released"}
            assert seen["why_not"] is not None


TestCardsOfOneRecorder = CardsOfOneRecorder.TestCase
TestCardsOfOneRecorder.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
