"""docs/interface.md against the program: operations, the keys of real answers, and every closed set."""

import json
import os
import re
import wave
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from archive.answers import Answer
from archive.marker import StoreRole
from archive.probe_launcher import ProbeOutcome, Sandbox
from bodycam_custody.audit import Severity, verify_evidence
from bodycam_custody.clearing.folding import ClearingState
from bodycam_custody.entries import EntryKind
from bodycam_custody.handlers import answer
from bodycam_custody.installation.diagnosis import overall
from bodycam_custody.installation.doctor import examine
from bodycam_custody.model import (
    Basis,
    ClipState,
    ClockVerdict,
    Difference,
    DockingPhase,
    FileOutcome,
    Handover,
    HandoverReason,
    Remark,
)
from bodycam_custody.operations import TABLE, Caller
from bodycam_custody.recorders.rules import RecorderState
from bodycam_custody.runtime import Runtime
from bodycam_custody.slots.alarms import AlarmCode, serial_twice_draft
from bodycam_custody.slots.views import WhyNot
from bodycam_custody.views import problem
from cli.views.demo import DemoValue
from cli.views.init import station_value
from docking.card import DockingKind
from docking.profile import TimeSource
from docking.slot_state import SlotPhase
from docking.source import FileType, SpecialKind
from docking.usb_policy import UsbRemark
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from tests.bodycam_custody.stations import NOW, SERIAL, LiveStation, live_station, make_card
from tests.docking.usb_tree import UsbTree
from tests.docs.reading import headings, rows, section, ticked

PAGE = "docs/interface.md"

SETS: Mapping[str, type[StrEnum]] = {
    "state": ClipState,
    "handover": Handover,
    "handover reason": HandoverReason,
    "remarks": Remark,
    "difference": Difference,
    "clock verdict": ClockVerdict,
    "recorder state": RecorderState,
    "clearing state": ClearingState,
    "phase": DockingPhase,
    "basis": Basis,
    "outcome": FileOutcome,
    "file type": FileType,
    "special": SpecialKind,
    "slot phase": SlotPhase,
    "why not": WhyNot,
    "slot remark": UsbRemark,
    "alarm code": AlarmCode,
    "docking kind": DockingKind,
    "role": StoreRole,
    "answer": Answer,
    "severity": Severity,
    "probe outcome": ProbeOutcome,
    "sandbox": Sandbox,
    "time source": TimeSource,
    "kind of entry": EntryKind,
}


@pytest.mark.parametrize("heading", SETS)
def test_a_closed_set_is_documented_whole_and_explained(heading: str) -> None:
    documented = rows(section(PAGE, heading))
    assert sorted(ticked(value)[0] for value, _ in documented) == sorted(member.value for member in SETS[heading])
    assert all(meaning for _, meaning in documented)


def test_every_closed_set_on_the_page_is_one_of_the_program() -> None:
    titles = [title for level, title in headings(PAGE) if level > 1]
    assert titles[titles.index("Closed sets") + 1 :] == list(SETS)


def test_the_operations_are_those_of_the_table() -> None:
    documented = [[ticked(cell) for cell in cells[:4]] + [[cells[4]]] for cells in rows(section(PAGE, "Operations"))]
    assert documented == [
        [
            [operation.name],
            [f"{operation.method} {operation.path}"],
            [parameter(field) for field in sorted(fields(operation.request), key=order_of(operation.request))],
            [operation.right.value],
            [operation.article],
        ]
        for operation in TABLE
    ]


def order_of(request: type[Any]) -> Any:
    names = [field.name for field in fields(request)]
    return lambda field: names.index(field.name)


