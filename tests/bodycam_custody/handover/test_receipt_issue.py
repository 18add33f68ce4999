"""Giving receipts from a real station: when, what stands there, and when not (R38, R39, R11)."""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.audit import verify_evidence
from bodycam_custody.dockings.drafts import seen_draft
from bodycam_custody.errors import NotFoundError
from bodycam_custody.handlers import answer
from bodycam_custody.handover.errors import DockingNotOverError, ReceiptRefusedError
from bodycam_custody.handover.receipt_issue import NAMED_FILES
from bodycam_custody.operations import Caller
from bodycam_custody.reconcile import reconcile
from bodycam_custody.replication import replicate_lacking
from bodycam_custody.roles import Role
from bodycam_custody.runtime import Runtime
from hashing.allowed_signers import AllowedSigners
from hashing.digest import Digest
from tests.bodycam_custody.handover.test_acceptance import accept
from tests.bodycam_custody.interpretation.test_judgement import MEASURED, card_of
from tests.bodycam_custody.odd_card import PULLED, UNLISTED, UNREADABLE, odd_card
from tests.bodycam_custody.recordings import day, recorded_name, sound
from tests.bodycam_custody.stations import NOW, LiveStation, live_station, make_card, people
from tests.hashing.ssh import SshKeygen


def give(live: LiveStation, docking_id: str) -> Mapping[str, Any]:
    runtime = Runtime(live.station, mode="in-process")
    try:
        given: Mapping[str, Any] = answer(
            runtime, "dockings.receipt", {"docking_id": docking_id}, Caller(uid=os.geteuid())
        )
        return given
    finally:
        runtime.close()
        live.station.stopping.clear()


def document_of(live: LiveStation, docking_id: str) -> Any:
    return json.loads(give(live, docking_id)["canonical"])


def test_a_receipt_counts_sightings_and_names_every_file_with_its_digest(live: LiveStation, quick_path: Path) -> None:
    # R39, R11: the same recording twice on the card is one clip and two files
    clip, xml, tool = sound(10.0), b"<a/>", b"MZ"
    name = recorded_name(day(11))
    card = make_card(
        quick_path / "card", {name: clip, name.replace(".wav", ".xml"): xml, f"copy/{name}": clip, "setup.exe": tool}
    )
    docked = live.dock(card, **MEASURED)
    live.interpret()
    document = document_of(live, docked.docking_id)
    assert {name: document["counts"][name] for name in ("found", "sealed", "known", "failed", "foreign")} == {
        "found": 4,
        "sealed": 3,
        "known": 1,
        "failed": 0,
        "foreign": 1,
    }
    assert {(file["name"], file["sha256"], file["size_bytes"]) for file in document["files"]} == {
        (path, Digest.of(data).hex, len(data))
        for path, data in (
            (name, clip),
            (name.replace(".wav", ".xml"), xml),
            (f"copy/{name}", clip),
            ("setup.exe", tool),
        )
    }
    assert {file["sightings"] for file in document["files"] if file["name"].endswith(name)} == {2}
    assert document["docking"]["recorder_id"] == "usb:4255:0001:0000017"
    assert document["longest_late_ms"] is None


def test_an_auditor_takes_it_as_a_witness_of_the_ledger(live: LiveStation, quick_path: Path) -> None:
    # R39
    given = give(live, live.dock(make_card(quick_path / "card", {"a.mp4": b"one"})).docking_id)
    receipt = quick_path / "receipt.json"
    receipt.write_text(given["canonical"], encoding="utf-8")
    receipt.with_name("receipt.json.sig").write_text(given["signature"])
    stores, trust = [live.primary, live.backup], live.settings.paths.trust
    report = verify_evidence(stores, trust=trust, seen=[receipt], now=live.clock.now())
    size = json.loads(given["canonical"])["checkpoint"]["size"]
    assert (report.answer, report.ranges.witnessed) == ("yes", (0, size - 1))


