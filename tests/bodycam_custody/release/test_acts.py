"""Whatever stands in the way of *safe to take away*, a recorder can leave: withdrawn or released uncleared."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.dockings.drafts import seen_draft
from bodycam_custody.errors import CustodyError, NotFoundError, RequestInvalidError, RoleRequiredError
from bodycam_custody.handlers import answer
from bodycam_custody.handover.errors import DockingNotOverError, ReceiptRefusedError
from bodycam_custody.operations import Caller
from bodycam_custody.reconcile import reconcile
from bodycam_custody.recorders.errors import RecorderNotIssuedError, RecorderWithdrawnError
from bodycam_custody.release.errors import AlreadyReleasedError, AlreadyWithdrawnError, NothingLeftError
from bodycam_custody.release.standing import ClearingBar, clearing_bar
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.alarms import serial_twice_draft
from tests.bodycam_custody.odd_card import PULLED, UNLISTED, UNREADABLE, odd_card
from tests.bodycam_custody.stations import Docking, LiveStation, make_card

RECORDER = "usb:4255:0001:0000017"
BY = {"withdraw": "custodian-1", "release": "supervisor-1"}

Scene = Callable[[LiveStation, Path], Docking]


@contextmanager
def asking(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="test")
    try:
        yield runtime
    finally:
        runtime.close()
        live.station.stopping.clear()


def ask(live: LiveStation, operation: str, /, **params: object) -> Any:
    with asking(live) as runtime:
        return answer(runtime, operation, params, Caller(uid=os.geteuid()))


def let_go(live: LiveStation, act: str, target: str, *, person: str | None = None, reason: str = "bad sectors") -> Any:
    return ask(live, f"dockings.{act}", target=target, person=person or BY[act], reason=reason)


def unreadable_file(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"DCIM/a.mp4": b"whole", "DCIM/b.mp4": b"bad"})
    with odd_card(card, UNREADABLE, "DCIM/b.mp4") as odd:
        return live.dock(odd)


def unlisted_folder(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"DCIM/a.mp4": b"whole", "MISC/b.mp4": b"behind a bad folder"})
    with odd_card(card, UNLISTED, "MISC") as odd:
        return live.dock(odd)


def pulled_card(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"DCIM/a.mp4": b"whole", "DCIM/b.mp4": b"too late"})
    with odd_card(card, PULLED, "DCIM/b.mp4") as odd:
        return live.dock(odd)


def interrupted_station(live: LiveStation, folder: Path) -> Docking:
    arrival = live.arrival(make_card(folder / "card", {"a.mp4": b"a"}))
    live.station.record.enter([seen_draft(arrival, rule_set_version="1")])
    reconcile(live.station)
    return live.docking(arrival.docking_id)


def primary_away(live: LiveStation, folder: Path) -> Docking:
    away = live.primary.rename(live.primary.with_name("away"))
    docked = live.dock(make_card(folder / "card", {"a.mp4": b"a"}))
    away.rename(live.primary)
    return docked


def serial_in_two_slots(live: LiveStation, folder: Path) -> Docking:
    card = make_card(folder / "card", {"a.mp4": b"a"})
    one, other = live.arrival(card), live.arrival(card)
    live.station.record.enter([serial_twice_draft([one, other])])
    return live.take_in(one)


def backup_away(live: LiveStation, folder: Path) -> Docking:
    live.backup.rename(live.backup.with_name("away"))
    return live.dock(make_card(folder / "card", {"a.mp4": b"a"}))


def copy_lost(live: LiveStation, folder: Path) -> Docking:
    docked = live.dock(make_card(folder / "card", {"a.mp4": b"a"}))
    (bag,) = live.bags(live.backup)
    bag.rename(live.root / "stolen")
    reconcile(live.station)
    return live.docking(docked.docking_id)


# Every reason for which a card is not safe to take away. That a docking under way ends is tested in test_card_reader.
REASONS: dict[str, Scene] = {
    "a file cannot be read": unreadable_file,
    "a folder cannot be listed": unlisted_folder,
    "the card was gone before its end": pulled_card,
    "the station stopped meanwhile": interrupted_station,
    "the primary store takes no bytes": primary_away,
    "its serial stood in two slots": serial_in_two_slots,
    "a copy is not there yet": backup_away,
    "a copy is lost": copy_lost,
}

LISTED_IN_PART = {
    "a folder cannot be listed",
    "the card was gone before its end",
    "the station stopped meanwhile",
    "the primary store takes no bytes",
}


@pytest.mark.parametrize("act", BY)
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_to_keep_a_recorder_here_has_a_way_out(
    live: LiveStation, quick_path: Path, reason: str, act: str
) -> None:
    # R11, R39, R40
    docked = REASONS[reason](live, quick_path)
    assert docked.view["safe_to_take_away"] == "no"
    let_go(live, act, docked.docking_id)
    after = live.docking(docked.docking_id)
    assert after.view["safe_to_take_away"] == "no"
    assert after.files == docked.files
    expected = {"withdraw": ClearingBar.RECORDER_WITHDRAWN, "release": ClearingBar.RELEASED_UNCLEARED}[act]
    assert clearing_bar(live.station.catalog, docked.docking_id) is expected
    left = json.loads(ask(live, "dockings.receipt", docking_id=docked.docking_id)["canonical"])["left"]
    assert left["card_was_listed_whole"] is (reason not in LISTED_IN_PART)
    assert left["folders"] == (["MISC"] if reason == "a folder cannot be listed" else [])


def test_a_release_is_an_act_of_the_supervisor_and_keeps_its_reason_out_of_the_ledger(
    live: LiveStation, quick_path: Path
) -> None:
    # R9, R40
    docked = unreadable_file(live, quick_path)
    done = let_go(live, "release", docked.docking_id)
    (entry,) = live.entries("dock.released")
    commitment = str(entry.facts["reason"])
    assert entry.actor == {"person": "supervisor-1", "uid": os.geteuid()}
    assert entry.facts == {
        "docking_id": docked.docking_id,
        "recorder": RECORDER,
        "port": "port-1",
        "person": "supervisor-1",
        "files_left": 1,
        "folders_left": 0,
        "reason": commitment,
    }
    assert b"sectors" not in entry.line
    assert live.station.texts.reveal([commitment]) == {commitment: b"bad sectors"}
    assert (done["files_left"], done["folders_left"], done["entry"]) == (1, 0, entry.seq)
    view = live.docking(docked.docking_id).view
    assert (view["released_at"], view["released_by"], view["released_reason"]) == (
        "2026-11-21T12:00:00.000000Z",
        "supervisor-1",
        "bad sectors",
    )


def test_a_withdrawn_recorder_is_out_of_its_officers_hands_and_issued_to_nobody(
    live: LiveStation, quick_path: Path
) -> None:
    # R68
    ask(live, "recorders.add", recorder_id=RECORDER, by="custodian-1")
    ask(live, "recorders.issue", recorder_id=RECORDER, by="custodian-1", officer="officer-1")
    live.clock.advance(timedelta(hours=1))
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    shown = ask(live, "recorders.show", recorder_id=RECORDER)
    assert (shown["state"], shown["officer_id"], shown["withdrawn_since"]) == (
        "withdrawn",
        None,
        "2026-11-21T13:00:00.000000Z",
    )
    assert shown["assignments"][-1]["until"] == "2026-11-21T13:00:00.000000Z"
    assert [(act["kind"], act["note"]) for act in shown["history"]][-1] == ("dock.withdrawn", "bad sectors")
    for act in ({"operation": "issue", "officer": "officer-2"}, {"operation": "retire", "note": "old"}):
        with pytest.raises(RecorderWithdrawnError):
            ask(live, f"recorders.{act.pop('operation')}", recorder_id=RECORDER, by="custodian-1", **act)
    found = ask(live, "recorders.check")
    assert (found["withdrawn"]["count"], found["withdrawn"]["of"], found["by_state"]["withdrawn"]) == (1, 1, 1)
    assert found["per_officer"]["recorders"] == 0
    assert ask(live, "status.show")["backlog"]["withdrawn"] == 1


@pytest.mark.parametrize("act", BY)
def test_the_receipt_says_what_was_not_taken_over_and_by_whose_decision(
    live: LiveStation, quick_path: Path, act: str
) -> None:
    # R11, R39, R40
    docked = unreadable_file(live, quick_path)
    with pytest.raises(ReceiptRefusedError):
        ask(live, "dockings.receipt", docking_id=docked.docking_id)
    let_go(live, act, docked.docking_id)
    document = json.loads(ask(live, "dockings.receipt", docking_id=docked.docking_id)["canonical"])
    assert [file["name"] for file in document["files"]] == ["DCIM/a.mp4"]
    assert document["left"] == {
        "act": {"withdraw": "withdrawn", "release": "released-uncleared"}[act],
        "at": "2026-11-21T12:00:00.000000Z",
        "by": BY[act],
        "reason": "bad sectors",
        "card_was_listed_whole": True,
        "files": [{"name": "DCIM/b.mp4", "size_bytes": 3, "file_type": "video", "outcome": "failed"}],
        "folders": [],
    }
    assert {name: document["counts"][name] for name in ("found", "sealed", "failed", "bytes")} == {
        "found": 2,
        "sealed": 1,
        "failed": 1,
        "bytes": 8,
    }
    (entry,) = live.entries("receipt.issued")
    assert (entry.facts["files"], entry.facts["files_left"]) == (1, 1)


def returned(live: LiveStation, docked: Docking, folder: Path) -> None:
    ask(live, "recorders.return", recorder_id=RECORDER, by="custodian-1")


def released(live: LiveStation, docked: Docking, folder: Path) -> None:
    let_go(live, "release", docked.docking_id)


def read_later(live: LiveStation, docked: Docking, folder: Path) -> None:
    live.dock(folder / "card")
    (entry,) = live.entries("dock.recovered")
    assert entry.facts["recorder"] == RECORDER


@pytest.mark.parametrize("end", [returned, released, read_later])
@pytest.mark.parametrize(
    "reason", ["a file cannot be read", "a folder cannot be listed", "the card was gone before its end"]
)
def test_a_withdrawal_ends_with_a_return_a_release_or_a_docking_that_reads_what_was_left(
    live: LiveStation, quick_path: Path, reason: str, end: Callable[[LiveStation, Docking, Path], None]
) -> None:
    # R68, R40
    ask(live, "recorders.add", recorder_id=RECORDER, by="custodian-1")
    docked = REASONS[reason](live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    live.clock.advance(timedelta(hours=1))
    end(live, docked, quick_path)
    assert ask(live, "recorders.show", recorder_id=RECORDER)["state"] == "in-stock"
    view = live.docking(docked.docking_id).view
    assert view["withdrawn_until"] == "2026-11-21T13:00:00.000000Z"
    assert clearing_bar(live.station.catalog, docked.docking_id) is not ClearingBar.RECORDER_WITHDRAWN
    with pytest.raises(RecorderNotIssuedError):
        ask(live, "recorders.return", recorder_id=RECORDER, by="custodian-1")
    ask(live, "recorders.issue", recorder_id=RECORDER, by="custodian-1", officer="officer-1")


@pytest.mark.parametrize("change", ["gone", "longer", "later", "still bad"])
def test_a_docking_without_what_was_left_recovers_nothing(live: LiveStation, quick_path: Path, change: str) -> None:
    # R40
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    left = quick_path / "card" / "DCIM" / "b.mp4"
    if change == "gone":
        left.unlink()
    elif change == "longer":
        state = left.stat()
        left.write_bytes(b"another")
        os.utime(left, ns=(state.st_mtime_ns, state.st_mtime_ns))
    elif change == "later":
        os.utime(left, ns=(1, 1))
    if change == "still bad":
        again = shutil.copytree(quick_path / "card", quick_path / "again")
        with odd_card(again, UNREADABLE, "DCIM/a.mp4") as odd:
            live.dock(odd)
    else:
        live.dock(quick_path / "card")
    assert live.entries("dock.recovered") == []
    assert ask(live, "recorders.show", recorder_id=RECORDER)["withdrawn_since"] is not None


def test_a_recorder_that_is_registered_while_it_is_away_stays_away(live: LiveStation, quick_path: Path) -> None:
    # R68, R73
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    assert ask(live, "recorders.show", recorder_id=RECORDER)["state"] == "unregistered"
    assert ask(live, "recorders.add", recorder_id=RECORDER, by="custodian-1")["state"] == "withdrawn"
    with pytest.raises(RecorderWithdrawnError):
        ask(live, "recorders.issue", recorder_id=RECORDER, by="custodian-1", officer="officer-1")


@pytest.mark.parametrize("reason", ["a copy is not there yet", "a copy is lost"])
def test_reading_a_card_again_recovers_nothing_while_its_clips_are_not_safe(
    live: LiveStation, quick_path: Path, reason: str
) -> None:
    # R43
    docked = REASONS[reason](live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    live.dock(quick_path / "card")
    assert live.entries("dock.recovered") == []


def safe_docking(live: LiveStation, folder: Path) -> Docking:
    return live.dock(make_card(folder / "card", {"a.mp4": b"a"}))


def docking_under_way(live: LiveStation, folder: Path) -> Docking:
    arrival = live.arrival(make_card(folder / "card", {"a.mp4": b"a"}))
    live.station.record.enter([seen_draft(arrival, rule_set_version="1")])
    return live.docking(arrival.docking_id)


@pytest.mark.parametrize("act", BY)
@pytest.mark.parametrize(
    ("scene", "error", "text"),
    [
        (
            safe_docking,
            NothingLeftError,
            "docking {id}: every file is kept and safe, so the recorder may be taken away as it is (A3 art. 7)",
        ),
        (
            docking_under_way,
            DockingNotOverError,
            "docking {id} is not over yet; it can be handed over when its card has been read (A3 art. 7)",
        ),
    ],
)
def test_what_is_safe_or_still_read_is_not_let_go(
    live: LiveStation, quick_path: Path, act: str, scene: Scene, error: type[CustodyError], text: str
) -> None:
    docked = scene(live, quick_path)
    with pytest.raises(error) as refused:
        let_go(live, act, docked.docking_id)
    assert str(refused.value) == text.format(id=docked.docking_id)
    assert live.rows("SELECT * FROM releases") == []


@pytest.mark.parametrize(
    ("act", "person", "needed"),
    [("withdraw", "supervisor-1", "a custodian"), ("release", "custodian-1", "a supervisor")],
)
def test_each_act_is_reserved_to_its_role(
    live: LiveStation, quick_path: Path, act: str, person: str, needed: str
) -> None:
    # R39, R40
    docked = unreadable_file(live, quick_path)
    with pytest.raises(RoleRequiredError) as refused:
        let_go(live, act, docked.docking_id, person=person)
    assert str(refused.value).endswith(f"the rules reserve this to {needed} (A3 art. 7)")
    assert live.rows("SELECT * FROM releases") == []


def test_an_act_needs_a_reason_and_something_it_is_about(live: LiveStation, quick_path: Path) -> None:
    docked = unreadable_file(live, quick_path)
    for reason in ("", "  ", "two\nlines"):
        with pytest.raises(RequestInvalidError):
            let_go(live, "release", docked.docking_id, reason=reason)
    with pytest.raises(NotFoundError, match="no docking or slot with the id slot 9"):
        let_go(live, "release", "slot 9")
    assert live.rows("SELECT * FROM releases") == []


def test_an_act_is_entered_once_and_a_release_may_follow_a_withdrawal(live: LiveStation, quick_path: Path) -> None:
    docked = unreadable_file(live, quick_path)
    let_go(live, "withdraw", docked.docking_id)
    with pytest.raises(AlreadyWithdrawnError) as refused:
        let_go(live, "withdraw", docked.docking_id)
    assert str(refused.value) == (
        f"the recorder of docking {docked.docking_id} was withdrawn by custodian-1 at 2026-11-21T12:00:00.000000Z "
        "already (A3 art. 7); an act is entered once"
    )
    let_go(live, "release", docked.docking_id)
    for act in BY:
        with pytest.raises(AlreadyReleasedError) as again:
            let_go(live, act, docked.docking_id)
        assert str(again.value) == (
            f"the recorder of docking {docked.docking_id} was released uncleared by supervisor-1 at "
            "2026-11-21T12:00:00.000000Z already (A3 art. 7); an act is entered once"
        )