def parameter(field: Field[Any]) -> str:
    """Return a parameter as the page writes it."""
    return field.name if field.default in {None, MISSING} else f"{field.name}={field.default}"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A real answer of each kind, from a station with a session, a gap, a supplement and a damaged copy."""
    folder = tmp_path_factory.mktemp("interface")
    usb = UsbTree(folder / "usb")
    usb.plug("1-2")
    with live_station(folder / "station") as live:
        runtime = Runtime(live.station, mode="in-process", sysfs=usb.sysfs)
        yield collect(live, runtime, folder)
        runtime.close()


def collect(live: LiveStation, runtime: Runtime, folder: Path) -> dict[str, Any]:
    def ask(operation: str, /, **params: object) -> Any:
        value = answer(runtime, operation, params, Caller(uid=os.geteuid()))
        return json.loads(json.dumps(value))

    first, second = record(folder, NOW - timedelta(hours=2)), record(folder, NOW - timedelta(hours=2, minutes=-5))
    card = make_card(folder / "card", {first.name: first.read_bytes(), second.name: second.read_bytes()})
    os.mkfifo(card / "pipe")
    live.dock(card)
    live.interpret()
    make_card(card, {first.with_suffix(".xml").name: b"<clip/>"})
    docked = live.dock(card)
    recorder = ask("recorders.add", recorder_id=SERIAL, by="custodian-1")
    ask("recorders.issue", recorder_id=SERIAL, by="custodian-1", officer="officer-1")
    asked = ask("people.end", person="operator-1", role="operator", by="custodian-1 supervisor-1")
    signatures = {
        name: sign(asked["text"].encode(), SigningKey.from_seed(bytes([number]) * 32), Namespace.PEOPLE_END).decode()
        for number, name in enumerate(asked["signers"], 1)
    }
    clip_id = live.clip(first.name)["clip_id"]
    receipt = ask("dockings.receipt", docking_id=docked.docking_id)
    damaged = next(live.bag(clip_id).glob("data/main.*"))
    damaged.chmod(0o640)
    damaged.write_bytes(b"other")
    verified = ask("clips.verify", clip_id=clip_id)
    (broken,) = [copy for copy in verified["copies"] if copy["answer"] == "no"]
    clip = ask("clips.show", clip_id=clip_id)
    twins = [live.arrival(card), replace(live.arrival(card), card=replace(live.arrival(card).card, port_path="port-2"))]
    live.station.record.enter([serial_twice_draft(twins)])
    report = verify_evidence(
        [live.primary, live.backup], trust=live.settings.paths.trust, now=live.clock.now()
    ).to_json()
    found = list(examine(live.settings))
    return {
        "clip": next(one for one in ask("clips.list")["items"] if one["clip_id"] == clip_id),
        "clip in detail": clip,
        "gap": clip["session"]["gaps"][0],
        "history entry": ask("clips.history", clip_id=clip_id)["items"][0],
        "clip verification": verified,
        "finding": broken["findings"][0],
        "docking": ask("dockings.list")["items"][0],
        "docking in detail": ask("dockings.show", docking_id=docked.docking_id),
        "clearing": ask("dockings.show", docking_id=docked.docking_id)["clearing"],
        "acceptance": ask("dockings.accept", docking_id=docked.docking_id, person="custodian-1"),
        "receipt": receipt,
        "letting go": ask("dockings.release", target=docked.docking_id, person="supervisor-1", reason="lost copy"),
        "slots.list": ask("slots.list"),
        "slot": ask("slots.list")["items"][0],
        "slots.learn": ask("slots.learn", name="slot 1", port="pci-0000:00:14.0-usb-0:2"),
        "alarm": ask("status.show")["alarms"][0],
        "stores.list": ask("stores.list"),
        "store": ask("stores.list")["items"][0],
        "status": ask("status.show"),
        "sweep": ask("stores.sweep"),
        "rebuild": ask("stores.rebuild"),
        "checkpoint": ask("audit.checkpoint"),
        "keys": ask("keys.show"),
        "people": ask("people.list"),
        "person": ask("people.show", person="custodian-1"),
        "request to sign": asked,
        "decision": ask("people.hand_in", request=str(asked["request"]), signatures=signatures),
        "recorder": recorder,
        "recorder in detail": ask("recorders.show", recorder_id=SERIAL),
        "recorder check": ask("recorders.check"),
        "audit report": json.loads(json.dumps(report)),
        "doctor": {"answer": overall(found).value, "findings": [one.to_json() for one in found]},
        "init": station_value(live.settings, live.root / "config.toml"),
        "demo": dict.fromkeys(DemoValue.__annotations__),
    }


def record(folder: Path, begins: Any) -> Path:
    """Write a recording of one second, named as a recorder names it, in the station's zone."""
    path = folder / f"500123_DSJ0017_{begins + timedelta(hours=8):%Y%m%d%H%M%S}_0001.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000 - len(path.name)) + path.name.encode())
    return path


