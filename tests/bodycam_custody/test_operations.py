"""The operation table: typed requests, rights, and an answer of the documented shape for every row."""

import inspect
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.errors import (
    AmbiguousIdError,
    AuthorisationError,
    ImportRefusedError,
    NotFoundError,
    OperationUnknownError,
    RequestInvalidError,
)
from bodycam_custody.handlers import HANDLERS, answer, handler_of
from bodycam_custody.model import ClipState
from bodycam_custody.operations import TABLE, Caller, operation_named, parse_request
from bodycam_custody.runtime import Runtime
from tests.bodycam_custody.stations import LiveStation, make_card

ME = Caller(uid=os.geteuid())


@pytest.fixture
def runtime(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="in-process")
    yield runtime
    runtime.close()


@pytest.fixture
def filled(live: LiveStation, runtime: Runtime, tmp_path: Path) -> Runtime:
    live.dock(make_card(tmp_path / "card", {"DCIM/a.mp4": b"one", "DCIM/b.mp4": b"two", "autorun.inf": b"x"}))
    live.interpret()
    return runtime


def kept(live: LiveStation) -> str:
    """Return the state of a clip whose every copy was read back, on whatever disks the tests run."""
    return {"no": "safe-one-disk", "cannot-tell": "safe-disks-unproven"}[live.station.stores.apart()]


def ask(runtime: Runtime, name: str, **params: object) -> Any:
    value = answer(runtime, name, params, ME)
    assert json.loads(json.dumps(value)) == value, "an answer is JSON"
    return value


def test_every_operation_has_a_handler_and_a_path_of_its_own() -> None:
    assert set(HANDLERS) == {operation.name for operation in TABLE}


@pytest.mark.parametrize("name", sorted(HANDLERS))
def test_what_runs_behind_an_operation_takes_its_request(name: str) -> None:
    _, request, _ = inspect.signature(handler_of(name)).parameters.values()
    assert request.annotation is operation_named(name).request
    assert len({(operation.method, operation.path) for operation in TABLE}) == len(TABLE)
    assert all(operation.path.startswith("/v1/") and operation.article for operation in TABLE)


def test_nobody_but_root_and_the_owner_may_call_anything(filled: Runtime) -> None:
    stranger = Caller(uid=54321)
    for operation in TABLE:
        with pytest.raises(AuthorisationError) as caught:
            answer(filled, operation.name, {}, stranger)
        assert str(caught.value) == (
            f"uid 54321 may not call {operation.name} ({operation.article}); until people are registered at the desk "
            "only root and the station's owner may"
        )


def test_an_unknown_operation_is_named(runtime: Runtime) -> None:
    with pytest.raises(OperationUnknownError, match=r"no operation clips\.delete"):
        ask(runtime, "clips.delete")


@pytest.mark.parametrize(
    ("name", "params", "text"),
    [
        ("clips.list", {"limit": "0"}, "parameter limit: expected a number from 1 to 1000, found 0"),
        ("clips.list", {"limit": "ten"}, "parameter limit: expected a number from 1 to 1000, found ten"),
        ("clips.list", {"limit": 1001}, "parameter limit: expected a number from 1 to 1000, found 1001"),
        (
            "clips.list",
            {"state": "lost"},
            "parameter state: expected sealed, safe, safe-one-disk, safe-disks-unproven, damaged, found lost",
        ),
        ("clips.list", {"uid": "0"}, "parameter uid: expected limit, after, state, docking_id, found 0"),
        ("clips.show", {}, "parameter clip_id: expected a value, found nothing"),
        ("clips.show", {"clip_id": 7}, "parameter clip_id: expected text, found 7"),
        ("status.show", {"uid": "0"}, "parameter uid: expected none, found 0"),
    ],
)
def test_a_wrong_request_is_refused_with_what_was_expected(name: str, params: dict[str, object], text: str) -> None:
    with pytest.raises(RequestInvalidError) as caught:
        parse_request(operation_named(name), params)
    assert str(caught.value) == text


def test_clips_have_every_documented_member(filled: Runtime) -> None:
    clips = ask(filled, "clips.list")["items"]
    assert len(clips) == 3
    documented = {
        "clip_id", "recorder_id", "source_path", "size_bytes", "sha256", "recorded_from", "recorded_to", "handover_due",
        "handover", "handover_reason", "state", "copies", "sightings",
    }  # fmt: skip
    for clip in clips:
        assert documented <= set(clip)
        assert clip["state"] in list(ClipState)
        assert clip["handover"] in {"on-time", "late", "undeterminable"}
        assert {copy["store_id"] for copy in clip["copies"]} == {"primary", "backup"}
        assert clip["sightings"] == 1


