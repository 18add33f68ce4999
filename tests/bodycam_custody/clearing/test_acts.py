"""Clearing a card from end to end: what must be true before, what is entered, and what stays (R40)."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from archive.bag import SIGNATURE
from bodycam_custody.clearing.acts import request_for
from bodycam_custody.clearing.errors import ClearingNotChosenError, ClearingRefusedError
from bodycam_custody.clearing.service import follow
from bodycam_custody.entries import EntryKind
from bodycam_custody.errors import NotFoundError, PersonUnknownError, RoleRequiredError, StatedError
from bodycam_custody.model import DockingId
from config.settings import Clearing
from tests.bodycam_custody.clearing.desk import FILES, Desk, clearing_desk, handed_over_of, refused
from tests.bodycam_custody.release.test_standing import let_go
from tests.bodycam_custody.stations import make_card


def test_a_handed_over_card_is_cleared_and_both_entries_say_so(desk: Desk, handed_over: str) -> None:
    # R40
    done = desk.clear(handed_over)
    assert desk.on_card() == []
    assert (done["state"], done["files_removed"], done["files_left"], done["problem"]) == ("cleared", 3, 0, None)
    (before,), (after,) = desk.live.entries("card.clearing"), desk.live.entries("card.cleared")
    (receipt,) = desk.live.entries("receipt.issued")
    actor = {"uid": os.geteuid(), "person": "custodian-1"}
    assert (before.actor, after.actor) == (actor, actor)
    assert before.facts == {
        "docking_id": handed_over,
        "person": "custodian-1",
        "files": [[0, 2]],
        "bytes": sum(map(len, FILES.values())),
        "receipt_sha256": receipt.facts["receipt_sha256"],
    }
    assert after.facts == {
        "docking_id": handed_over,
        "person": "custodian-1",
        "removed": [[0, 2]],
        "perhaps_removed": [],
        "files_left": 0,
        "specials_left": 0,
        "left": [],
    }
    assert receipt.seq < before.seq < after.seq
    desk.live.require_everything_verifies()


def test_a_slot_may_be_named_instead_by_its_name_or_port(desk: Desk, handed_over: str) -> None:
    assert desk.clear("port-1")["docking_id"] == handed_over
    assert desk.on_card() == []


def test_the_next_docking_does_not_call_cleared_files_missing(desk: Desk, handed_over: str) -> None:
    # R40
    desk.clear(handed_over)
    make_card(desk.card, {"DCIM/100MEDIA/d.mp4": b"a new recording"})
    desk.live.clock.advance(timedelta(hours=8))
    again = desk.dock()
    assert (again.view["files_missing"], again.view["files_missing_unkept"], again.view["files_reappeared"]) == (
        0,
        0,
        0,
    )
    assert again.counts["sealed"] == 1


def test_a_cleared_file_that_is_on_the_card_again_is_one_that_came_back(desk: Desk, handed_over: str) -> None:
    # R40
    desk.clear(handed_over)
    make_card(desk.card, {"DCIM/100MEDIA/a.mp4": FILES["DCIM/100MEDIA/a.mp4"]})
    desk.live.clock.advance(timedelta(hours=8))
    assert desk.dock().view["files_reappeared"] == 1


def test_a_file_that_came_after_the_receipt_is_kept_on_the_card_and_reported(desk: Desk, handed_over: str) -> None:
    make_card(desk.card, {"DCIM/100MEDIA/late.mp4": b"on no receipt"})
    (desk.card / "link").symlink_to("nowhere")
    done = desk.clear(handed_over)
    assert desk.on_card() == ["DCIM/100MEDIA/late.mp4", "link"]
    assert (done["state"], done["files_left"]) == ("cleared", 1)
    assert done["left"] == [{"path": "DCIM/100MEDIA/late.mp4", "size_bytes": 13}]
    (entry,) = desk.live.entries("card.cleared")
    assert entry.facts["specials_left"] == 1
    # The name lies in the texts, where it can be erased.
    assert b"late.mp4" not in entry.line


def test_a_unit_that_keeps_its_recorders_clears_nothing(quick_path: Path) -> None:
    with clearing_desk(quick_path, values={"rule_set.clearing": Clearing.KEEP_AT_DESK}) as desk:
        docking_id = desk.dock_and_hand_over()
        error = refused(desk, docking_id, ClearingNotChosenError)
        assert "(2022-1, version 1) keeps recorders at the desk (rule_set.clearing = keep-at-desk; A3 art. 7)" in str(
            error
        )
        assert desk.shown(docking_id)["clearing"]["is_chosen"] is False
        assert desk.live.entries("card.clearing-failed") == []


@pytest.mark.parametrize(("person", "error"), [("officer-1", RoleRequiredError), ("nobody", PersonUnknownError)])
def test_only_a_custodian_has_cards_cleared(
    desk: Desk, handed_over: str, person: str, error: type[StatedError]
) -> None:
    with pytest.raises(error):
        desk.ask("dockings.clear", target=handed_over, person=person)
    assert len(desk.on_card()) == 3


def test_what_nobody_docked_is_not_cleared(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.clear("slot 7")


def test_without_acceptance_and_receipt_nothing_is_cleared(desk: Desk) -> None:
    docking_id = desk.dock().docking_id
    assert "not accepted by a custodian yet" in str(refused(desk, docking_id, ClearingRefusedError))
    desk.ask("dockings.accept", docking_id=docking_id, person="custodian-1", reason="test recordings")
    assert f"no receipt yet: custody dock receipt {docking_id}" in str(refused(desk, docking_id, ClearingRefusedError))


def test_a_card_that_left_its_slot_is_not_cleared(desk: Desk, handed_over: str) -> None:
    assert desk.shown(handed_over)["clearing"]["is_in_slot"] is True
    desk.take_out()
    assert "not in its slot any more" in str(refused(desk, handed_over, ClearingRefusedError))
    assert desk.shown(handed_over)["clearing"]["is_in_slot"] is False


def test_a_card_is_cleared_once(desk: Desk, handed_over: str) -> None:
    desk.clear(handed_over)
    assert "cleared already" in str(refused(desk, handed_over, ClearingRefusedError))


def test_one_at_a_time_clears_a_card(desk: Desk, handed_over: str) -> None:
    with desk.runtime.clearing(DockingId(handed_over)):
        assert "It is being cleared." in str(refused(desk, handed_over, ClearingRefusedError))
        # A look at disks and ledger meanwhile does not call it broken off.
        desk.runtime.settle()
        desk.enter_disks()
    assert desk.clear(handed_over)["state"] == "cleared"


@pytest.mark.parametrize(("same_disk", "said"), [(("primary", "backup"), "All copies are on one physical disk.")])
def test_copies_on_one_disk_are_no_ground_to_clear(quick_path: Path, same_disk: tuple[str, ...], said: str) -> None:
    # R43
    with clearing_desk(quick_path, same_disk=same_disk) as desk:
        docking_id = desk.dock_and_hand_over()
        assert said in str(refused(desk, docking_id, ClearingRefusedError))
        assert said in desk.shown(docking_id)["clearing"]["problem"]["facts"]["reason"]["template"]


def test_an_unregistered_recorder_s_card_is_held(desk: Desk) -> None:
    # R73
    arrival = desk.live.arrival(desk.card, serial="0000099")
    docked = desk.dock(arrival)
    desk.ask("dockings.accept", docking_id=docked.docking_id, person="custodian-1", reason="test recordings")
    desk.ask("dockings.receipt", docking_id=docked.docking_id)
    assert "not registered" in str(refused(desk, docked.docking_id, ClearingRefusedError))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (EntryKind.DOCK_WITHDRAWN, "withdrawn for recovery: nothing on it is removed"),
        (EntryKind.DOCK_RELEASED, "The supervisor released it uncleared."),
    ],
)
def test_a_recorder_that_was_let_go_is_never_cleared(desk: Desk, handed_over: str, kind: EntryKind, said: str) -> None:
    # R40
    let_go(desk.live, kind, DockingId(handed_over))
    assert said in str(refused(desk, handed_over, ClearingRefusedError))


def test_a_recorder_that_is_withdrawn_while_its_card_is_read_is_not_cleared(desk: Desk, handed_over: str) -> None:
    # R40: what was decided before the reading is decided again after it.
    with while_held(desk, lambda: let_go(desk.live, EntryKind.DOCK_WITHDRAWN, DockingId(handed_over))):
        error = refused(desk, handed_over, ClearingRefusedError)
    assert "withdrawn for recovery" in str(error)
    whole(desk, "clearing-refused")


def test_a_file_that_changes_after_it_was_read_leaves_the_card_whole(desk: Desk, handed_over: str) -> None:
    # R40: the last file to go changes, and the first one stays too.
    with while_held(desk, lambda: later(desk.card / "DCIM/100MEDIA/b.mp4")):
        done = desk.clear(handed_over)
    assert (done["state"], done["problem"]["code"]) == ("whole", "file-not-receipted")
    assert len(desk.on_card()) == 3
    (entry,) = desk.live.entries("card.clearing-failed")
    assert (entry.facts["removed"], entry.facts["perhaps_removed"]) == ([], [])


@contextmanager
def while_held(desk: Desk, act: Callable[[], object]) -> Iterator[None]:
    """Do something once the helper has read everything, and then let it go on."""

    def wait_and_act() -> None:
        desk.service.is_held.wait(60)
        act()
        desk.service.go_on()

    desk.service.kill_at = "hold"
    waits = threading.Thread(target=wait_and_act)
    waits.start()
    try:
        yield
    finally:
        waits.join()


@pytest.mark.parametrize("entry", ["receipt.issued", "dock.accepted", "dock.inventory"])
def test_the_helper_wants_to_see_the_entry_of_the_clearing_itself(desk: Desk, handed_over: str, entry: str) -> None:
    station = desk.live.station
    wanted = request_for(station, DockingId(handed_over), handed_over_of(desk, handed_over))
    other = desk.live.entries(entry)[0]
    followed = follow(station.settings, wanted, lambda: other.seq, is_stopping=lambda: False)
    assert followed.problem is not None
    assert followed.problem.code == "entry-not-shown"
    assert len(desk.on_card()) == 3


def whole(desk: Desk, code: str) -> None:
    """Assert that the refusal is entered, says that the card is whole, and is shown."""
    (entry,) = desk.live.entries("card.clearing-failed")
    facts = entry.facts
    assert (facts["card"], facts["code"], facts["removed"], facts["perhaps_removed"]) == ("whole", code, [], [])
    assert desk.live.entries("card.clearing") == []
    shown = desk.shown(str(facts["docking_id"]))
    assert (shown["clearing"]["state"], shown["clearing"]["problem"]["code"]) == ("whole", code)
    assert shown["safe_to_take_away"] == "yes"


def overwrite(path: Path, data: bytes) -> None:
    before = path.stat()
    path.chmod(0o640)
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    overwrite(path, bytes(data))


def add(bag: Path) -> None:
    (bag / "data/more.mp4").write_bytes(b"x")


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "payload": (lambda bag: flip(bag / "data/main.mp4"), "copy-not-whole"),
    "signature": (lambda bag: flip(bag / SIGNATURE), "copy-not-whole"),
    "manifest": (lambda bag: flip(bag / "manifest-sha256.txt"), "copy-not-whole"),
    "extra": (add, "copy-not-whole"),
    "missing": (shutil.rmtree, "copies-too-few"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("store", ["primary", "backup"])
def test_damage_in_one_store_leaves_the_card_whole(desk: Desk, handed_over: str, store: str, damage: str) -> None:
    # R40, R41
    break_it, code = DAMAGES[damage]
    break_it(next(bag for bag in desk.live.bags(getattr(desk.live, store)) if (bag / "data/main.mp4").exists()))
    assert refused(desk, handed_over).code == code
    whole(desk, code)
    # A second try is made afresh, and fails in the same way.
    assert refused(desk, handed_over).code == code


def without_head(desk: Desk) -> None:
    (desk.live.backup / "ledger/checkpoint").unlink()


def with_older_head(desk: Desk) -> None:
    heads = sorted((desk.live.backup / "ledger/heads").iterdir(), key=lambda head: int(head.name))
    overwrite(desk.live.backup / "ledger/checkpoint", heads[2].read_bytes())


def with_other_head(desk: Desk) -> None:
    flip(desk.live.backup / "ledger/checkpoint")


@pytest.mark.parametrize("spoil", [without_head, with_older_head, with_other_head])
def test_without_a_head_held_apart_nothing_is_cleared(quick_path: Path, spoil: Callable[[Desk], None]) -> None:
    # R40: the ledger and the primary on one disk, so that only the backup can hold a head apart.
    with clearing_desk(quick_path, same_disk=("state", "primary")) as desk:
        docking_id = desk.dock_and_hand_over()
        spoil(desk)
        error = refused(desk, docking_id)
        assert error.code == "head-not-apart"
        assert "no store on another disk than the ledger holds a signed head" in str(error)


def test_an_entry_changed_in_a_store_stops_the_clearing(desk: Desk, handed_over: str) -> None:
    bundles = [path for path in (desk.live.backup / "ledger/tile/entries").rglob("*") if path.is_file()]
    newest = max(bundles, key=lambda path: path.stat().st_size)
    overwrite(newest, newest.read_bytes().replace(b'"receipt.issued"', b'"receipt.issueb"'))
    assert refused(desk, handed_over).code == "ledger-copy-damaged"


def same_size(path: Path) -> None:
    flip(path)


def longer(path: Path) -> None:
    overwrite(path, path.read_bytes() + b"more")


def later(path: Path) -> None:
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 2_000_000_000))


@pytest.mark.parametrize("change", [same_size, longer, later])
@pytest.mark.parametrize("name", ["DCIM/100MEDIA/a.mp4", "DCIM/100MEDIA/b.xml"])
def test_a_file_that_changed_on_the_card_leaves_the_card_whole(
    desk: Desk, handed_over: str, name: str, change: Callable[[Path], None]
) -> None:
    # R40
    change(desk.card / name)
    error = refused(desk, handed_over)
    assert error.code == "file-not-receipted"
    assert str(error).startswith(name)
    whole(desk, "file-not-receipted")


def test_a_file_that_is_gone_from_the_card_leaves_the_others(desk: Desk, handed_over: str) -> None:
    (desk.card / "DCIM/100MEDIA/a.mp4").unlink()
    assert refused(desk, handed_over).code == "source-unreadable"


def test_another_card_in_the_slot_is_not_cleared(desk: Desk, handed_over: str) -> None:
    desk.card.rename(desk.card.with_name("aside"))
    make_card(desk.card, {"DCIM/100MEDIA/z.mp4": b"another card"})
    assert refused(desk, handed_over).code == "source-unreadable"


def test_the_helper_is_started_as_a_child_where_no_service_listens(desk: Desk, handed_over: str) -> None:
    desk.service.close()
    desk.live.settings.paths.socket.with_name("clear").unlink()
    # It looks at the machine as it is, whose disks are one.
    error = refused(desk, handed_over)
    assert error.code == "head-not-apart"


def test_a_service_that_does_not_answer_is_said(desk: Desk, handed_over: str) -> None:
    desk.service.close()
    error = refused(desk, handed_over)
    assert error.code == "clear-helper-missing"
    assert "systemctl enable --now custody-clear.socket" in str(error)


def test_a_root_helper_goes_by_no_configuration_that_others_can_change(desk: Desk) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root's helper must not trust what others write")
    config = desk.live.settings.file
    os.chown(config, 65534, 0)
    ours, its = socket.socketpair()
    command = [sys.executable, "-m", "bodycam_custody.clearing.helper", "--config", str(config)]
    with ours, its:
        assert subprocess.run(command, stdin=its.fileno(), capture_output=True).returncode == 1
        (line,) = ours.recv(1 << 16).splitlines()
    answer = json.loads(line)
    assert (answer["step"], answer["problem"]["code"]) == ("refused", "configuration-not-roots")
    assert answer["problem"]["template"].format(**answer["problem"]["facts"]) == (
        f"{config}: expected to be root's and writable by nobody else, found owner uid 65534 and mode 0644: it says "
        "which cards may be cleared (A3 art. 7), so nothing was removed. Run: chown root:root "
        f"{config} && chmod go-w {config}"
    )
