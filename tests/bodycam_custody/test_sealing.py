"""Bags hold what was observed, signed, and the same on every store; a store that fails is not counted."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from tests.bodycam_custody.stations import LiveStation, make_card


@pytest.fixture
def bag(live: LiveStation, quick_path: Path) -> Path:
    live.dock(make_card(quick_path / "card", {"DCIM/a.mp4": b"moving pictures", "DCIM/a.xml": b"<record/>"}))
    (found,) = live.bags(live.primary)
    return found


def test_clip_json_holds_observed_facts_only(live: LiveStation, bag: Path) -> None:
    facts = live.clip_json(bag)
    assert sorted(facts) == [
        "clip_id",
        "docking_entry",
        "docking_id",
        "file",
        "files",
        "read_method",
        "recorder",
        "software",
        "v",
    ]
    seen = live.station.ledger.lines(facts["docking_entry"], facts["docking_entry"] + 1)[0]
    assert json.loads(seen)["kind"] == "dock.seen"
    assert [file["name"] for file in facts["files"]] == ["data/main.mp4", "data/sidecar-1.xml"]


def test_the_copies_in_all_stores_are_the_same_bytes(live: LiveStation, bag: Path) -> None:
    other = live.backup / bag.relative_to(live.primary)
    names = sorted(path.relative_to(bag) for path in bag.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    assert all((bag / name).read_bytes() == (other / name).read_bytes() for name in names)


def test_the_entry_names_the_bag_by_its_tagmanifest(live: LiveStation, bag: Path) -> None:
    (sealed,) = live.entries("clip.sealed")
    assert (
        sealed.facts["tagmanifest_sha256"] == hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    )
    assert sealed.facts["bag_path"] == f"clips/2026/11/21/{sealed.clip_id}"
    assert sealed.facts["stores"] == {"primary": "medium", "backup": "medium"}


def test_the_three_checks_with_stock_tools_accept_a_bag(live: LiveStation, bag: Path) -> None:
    trust = live.settings.paths.trust / "allowed_signers"
    verify = ["ssh-keygen", "-Y", "verify", "-f", str(trust), "-I", "station", "-n", "custody-bag"]
    with (bag / "tagmanifest-sha256.txt").open("rb") as tagmanifest:
        subprocess.run(
            [*verify, "-s", str(bag / "tagmanifest-sha256.txt.sig")], stdin=tagmanifest, check=True, capture_output=True
        )
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "-c", manifest], cwd=bag, check=True, capture_output=True)
