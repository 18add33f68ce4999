"""Which bag every store must hold, folded from entries."""

from typing import Any

import pytest

from bodycam_custody.audit.expect import SILENT_KINDS, Expectations, ExpectedBag, FactsProblem
from bodycam_custody.entries import EntryKind

PATH = "clips/2026/11/21/clip-a"
DIGEST, OTHER_DIGEST = "a" * 64, "b" * 64


def sealed(**changed: Any) -> dict[str, Any]:
    facts = {
        "bag_path": PATH,
        "tagmanifest_sha256": DIGEST,
        "stores": {"primary": "medium"},
    }
    return {"kind": "clip.sealed", "subject": "clip:clip-a", "facts": facts | changed}


def fold(*entries: dict[str, Any]) -> Expectations:
    expectations = Expectations()
    for seq, entry in enumerate(entries):
        expectations.add(seq, entry)
    return expectations


def replica(store_id: str, digest: str = DIGEST) -> dict[str, Any]:
    facts = {"bag_path": PATH, "tagmanifest_sha256": digest, "store_id": store_id}
    return {"kind": "replica.written", "subject": "clip:clip-a", "facts": facts}


def quarantined(store_id: str, path: str = PATH) -> dict[str, Any]:
    return {"kind": "bag.quarantined", "facts": {"store_id": store_id, "bag_path": path, "reason": "bad"}}


def test_a_sealed_clip_is_expected_in_the_stores_it_names() -> None:
    bag = fold(sealed()).bags[PATH]
    assert (bag.clip_id, bag.tagmanifest.hex, bag.seq, bag.store_ids) == ("clip-a", DIGEST, 0, {"primary"})


@pytest.mark.parametrize("kind", ["bag.adopted", "supplement.sealed"])
def test_adopted_bags_and_supplements_are_expected_too(kind: str) -> None:
    assert PATH in fold(sealed() | {"kind": kind}).bags


def test_a_replica_is_expected_once_it_is_written() -> None:
    assert fold(sealed(), replica("backup")).bags[PATH].store_ids == {"primary", "backup"}


def test_a_quarantined_copy_is_expected_no_more_until_it_is_written_again() -> None:
    assert fold(sealed(), quarantined("primary")).bags[PATH].store_ids == set()
    assert fold(sealed(), quarantined("primary"), replica("primary")).bags[PATH].store_ids == {"primary"}


@pytest.mark.parametrize("path", [PATH, PATH.replace("/21/", "/22/")])
def test_a_bag_sealed_anew_stands_for_the_one_it_replaces_only_with_every_file_of_it(path: str) -> None:
    first = sealed(main_sha256="1" * 64, sidecars=["2" * 64])
    anew = {"bag_path": path, "tagmanifest_sha256": OTHER_DIGEST, "main_sha256": "1" * 64, "replaces": DIGEST}
    whole = fold(first, sealed(**anew, sidecars=["3" * 64, "2" * 64]))
    assert (whole.problems, list(whole.bags)) == ([], [path])
    assert whole.bags[path].tagmanifest.hex == OTHER_DIGEST
    # A replacement that lost a file, or is of another clip, excuses nothing.
    assert PATH in fold(first, sealed(**anew, sidecars=[])).bags
    assert fold(first, sealed(**anew, sidecars=[])).bags[PATH].tagmanifest.hex == DIGEST
    assert PATH in fold(first, sealed(**anew, sidecars=["2" * 64]) | {"subject": "clip:clip-b"}).bags


def test_quarantining_a_bag_that_was_never_entered_changes_nothing() -> None:
    assert fold(quarantined("primary")).problems == []


class _Unsearched(dict[str, ExpectedBag]):
    """Bags that may be looked up, and not gone through."""

    def values(self) -> Any:
        raise AssertionError("every clip would be held against every other")


def test_a_clip_that_replaces_none_is_not_held_against_the_others() -> None:
    expectations = Expectations(bags=_Unsearched())
    for number in range(2):
        expectations.add(number, sealed())
    assert expectations.problems == []


def test_stores_are_known_by_their_entries() -> None:
    assert fold({"kind": "store.added", "facts": {"store_id": "primary"}}).store_ids == {"primary"}


def test_unknown_kinds_are_counted_and_not_followed() -> None:
    expectations = fold({"kind": "case.closed", "facts": {}}, {"kind": "case.closed"}, {"kind": 7})
    assert expectations.unknown_kinds == {"case.closed": [0, 2], "7": [2, 1]}


@pytest.mark.parametrize("kind", sorted(SILENT_KINDS))
def test_kinds_without_bags_are_no_news(kind: str) -> None:
    expectations = fold({"kind": kind})
    assert (expectations.unknown_kinds, expectations.problems) == ({}, [])


def test_every_kind_is_either_silent_or_followed() -> None:
    assert {kind.value for kind in EntryKind} > SILENT_KINDS
    assert EntryKind.CLIP_SEALED not in SILENT_KINDS


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"kind": "clip.sealed"}, FactsProblem.NO_FACTS),
        ({"kind": "clip.sealed", "facts": []}, FactsProblem.NO_FACTS),
        (sealed() | {"subject": 7}, FactsProblem.NO_CLIP),
        (sealed() | {"subject": "clip:"}, FactsProblem.NO_CLIP),
        (sealed() | {"subject": "docking:clip-a"}, FactsProblem.NO_CLIP),
        (sealed(stores="primary"), FactsProblem.FIELD),
        (sealed(stores=["primary"]), FactsProblem.FIELD),
        (sealed(bag_path="clips/../../etc"), FactsProblem.BAG_PATH),
        (sealed(bag_path="/etc/passwd"), FactsProblem.BAG_PATH),
        (sealed(bag_path=PATH + "\n"), FactsProblem.BAG_PATH),
        (sealed(tagmanifest_sha256="A" * 64), FactsProblem.DIGEST),
        (replica("backup"), FactsProblem.UNKNOWN_BAG),
    ],
)
def test_facts_that_cannot_be_followed_are_problems(entry: dict[str, Any], problem: FactsProblem) -> None:
    expectations = fold(entry)
    assert expectations.problems == [(0, entry["kind"], problem)]
    assert expectations.bags == {}


def test_two_digests_for_one_bag_are_a_problem() -> None:
    for second in (sealed(tagmanifest_sha256=OTHER_DIGEST), replica("backup", OTHER_DIGEST)):
        expectations = fold(sealed(), second)
        assert [problem for _, _, problem in expectations.problems] == [FactsProblem.OTHER_DIGEST]
        assert expectations.bags[PATH].store_ids == {"primary"}
