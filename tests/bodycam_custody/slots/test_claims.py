"""One serial in two slots is an alarm, whatever makes the claim: a card, a locked recorder, a refused device (R73)."""

from pathlib import Path

import pytest

from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.claims import Claim, contradictions
from docking.usb_ports import PortId
from tests.bodycam_custody.slots.test_board import announce, ask, slots, wait_until_closed
from tests.bodycam_custody.stations import LiveStation, make_card
from tests.docking.usb_tree import CONTROL, KEYBOARD, PORT, STORAGE, Claims, Triple, UsbTree

CARD = Claims(product_id="1000", serial="0000017")
LOCKED = Claims(product_id="0001", serial="0000017")
PORTS = [f"{PORT}2", f"{PORT}1"]


def read_in_port_2(live: LiveStation, runtime: Runtime, tree: UsbTree, folder: Path) -> None:
    tree.plug("1-2", CARD, interfaces=[STORAGE], disks=["sdb"])
    announce(live, make_card(folder / "card", {"a.mp4": b"moving pictures"}))
    runtime.watch_slips()
    runtime.board.stop()  # these tests look by themselves
    wait_until_closed(live)
    live.interpret()


def look(runtime: Runtime) -> None:
    for _ in range(2):
        runtime.board.look()
        runtime.board.enter_alarms()


@pytest.mark.parametrize(
    "interfaces", [[CONTROL], [STORAGE, KEYBOARD], [STORAGE]], ids=["locked", "refused", "not mounted"]
)
@pytest.mark.parametrize("comes_first", [True, False])
def test_a_serial_that_stands_in_another_slot_holds_the_docking(
    live: LiveStation, runtime: Runtime, tree: UsbTree, tmp_path: Path, interfaces: list[Triple], comes_first: bool
) -> None:
    other = LOCKED if CONTROL in interfaces else CARD
    if comes_first:
        tree.plug("1-1", other, interfaces=interfaces)
    read_in_port_2(live, runtime, tree, tmp_path)
    if not comes_first:
        assert [one["safe_to_take_away"] for one in slots(runtime)] == ["yes"]
        tree.plug("1-1", other, interfaces=interfaces)
    look(runtime)
    (docking,) = live.rows("SELECT docking_id FROM dockings")
    newest = [one for one in live.entries("dock.alarmed") if one.facts["code"] == "serial-twice"][-1]
    assert set(newest.facts["ports"]) == set(PORTS)  # type: ignore[arg-type]  # a list of texts
    assert newest.facts["docking_ids"] == [docking["docking_id"]]
    shown = {one["port"]: one for one in slots(runtime)}
    assert (shown[PORTS[0]]["safe_to_take_away"], shown[PORTS[0]]["why_not"]) == ("no", "held")
    told = [one for one in ask(runtime, "status.show")["alarms"] if one["code"] == "serial-twice"]
    assert len(told) == 1


def test_an_alarm_is_entered_once_for_what_stands_there(live: LiveStation, runtime: Runtime, tree: UsbTree) -> None:
    for port in (1, 2):
        tree.plug(f"1-{port}", LOCKED, interfaces=[CONTROL])
    look(runtime)
    assert len(live.entries("dock.alarmed")) == 1
    fresh = Runtime(live.station, mode="test", sysfs=tree.sysfs)
    look(fresh)
    fresh.close()
    live.station.stopping.clear()
    assert len(live.entries("dock.alarmed")) == 1, "a restart alarms nothing again"
    tree.pull("1-1")
    look(runtime)
    alarm = live.entries("dock.alarmed")[0].seq
    ask(runtime, "alarms.acknowledge", alarm=str(alarm), by="custodian-1", note="two of them in the box")
    tree.plug("1-1", LOCKED, interfaces=[CONTROL])
    look(runtime)
    assert len(live.entries("dock.alarmed")) == 2


def test_a_recorder_that_moved_and_one_that_names_no_serial_are_no_alarm(
    live: LiveStation, runtime: Runtime, tree: UsbTree
) -> None:
    tree.plug("1-1", LOCKED, interfaces=[CONTROL])
    look(runtime)
    tree.pull("1-1")
    tree.plug("1-2", LOCKED, interfaces=[CONTROL])
    for port in (3, 4):
        tree.plug(f"1-{port}", Claims(serial="000000"), interfaces=[CONTROL])
    look(runtime)
    assert live.entries("dock.alarmed") == []


def claim(port: str, recorder: str, *, is_card: bool) -> Claim:
    return Claim(port=PortId(port), recorder=recorder, is_card=is_card)


def test_cards_of_two_products_with_one_number_are_two_recorders_and_what_shows_no_card_yet_may_be_either() -> None:
    one, other = claim("1", "usb:4255:1000:17", is_card=True), claim("2", "usb:4255:2000:17", is_card=True)
    assert contradictions([one, other]) == []
    locked = claim("3", "usb:4255:0001:17", is_card=False)
    assert contradictions([one, locked]) == [(one, locked)]
    assert contradictions([one, claim("3", "usb:0951:0001:17", is_card=False)]) == []
    assert contradictions([one, claim("1", "usb:4255:0001:17", is_card=False)]) == []