def test_it_verifies_offline_with_the_trust_folder_alone(live: LiveStation, quick_path: Path) -> None:
    # R39
    docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"one"}))
    given = give(live, docked.docking_id)
    program = shutil.which("ssh-keygen")
    assert program is not None, "install openssh-client: receipts are checked with the real ssh-keygen"
    signers = AllowedSigners.parse((live.settings.paths.trust / "allowed_signers").read_bytes())
    ssh_keygen = SshKeygen(program=program, folder=quick_path)
    data, signature = given["canonical"].encode(), given["signature"].encode()
    assert ssh_keygen.accepts(data, signature, signers, "custody-receipt")
    assert not ssh_keygen.accepts(data + b"\n", signature, signers, "custody-receipt")


def test_the_entry_has_its_digest_and_the_receipt_the_head_before_it(live: LiveStation, quick_path: Path) -> None:
    # R39
    docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"one"}))
    head = live.station.ledger.head
    assert head is not None
    given = give(live, docked.docking_id)
    (entry,) = live.entries("receipt.issued")
    assert entry.facts == {
        "docking_id": docked.docking_id,
        "receipt_sha256": Digest.of(given["canonical"].encode()).hex,
        "files": 1,
        "files_left": 0,
        "late": 0,
        "checkpoint_size": entry.seq,
    }
    assert (entry.actor, given["entry"], given["sha256"]) == (
        {"uid": os.geteuid()},
        entry.seq,
        entry.facts["receipt_sha256"],
    )
    checkpoint = json.loads(given["canonical"])["checkpoint"]
    assert (checkpoint["size"], checkpoint["note"]) == (head.size, head.note.decode())
    assert b"a.mp4" not in entry.line


def test_lateness_is_told_file_by_file_and_at_its_longest(live: LiveStation, quick_path: Path) -> None:
    # R38
    hours = timedelta(hours=1)
    card = card_of(quick_path / "card", (NOW - 25 * hours, 10.0), (NOW - 30 * hours, 10.0), (NOW - hours, 10.0))
    docked = live.dock(card, **MEASURED)
    live.interpret()
    document = document_of(live, docked.docking_id)
    assert [file["handover"]["late_ms"] for file in document["files"]] == [
        6 * 3600 * 1000 - 10_000,
        3600 * 1000 - 10_000,
        None,
    ]
    assert document["longest_late_ms"] == 6 * 3600 * 1000 - 10_000
    assert (document["counts"]["late"], document["counts"]["on_time"]) == (2, 1)


def test_a_receipt_after_the_acceptance_names_it(live: LiveStation, quick_path: Path) -> None:
    # R39
    docked = live.dock(card_of(quick_path / "card", (day(11), 10.0)), **MEASURED)
    live.interpret()
    assert document_of(live, docked.docking_id)["docking"]["accepted_by"] is None
    accept(live, docked.docking_id)
    assert document_of(live, docked.docking_id)["docking"]["accepted_by"] == "custodian-1"
    assert len(live.entries("receipt.issued")) == 2


def refusal(live: LiveStation, docking_id: str) -> str:
    with pytest.raises(ReceiptRefusedError) as refused:
        give(live, docking_id)
    assert live.entries("receipt.issued") == []
    return str(refused.value)


