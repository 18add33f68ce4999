"""Acts on the register of a real station: who may, what enters the ledger, what it does to clips and dockings."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.appointments import people_in_office
from bodycam_custody.errors import PersonUnknownError, RequestInvalidError, RoleRequiredError, StatedError
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.recorders.errors import (
    RecorderAmbiguousError,
    RecorderIssuedError,
    RecorderRegisteredError,
    RecorderUnnamedError,
    RecorderUnregisteredError,
)
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from docking.card import DockingKind
from tests.bodycam_custody.stations import SERIAL, LiveStation, make_card

ID = f"usb:4255:0001:{SERIAL}"
Ask = Callable[..., Any]


@pytest.fixture
def ask(live: LiveStation) -> Iterator[Ask]:
    """Run one operation on recorders as the owner of the station, by its custodian where an act is entered."""
    runtime = Runtime(live.station, mode="in-process")

    def asked(name: str, **params: object) -> Any:
        if name not in {"list", "show", "check"}:
            params = {"by": "custodian-1", **params}
        value = answer(runtime, f"recorders.{name}", params, Caller(uid=os.geteuid()))
        assert json.loads(json.dumps(value)) == value, "an answer is JSON"
        return value

    yield asked
    runtime.close()


def remarks_of(view: Any) -> set[str]:
    """Return what is remarked about the recorder."""
    return {remark for remark in view["remarks"] if remark.startswith("recorder-")}


def test_a_recorder_goes_through_its_whole_life(live: LiveStation, ask: Ask) -> None:
    # R68, R70
    added = ask("add", recorder_id=ID, model="DSJ-V8 执法仪", unit="一中队", capacity_gb=64, note="new")
    assert (added["state"], added["model"], added["unit"], added["capacity_gb"]) == (
        "in-stock", "DSJ-V8 执法仪", "一中队", 64,
    )  # fmt: skip
    issued = ask("issue", recorder_id=ID, officer="officer-1", operator="operator-1")
    assert (issued["state"], issued["officer_id"], issued["operator_id"]) == ("issued", "officer-1", "operator-1")
    live.clock.advance(timedelta(hours=9))
    faulty = ask("fault", recorder_id=ID, note="no sound")
    assert (faulty["state"], faulty["officer_id"]) == ("faulty", "officer-1")
    assert ask("return", recorder_id=ID)["officer_id"] is None
    assert ask("return", recorder_id=ID)["state"] == "in-stock"
    retired = ask("retire", recorder_id=ID, note="worn out")
    assert (retired["state"], retired["retired_at"]) == ("retired", "2026-11-21T21:00:00.000000Z")
    shown = ask("show", recorder_id=ID)
    assert [(act["kind"], act["officer_id"], act["by"], act["note"]) for act in shown["history"]] == [
        ("recorder.registered", None, "custodian-1", "new"),
        ("recorder.issued", "officer-1", "custodian-1", None),
        ("recorder.faulted", "officer-1", "custodian-1", "no sound"),
        ("recorder.returned", "officer-1", "custodian-1", None),
        ("recorder.returned", None, "custodian-1", None),
        ("recorder.retired", None, "custodian-1", "worn out"),
    ]
    assert shown["assignments"] == [
        {
            "officer_id": "officer-1",
            "operator_id": "operator-1",
            "since": "2026-11-21T12:00:00.000000Z",
            "until": "2026-11-21T21:00:00.000000Z",
            "entered_at": "2026-11-21T12:00:00.000000Z",
        }
    ]


def test_an_entry_holds_ids_numbers_and_dates_and_no_free_text(live: LiveStation, ask: Ask) -> None:
    # R9
    ask("add", recorder_id=ID, model="secret model", unit="secret unit", note="secret note", capacity_gb=64)
    ask("issue", recorder_id=ID, officer="officer-1", note="secret reason")
    registered, issued = live.entries("recorder.registered")[0], live.entries("recorder.issued")[0]
    assert registered.subject == f"recorder:{ID}"
    assert registered.actor == {"person": "custodian-1", "uid": os.geteuid()}
    assert set(registered.facts) == {"recorder", "model", "unit", "note", "capacity_gb"}
    assert (issued.facts["officer"], issued.facts["operator"]) == ("officer-1", "officer-1")
    assert issued.facts["from"] == "2026-11-21T12:00:00.000000Z"
    assert not any(b"secret" in entry.line for entry in live.entries())


def test_erased_texts_leave_the_register_whole(live: LiveStation, ask: Ask) -> None:
    ask("add", recorder_id=ID, model="model", note="a name")
    ask("issue", recorder_id=ID, officer="officer-1")
    live.station.close()
    for database in ("texts.db", "catalog.db"):
        for path in live.settings.paths.state.glob(f"{database}*"):
            path.unlink()
    live.reopen()
    runtime = Runtime(live.station, mode="in-process")
    shown = answer(runtime, "recorders.show", {"recorder_id": ID}, Caller(uid=os.geteuid()))
    assert (shown["model"], shown["note"], shown["state"], shown["officer_id"]) == (None, None, "issued", "officer-1")
    runtime.close()


def test_a_refused_act_leaves_no_entry_and_no_text(live: LiveStation, ask: Ask) -> None:
    ask("add", recorder_id=ID)
    ask("issue", recorder_id=ID, officer="officer-1")
    before, kept = live.station.ledger.size, live.settings.paths.state / "texts.db"
    size = kept.stat().st_size
    with pytest.raises(RecorderIssuedError):
        ask("issue", recorder_id=ID, officer="officer-2", note="x" * 400)
    with pytest.raises(RecorderRegisteredError):
        ask("add", recorder_id=ID, note="x" * 400)
    assert (live.station.ledger.size, kept.stat().st_size) == (before, size)


@pytest.mark.parametrize(
    ("act", "params", "error", "text"),
    [
        (
            "add",
            {"by": "officer-1"},
            RoleRequiredError,
            "officer-1 is an officer; the rules reserve this to a custodian (A3 art. 3)",
        ),
        (
            "retire",
            {"by": "supervisor-1", "note": "old"},
            RoleRequiredError,
            "supervisor-1 is a supervisor; the rules reserve this to a custodian (HY, CZ)",
        ),
        (
            "issue",
            {"officer": "operator-1"},
            RoleRequiredError,
            "operator-1 is an operator; the rules reserve this to an officer (HY, CZ)",
        ),
        (
            "issue",
            {"officer": "officer-1", "operator": "custodian-1"},
            RoleRequiredError,
            "custodian-1 is a custodian; the rules reserve this to an officer or an operator (HY, CZ)",
        ),
        (
            "return",
            {"by": "nobody"},
            PersonUnknownError,
            "nobody at this station has the person id nobody; expected one of those in: custody people list",
        ),
        (
            "fault",
            {},
            RequestInvalidError,
            "parameter note: expected a value, found nothing",
        ),
        (
            "add",
            {"recorder_id": "DSJ0017"},
            RecorderUnnamedError,
            "DSJ0017 names no single recorder: expected usb:VENDOR:PRODUCT:SERIAL with four lower-case hex digits each "
            "for vendor and product, as `custody dock list` shows it (A3 art. 3)",
        ),
        (
            "add",
            {"recorder_id": "usb:4255:0001:0000000"},
            RecorderUnnamedError,
            "usb:4255:0001:0000000 names no single",
        ),
        ("add", {"recorder_id": "unknown"}, RecorderUnnamedError, "unknown names no single recorder"),
        ("return", {}, RecorderUnregisteredError, f"recorder {ID} is not in the register (A3 art. 3)"),
        ("add", {"note": "a\nb"}, RequestInvalidError, "parameter note: expected one line of 1 to 500 printable"),
        ("add", {"model": "x" * 501}, RequestInvalidError, "parameter model: expected one line of 1 to 500 printable"),
        ("add", {"unit": " "}, RequestInvalidError, "parameter unit: expected one line of 1 to 500 printable"),
        ("add", {"capacity_gb": 0}, RequestInvalidError, "parameter capacity_gb: expected a number from 1 to 1000"),
        (
            "issue",
            {"officer": "officer-1", "since": "yesterday"},
            RequestInvalidError,
            "parameter since: expected 2026-11-21 or 2026-11-21T08:30, found yesterday",
        ),
    ],
)  # R39, R68, R73
def test_what_may_not_be_is_refused_with_the_article(
    live: LiveStation, ask: Ask, act: str, params: dict[str, object], error: type[StatedError], text: str
) -> None:
    before = live.station.ledger.size
    with pytest.raises(error) as refused:
        ask(act, **{"recorder_id": ID, **params})
    assert str(refused.value).startswith(text)
    assert live.station.ledger.size == before


def test_the_people_are_those_of_the_first_entry(live: LiveStation) -> None:
    assert people_in_office(live.station) == {
        "custodian-1": {Role.CUSTODIAN},
        "supervisor-1": {Role.SUPERVISOR},
        "officer-1": {Role.OFFICER},
        "officer-2": {Role.OFFICER},
        "operator-1": {Role.OPERATOR},
    }


def test_an_unregistered_recorder_is_sealed_and_held_until_it_is_registered(
    live: LiveStation, ask: Ask, quick_path: Path
) -> None:
    # R73, R31: the bytes are safe and the hours run; registering later clears the remark, and the history says when
    docking = live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    assert docking.outcome_of("a.mp4") == "sealed"
    assert remarks_of(docking.view) == remarks_of(live.clip("a.mp4")) == {
        "recorder-unregistered", "recorder-unassigned",
    }  # fmt: skip
    assert docking.view["safe_to_take_away"] == "yes"
    assert (docking.view["officer_id"], live.clip("a.mp4")["operator_id"]) == (None, None)
    assert [one["state"] for one in ask("list")["items"]] == ["unregistered"]
    live.clock.advance(timedelta(hours=5))
    ask("add", recorder_id=SERIAL)
    assert remarks_of(live.docking(docking.docking_id).view) == {"recorder-unassigned"}
    ask("issue", recorder_id=SERIAL, officer="officer-1", operator="operator-1", since="2026-11-21")
    clip, view = live.clip("a.mp4"), live.docking(docking.docking_id).view
    assert remarks_of(clip) == remarks_of(view) == set()
    assert (clip["officer_id"], clip["operator_id"]) == ("officer-1", "operator-1")
    assert (view["officer_id"], view["operator_id"]) == ("officer-1", "operator-1")
    runtime = Runtime(live.station, mode="in-process")
    told = answer(runtime, "clips.history", {"clip_id": clip["clip_id"]}, Caller(uid=os.geteuid()))["items"]
    runtime.close()
    when = {entry["kind"]: entry["at"] for entry in told}
    assert when["clip.sealed"] == "2026-11-21T12:00:00.000000Z"
    assert when["recorder.registered"] == when["recorder.issued"] == "2026-11-21T17:00:00.000000Z"


def test_a_clip_belongs_to_whoever_held_the_recorder_when_it_was_docked(
    live: LiveStation, ask: Ask, quick_path: Path
) -> None:
    # R31, R68
    ask("add", recorder_id=ID)
    ask("issue", recorder_id=ID, officer="officer-1")
    live.clock.advance(timedelta(hours=1))
    live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures"}))
    live.clock.advance(timedelta(hours=1))
    ask("return", recorder_id=ID)
    live.dock(make_card(quick_path / "card", {"b.mp4": b"more"}))
    live.clock.advance(timedelta(hours=1))
    ask("issue", recorder_id=ID, officer="officer-2")
    live.dock(make_card(quick_path / "card", {"c.mp4": b"and more"}))
    assert {clip["source_path"]: clip["officer_id"] for clip in live.clips()} == {
        "a.mp4": "officer-1",
        "b.mp4": None,
        "c.mp4": "officer-2",
    }
    history = ask("show", recorder_id=ID)["assignments"]
    assert [(one["officer_id"], one["until"]) for one in history] == [
        ("officer-1", "2026-11-21T14:00:00.000000Z"),
        ("officer-2", None),
    ]


def test_an_imported_folder_has_no_recorder_to_register(live: LiveStation, quick_path: Path) -> None:
    # R20, R31
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures"})
    imported = live.dock(card, serial=None, kind=DockingKind.IMPORT)
    assert remarks_of(imported.view) == remarks_of(live.clip("a.mp4")) == {"recorder-unassigned"}
    nameless = live.dock(make_card(card, {"b.mp4": b"more"}), serial=None)
    assert remarks_of(nameless.view) == {"recorder-unassigned", "recorder-unregistered"}


def test_a_serial_names_a_recorder_only_while_no_other_has_it(ask: Ask) -> None:
    ask("add", recorder_id="usb:4255:0001:A/1?")
    assert ask("issue", recorder_id="A/1?", officer="officer-1")["recorder_id"] == "usb:4255:0001:A/1?"
    ask("add", recorder_id="usb:4255:0002:A/1?")
    with pytest.raises(RecorderAmbiguousError) as refused:
        ask("return", recorder_id="A/1?")
    assert str(refused.value) == (
        "serial A/1? fits 2 recorders; type the whole id, as `custody recorder list` shows it"
    )


def test_two_custodians_at_once_issue_a_recorder_to_one_officer(live: LiveStation, ask: Ask) -> None:
    # R68
    ask("add", recorder_id=ID)
    both = threading.Barrier(2)

    def issue(officer: str) -> str:
        both.wait()
        try:
            return str(ask("issue", recorder_id=ID, officer=officer)["officer_id"])
        except RecorderIssuedError as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(issue, ["officer-1", "officer-2"]))
    assert ended.count("recorder-issued") == 1
    assert len(live.entries("recorder.issued")) == 1


def test_recorders_come_in_pages_and_by_state(ask: Ask) -> None:
    for number in range(5):
        ask("add", recorder_id=f"usb:4255:0001:N{number}")
    ask("issue", recorder_id="N3", officer="officer-1")
    whole = ask("list")["items"]
    pages, after = [], None
    while True:
        page = ask("list", limit=2, after=after)
        pages += page["items"]
        after = page["next"]
        if after is None:
            break
    assert pages == whole
    assert len(whole) == 5
    assert [one["recorder_id"] for one in ask("list", state="issued")["items"]] == ["usb:4255:0001:N3"]
    with pytest.raises(
        RequestInvalidError, match="expected unregistered, in-stock, issued, faulty, withdrawn, retired"
    ):
        ask("list", state="safe")
