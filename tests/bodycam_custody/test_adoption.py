"""A bag without an entry becomes evidence only if the inventory in the ledger bears out what it says of itself."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from bodycam_custody.adoption import adoption_drafts
from bodycam_custody.reconcile import reconcile
from tests.bodycam_custody.stations import LiveStation, make_card


@pytest.fixture
def bags(live: LiveStation, quick_path: Path) -> list[Path]:
    """The bag of a clip with a sidecar, and that of a sidecar which came later."""
    card = make_card(quick_path / "card", {"a.mp4": b"moving pictures", "a.xml": b"<record/>"})
    live.dock(card)
    live.dock(make_card(card, {"a.xml": b"<newer/>"}))
    return live.bags(live.primary)


def forget(live: LiveStation, *tables: str) -> None:
    """Let the catalog stand as if the process had been killed before the entry of a bag; the ledger is only read."""
    with sqlite3.connect(live.station.catalog.path) as db:
        for table in tables:
            db.execute(f"DELETE FROM {table}")  # noqa: S608  # our own names
    db.close()


def test_the_entries_of_a_clip_say_what_its_own_entry_said(live: LiveStation, bags: list[Path]) -> None:
    (store, _) = live.station.stores.present()
    relative = bags[0].relative_to(store.path).as_posix()
    adopted, sighted = adoption_drafts(live.station, store, bags[0], relative)
    (sealed,) = live.entries("clip.sealed")
    assert adopted.kind == "bag.adopted"
    assert {**adopted.facts, "stores": sealed.facts["stores"]} == sealed.facts
    assert adopted.facts["stores"] == {"primary": "medium"}
    assert sighted.facts["newly_sealed"] is True


def test_the_entry_of_a_supplement_says_what_its_own_entry_said(live: LiveStation, bags: list[Path]) -> None:
    (store, _) = live.station.stores.present()
    (adopted,) = adoption_drafts(live.station, store, bags[1], bags[1].relative_to(store.path).as_posix())
    (sealed,) = live.entries("supplement.sealed")
    assert (adopted.kind, adopted.subject) == (sealed.kind, sealed.subject)
    assert {**adopted.facts, "stores": sealed.facts["stores"]} == sealed.facts


def test_a_supplement_under_a_name_no_station_gives_is_not_adopted(live: LiveStation, bags: list[Path]) -> None:
    renamed = bags[1].with_name(f"{bags[0].name}-sother")
    shutil.copytree(bags[1], renamed)
    reconcile(live.station)
    (entry,) = live.entries("bag.quarantined")
    assert entry.facts["bag_path"] == renamed.relative_to(live.primary).as_posix()
    live.require_everything_verifies()


def test_a_supplement_without_an_entry_is_adopted_on_every_store(live: LiveStation, bags: list[Path]) -> None:
    forget(live, "supplements")
    reconcile(live.station)
    assert len(live.entries("supplement.sealed")) == 2
    (written,) = live.entries("replica.written")
    assert written.facts["bag_path"] == bags[1].relative_to(live.primary).as_posix()
    assert live.entries("bag.quarantined") == []
    live.require_everything_verifies()


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    ("key", "value"), [("docking_id", "20200101T000000Z-none"), ("file", 7), ("recorder", "usb:4255:0001:OTHER")]
)
def test_a_bag_that_no_inventory_bears_out_is_not_adopted(
    live: LiveStation, bags: list[Path], which: int, key: str, value: object
) -> None:
    path = changed(bags[which], {key: value})
    assert adoption_drafts(live.station, live.station.stores.present()[0], path, "clips/x") == []


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("change", [{"size_bytes": 1}, {"path_base64": "Yi5tcDQ="}])
def test_a_bag_whose_file_is_listed_otherwise_is_not_adopted(
    live: LiveStation, bags: list[Path], which: int, change: dict[str, object]
) -> None:
    (listed, *others) = json.loads((bags[which] / "custody" / "clip.json").read_bytes())["files"]
    path = changed(bags[which], {"files": [{**listed, **change}, *others]})
    assert adoption_drafts(live.station, live.station.stores.present()[0], path, "clips/x") == []


def test_a_supplement_of_a_clip_that_is_not_there_is_not_adopted(live: LiveStation, bags: list[Path]) -> None:
    forget(live, "copies", "sightings", "clips")
    assert adoption_drafts(live.station, live.station.stores.present()[0], bags[1], "clips/x") == []


def test_a_bag_that_says_nothing_we_understand_is_not_adopted(live: LiveStation, bags: list[Path]) -> None:
    path = changed(bags[0], {"files": 3})
    assert adoption_drafts(live.station, live.station.stores.present()[0], path, "clips/x") == []


def changed(bag: Path, facts: dict[str, object]) -> Path:
    """Return a copy of a bag, elsewhere and under the same name, whose clip.json says something else."""
    copy = bag.parents[5] / "changed" / bag.name
    shutil.copytree(bag, copy)
    path = copy / "custody" / "clip.json"
    path.chmod(0o640)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **facts}), encoding="utf-8")
    return copy