def test_lists_come_in_pages_that_join_without_loss_or_repetition(filled: Runtime) -> None:
    whole = ask(filled, "clips.list")["items"]
    pages, after = [], None
    while True:
        page = ask(filled, "clips.list", limit=2, after=after)
        pages += page["items"]
        after = page["next"]
        if after is None:
            break
    assert pages == whole


def test_clips_can_be_listed_by_state_and_by_docking(filled: Runtime, live: LiveStation, tmp_path: Path) -> None:
    second = live.dock(make_card(tmp_path / "card2", {"c.mp4": b"three", "DCIM/a.mp4": b"one"}))
    assert len(ask(filled, "clips.list", state=kept(live))["items"]) == 4
    assert ask(filled, "clips.list", state="damaged")["items"] == []
    assert len(ask(filled, "clips.list", docking_id=second.docking_id)["items"]) == 2


def test_a_clip_is_found_by_a_unique_beginning_of_its_id(filled: Runtime) -> None:
    clip_id = ask(filled, "clips.list")["items"][0]["clip_id"]
    assert ask(filled, "clips.show", clip_id=clip_id[:8])["clip_id"] == clip_id
    with pytest.raises(NotFoundError, match=f"no clip with the id {clip_id[:5]}"):
        ask(filled, "clips.show", clip_id=clip_id[:5])
    with pytest.raises(NotFoundError, match="no clip with the id zzzzzzzz"):
        ask(filled, "clips.show", clip_id="zzzzzzzz")


def test_a_beginning_that_fits_several_clips_is_not_guessed(filled: Runtime, live: LiveStation) -> None:
    rows = live.rows("SELECT * FROM clips LIMIT 1")
    assert rows
    with live.station.catalog._writing() as db:
        for last in "ab":
            db.execute(
                "INSERT INTO clips (clip_id, state, handover, file_type) VALUES (?, 'safe', 'late', 'video')",
                ("q" * 31 + last,),
            )
    with pytest.raises(AmbiguousIdError, match="qqqqqqqq fits 2 clips; type more of the id"):
        ask(filled, "clips.show", clip_id="q" * 8)


def test_a_clips_history_is_its_whole_life_with_actor_time_and_proof(filled: Runtime) -> None:
    # R4
    clip_id = ask(filled, "clips.list")["items"][0]["clip_id"]
    ask(filled, "clips.verify", clip_id=clip_id)
    items = ask(filled, "clips.history", clip_id=clip_id)["items"]
    kinds = [item["kind"] for item in items]
    assert kinds == [
        "dock.seen", "clip.sealed", "clip.sighted", "dock.closed", "clip.probed", "clip.timed", "clip.judged",
        "clip.verified",
    ]  # fmt: skip
    assert kinds.index("clip.sealed") < kinds.index("clip.probed")  # R3
    assert items[-1]["actor"] == {"uid": os.geteuid()}
    assert items[0]["actor"] == {"system": "daemon"}
    assert all(item["proof"]["tree_size"] > item["seq"] for item in items)


def test_verifying_a_clip_re_reads_every_copy_and_is_an_entry(filled: Runtime, live: LiveStation) -> None:
    clip = live.clip("DCIM/a.mp4")
    assert ask(filled, "clips.verify", clip_id=clip["clip_id"])["answer"] == "yes"
    path = live.bag(clip["clip_id"], live.backup) / "data" / "main.mp4"
    path.chmod(0o640)
    path.write_bytes(b"0ne")
    found = ask(filled, "clips.verify", clip_id=clip["clip_id"])
    assert (found["answer"], [copy["answer"] for copy in found["copies"]]) == ("no", ["yes", "no"])
    assert found["copies"][1]["findings"][0]["facts"]["place"] == "data/main.mp4"
    assert live.clip("DCIM/a.mp4")["state"] == "damaged"
    copies: Any = live.entries("clip.verified")[-1].facts["copies"]
    assert [copy["answer"] for copy in copies] == ["yes", "no"]