# What a heading's keys are added to; the others stand alone.
_BESIDE = {"clip in detail": "clip", "docking in detail": "docking", "recorder in detail": "recorder"}


@pytest.mark.parametrize(
    "heading",
    [
        *("clip", "clip in detail", "history entry", "clip verification", "docking", "docking in detail"),
        *("people", "person", "request to sign", "decision"),
        *("recorder", "recorder in detail", "recorder check"),
        *(
            "clearing",
            "acceptance",
            "letting go",
            "receipt",
            "slot",
            "alarm",
            "store",
            "status",
            "rebuild",
            "checkpoint",
            "keys",
            "audit report",
            "doctor",
            "init",
            "demo",
        ),
    ],
)
def test_the_keys_of_an_answer_are_those_on_the_page(heading: str, answers: dict[str, Any]) -> None:
    keys = documented_keys(heading)
    assert sorted(keys) == sorted(set(keys)), "no key twice"
    assert set(keys) | set(documented_keys(_BESIDE[heading]) if heading in _BESIDE else ()) == set(answers[heading])


def documented_keys(heading: str) -> list[str]:
    """Return the keys in the first column of a table."""
    return [key for cells in rows(section(PAGE, heading)) for key in ticked(cells[0])]


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        *(("clip", "copies"), ("clip in detail", "supplements"), ("clip in detail", "sightings_detail")),
        *(("clip in detail", "media"), ("clip in detail", "session"), ("history entry", "proof")),
        *(("clip verification", "copies"), ("docking in detail", "files"), ("docking in detail", "specials")),
        *(("status", "station"), ("status", "daemon"), ("status", "ledger"), ("status", "clips")),
        *(("recorder in detail", "assignments"), ("recorder in detail", "history")),
        *(("people", "items"), ("person", "appointments"), ("person", "keys")),
        *(("recorder check", "missing"), ("recorder check", "overdue"), ("recorder check", "faulty")),
        *(
            ("recorder check", "unregistered"),
            ("recorder check", "officers_without"),
            ("recorder check", "per_officer"),
        ),
        *(("status", "backlog"), ("audit report", "findings"), ("audit report", "ranges"), ("audit report", "counts")),
        ("doctor", "findings"),
    ],
)
def test_the_keys_inside_an_answer_are_those_on_the_page(heading: str, key: str, answers: dict[str, Any]) -> None:
    value = answers[heading][key]
    inner = value[0] if isinstance(value, list) else value
    (cell,) = [cells[1] for cells in rows(section(PAGE, heading)) if ticked(cells[0]) == [key]]
    assert set(ticked(cell)) == set(inner)


def test_the_times_of_a_clip_and_the_gaps_of_a_session_are_as_the_page_says(answers: dict[str, Any]) -> None:
    (times,) = [cells[1] for cells in rows(section(PAGE, "clip in detail")) if ticked(cells[0]) == ["times"]]
    assert set(ticked(times)) - {"reason"} == set(answers["clip in detail"]["times"])
    (gap,) = [line for line in section(PAGE, "clip in detail").splitlines() if line.startswith("A gap has")]
    assert set(ticked(gap)) == set(answers["gap"])


def test_a_problem_and_a_finding_of_a_copy_have_the_same_keys(answers: dict[str, Any]) -> None:
    from docking.errors import CardGoneError

    stated = problem(CardGoneError(card="card", reason="unplugged"))
    assert set(documented_keys("problem")) == set(stated) == set(answers["finding"])


@pytest.mark.parametrize("operation", ["slots.list", "slots.learn"])
def test_the_answers_about_slots_are_as_the_page_says(operation: str, answers: dict[str, Any]) -> None:
    (said,) = re.findall(rf"`{operation}` answers ([^:;.]*?)(?::|,\s+the\s+name)", section(PAGE, "slot"))
    assert set(ticked(said)) == set(answers[operation])


def test_a_list_of_stores_says_whether_their_disks_differ(answers: dict[str, Any]) -> None:
    (line,) = [line for line in section(PAGE, "store").splitlines() if line.startswith("`stores.list` answers")]
    assert set(ticked(line)[1:]) == set(answers["stores.list"])