def test_a_file_that_is_not_kept_refuses_the_receipt_by_its_name(live: LiveStation, quick_path: Path) -> None:
    # R39, R11
    card = make_card(quick_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    with odd_card(card, UNREADABLE, "b.mp4") as worn:
        docked = live.dock(worn)
    assert refusal(live, docked.docking_id) == (
        f"no receipt for docking {docked.docking_id} (A3 art. 7); sealing goes on all the same. 1 of 2 files are "
        "neither sealed nor kept before: b.mp4. Dock the recorder again."
    )
    live.clock.advance(timedelta(hours=1))
    assert document_of(live, live.dock(card).docking_id)["counts"]["known"] == 1


def test_a_card_that_broke_off_has_no_receipt_even_if_what_was_listed_is_kept(
    live: LiveStation, quick_path: Path
) -> None:
    # R39: an empty list of a pulled card proves nothing
    docked = live.dock(quick_path / "nowhere")
    assert refusal(live, docked.docking_id).endswith("Its card was not read to the end. Dock the recorder again.")
    card = make_card(quick_path / "card", {"a.mp4": b"one", "b.mp4": b"two"})
    with odd_card(card, PULLED, "b.mp4") as pulled:
        broken = live.dock(pulled)
    assert "files are neither sealed nor kept before: " in refusal(live, broken.docking_id)


def test_a_folder_that_could_not_be_listed_may_hold_recordings(live: LiveStation, quick_path: Path) -> None:
    # R39
    card = make_card(quick_path / "card", {"a.mp4": b"one", "hidden/b.mp4": b"two"})
    with odd_card(card, UNLISTED, "hidden") as worn:
        docked = live.dock(worn)
    assert refusal(live, docked.docking_id).endswith("What these folders hold could not be listed: hidden.")


def test_many_files_are_named_as_far_as_a_screen_goes(live: LiveStation, quick_path: Path) -> None:
    # Every file of a card that is cut off after its listing.
    files = {f"{number:03d}.mp4": b"%d" % number for number in range(NAMED_FILES + 5)}
    with odd_card(make_card(quick_path / "card", files), PULLED, "000.mp4") as pulled:
        docked = live.dock(pulled)
    said = refusal(live, docked.docking_id)
    assert said.count(".mp4") <= NAMED_FILES
    assert ", …" in said


def test_without_an_appointed_custodian_the_receipt_is_refused_and_the_sealing_never(quick_path: Path) -> None:
    # R39
    appointed = [person for person in people() if person.role is not Role.CUSTODIAN]
    with live_station(quick_path / "station", appointed=appointed) as live:
        docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"one"}))
        assert docked.outcome_of("a.mp4") == "sealed"
        assert refusal(live, docked.docking_id).endswith(
            "Nobody is appointed custodian at this station, so nobody can take it over."
        )


def test_there_is_no_receipt_for_a_docking_that_is_not_there(live: LiveStation) -> None:
    with pytest.raises(NotFoundError):
        give(live, "20261121T120000Z-none")


def test_there_is_no_receipt_while_the_card_is_read(live: LiveStation, quick_path: Path) -> None:
    arrival = live.arrival(make_card(quick_path / "card", {"a.mp4": b"one"}))
    live.station.record.enter([seen_draft(arrival, rule_set_version="1")])
    with pytest.raises(DockingNotOverError, match="it can be handed over when its card has been read"):
        give(live, arrival.docking_id)


def test_a_name_that_was_erased_is_null_and_the_digest_stays(live: LiveStation, quick_path: Path) -> None:
    docked = live.dock(make_card(quick_path / "card", {"a.mp4": b"one", "a.xml": b"<a/>"}))
    (live.settings.paths.state / "texts.db").unlink()
    live.reopen()
    live.station.catalog.clear()
    live.station.record.catch_up_catalog()
    files = document_of(live, docked.docking_id)["files"]
    assert {file["name"] for file in files} == {None}
    assert {file["sha256"] for file in files} == {Digest.of(b"one").hex, Digest.of(b"<a/>").hex}


def test_no_receipt_speaks_of_a_clip_that_is_damaged(live: LiveStation, quick_path: Path) -> None:
    docking = live.dock(make_card(quick_path / "card", {"a.mp4": b"moving pictures", "b.mp4": b"more"}))
    bag = live.bag(live.clip("a.mp4")["clip_id"], live.backup)
    shutil.rmtree(bag)
    reconcile(live.station)
    with pytest.raises(ReceiptRefusedError, match=r"1 clips of it are damaged or have no copy: a\.mp4\."):
        give(live, docking.docking_id)
    assert live.entries("receipt.issued") == []
    replicate_lacking(live.station)
    assert len(document_of(live, docking.docking_id)["files"]) == 2