def test_verifying_a_copy_on_an_absent_store_cannot_tell(filled: Runtime, live: LiveStation) -> None:
    kept_well = kept(live)
    live.backup.rename(live.backup.with_name("away"))
    clip_id = live.clip("DCIM/a.mp4")["clip_id"]
    found = ask(filled, "clips.verify", clip_id=clip_id)
    assert (found["answer"], [copy["answer"] for copy in found["copies"]]) == ("cannot-tell", ["yes", "cannot-tell"])
    assert live.clip("DCIM/a.mp4")["state"] == kept_well


def test_status_counts_what_is_kept_and_what_waits(filled: Runtime, live: LiveStation, tmp_path: Path) -> None:
    # R45
    kept_well = kept(live)
    live.backup.rename(live.backup.with_name("away"))
    live.dock(make_card(tmp_path / "card2", {"c.mp4": b"three"}))
    status = ask(filled, "status.show")
    assert status["clips"]["by_state"] == {kept_well: 3, "sealed": 1}
    assert status["backlog"]["not_safe"] == 1
    assert status["backlog"]["oldest_not_safe_at"] == live.clip("c.mp4")["sealed_at"]
    assert status["backlog"]["interpretation_waiting"] == 1
    assert status["backlog"]["foreign_files"] == 1  # R10
    assert {store["store_id"]: store["state"] for store in status["stores"]} == {
        "primary": "ok",
        "backup": "store-missing",
    }
    assert status["ledger"]["writable"] is True
    assert status["disks_apart"] == "cannot-tell"
    assert set(status["remarks"]) & {"stores-on-one-disk", "disks-unproven"}


def test_a_refusing_ledger_shows_in_status_with_its_reason(filled: Runtime, live: LiveStation) -> None:
    from bodycam_custody.errors import LedgerBehindError

    live.station.ledger.refuse(
        LedgerBehindError(path="ledger.db", own_size=1, seen_size=2, seen_at="/backup/ledger/checkpoint")
    )
    ledger = ask(filled, "status.show")["ledger"]
    assert ledger["writable"] is False
    assert ledger["problem"]["code"] == "ledger-behind"


def test_the_catalog_is_rebuilt_from_ledger_texts_and_bags(filled: Runtime, live: LiveStation) -> None:
    before = live.clips()
    with live.station.catalog._writing() as db:
        db.execute("DELETE FROM clips")
    rebuilt = ask(filled, "stores.rebuild")
    assert (rebuilt["clips"], rebuilt["bags_read"]) == (3, 0)
    assert live.clips() == before


def test_names_come_back_from_the_bags_when_texts_are_gone(filled: Runtime, live: LiveStation) -> None:
    before = live.clips()
    live.station.close()
    for path in live.settings.paths.state.glob("texts.db*"):
        path.unlink()
    live.reopen()
    runtime = Runtime(live.station, mode="in-process")
    assert ask(runtime, "stores.rebuild")["bags_read"] == 3
    assert live.clips() == before
    runtime.close()


def test_a_checkpoint_is_given_out_and_kept_as_the_anchor(filled: Runtime, live: LiveStation) -> None:
    given = ask(filled, "audit.checkpoint")
    assert Path(given["path"]).read_text() == given["note"]
    assert given["size"] == live.station.ledger.size
    assert given["note"].startswith("cg.example.gov.cn/station-1/1\n")


def test_keys_shown_are_the_public_ones(filled: Runtime, live: LiveStation) -> None:
    shown = json.dumps(ask(filled, "keys.show"))
    assert live.station.keys.bag.public.fingerprint in shown
    assert "PRIVATE" not in shown


def test_an_import_answers_at_once_and_can_be_followed_to_its_end(filled: Runtime, live: LiveStation) -> None:
    # R20
    folder = make_card(live.root / "import" / "camera", {"d.mp4": b"four"})
    docking_id = ask(filled, "imports.start", path=str(folder))["docking_id"]
    first = ask(filled, "dockings.show", docking_id=docking_id)
    assert first["kind"] == "import"
    filled.finish()
    last = ask(filled, "dockings.show", docking_id=docking_id)
    assert (last["phase"], last["files_sealed"]) == ("closed", 1)
    assert live.clip("d.mp4")["recorder_id"] == "unknown"


def test_an_import_of_a_store_is_refused(filled: Runtime, live: LiveStation) -> None:
    with pytest.raises(ImportRefusedError, match="It lies under none of the import roots"):
        ask(filled, "imports.start", path=str(live.primary))


def test_a_docking_nobody_knows_is_not_found(filled: Runtime) -> None:
    with pytest.raises(NotFoundError, match="no docking with the id nothing"):
        ask(filled, "dockings.show", docking_id="nothing")
