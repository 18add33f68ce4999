"""Taking a damaged entry bundle apart."""

from collections.abc import Sequence

from bodycam_custody.audit.damage import Diagnosis, Neighbours, StoredBundle, cut_lines, diagnose, first_difference
from hashing.canonical import canonical_line
from hashing.chain import leaf_hash
from hashing.tiles import encode_entries


def chain(count: int) -> list[bytes]:
    lines: list[bytes] = []
    for seq in range(count):
        prev = leaf_hash(lines[-1]).hex() if lines else None
        lines.append(canonical_line({"v": 1, "seq": seq, "prev": prev}))
    return lines


LINES = chain(5)
LEAVES = [leaf_hash(line) for line in LINES]
TILE = b"".join(LEAVES)


def diagnosed(
    lines: Sequence[bytes], tile: bytes | None = b"".join(LEAVES), next_line: bytes | None = None
) -> Diagnosis:
    bundle = StoredBundle(index=0, width=5, path="000.p/5", lines=lines, has_rest=False, tile=tile)
    return diagnose(bundle, Neighbours(prev=None, next_line=None, is_signed=lambda leaves: leaves == LEAVES))


def changed(at: int) -> list[bytes]:
    return [line.replace(b'"v":1', b'"v":2') if seq == at else line for seq, line in enumerate(LINES)]


def test_a_bundle_is_cut_into_its_lines() -> None:
    assert cut_lines(encode_entries(LINES), 5) == (LINES, False)
    assert cut_lines(encode_entries(LINES), 4) == (LINES[:4], True)
    assert cut_lines(encode_entries(LINES)[:-1], 5) == (LINES[:4], True)
    assert cut_lines(b"", 5) == ([], False)
    assert cut_lines(b"\0", 5) == ([], True)


def test_the_first_line_without_its_leaf_is_found() -> None:
    assert first_difference(LINES, LEAVES) is None
    assert first_difference(changed(2), LEAVES) == 2
    assert first_difference(LINES[:3], LEAVES) == 3


def test_a_changed_entry_is_the_only_one_named() -> None:
    for at in range(5):
        found = diagnosed(changed(at))
        assert (found.changed, found.leaves, found.chain_breaks) == ([at], LEAVES, [])
        assert [seq for seq, _ in found.entries] == [seq for seq in range(5) if seq != at]


def test_without_the_tile_a_change_shows_as_a_break_of_the_chain() -> None:
    found = diagnosed(changed(2), tile=None)
    assert [seq for seq, _, _ in found.chain_breaks] == [3]


def test_a_damaged_tile_does_not_accuse_the_entries() -> None:
    for at in range(5):
        tile = b"".join(b"\0" * 32 if seq == at else leaf for seq, leaf in enumerate(LEAVES))
        found = diagnosed(LINES, tile=tile)
        assert (found.changed, found.leaves) == ([], LEAVES)


def test_entries_that_were_cut_off_are_taken_from_the_tile() -> None:
    found = diagnosed(LINES[:3])
    assert (found.changed, found.leaves) == ([3, 4], LEAVES)


def test_nothing_is_made_up_where_nobody_knows_the_leaf() -> None:
    assert diagnosed(LINES[:3], tile=None).leaves == LEAVES[:3]


def test_a_line_that_is_no_entry_is_malformed() -> None:
    lines = [*LINES[:4], b'{"prev":"' + LEAVES[3].hex().encode() + b'","seq":4,"seq":4,"v":1}']
    found = diagnosed(lines, tile=None)
    assert found.malformed == [(4, "a key that appears twice")]


def test_a_line_with_another_number_is_malformed() -> None:
    lines = [*LINES[:4], canonical_line({"v": 1, "seq": 7, "prev": LEAVES[3].hex()})]
    [(seq, reason)] = diagnosed(lines, tile=None).malformed
    assert (seq, "`seq` should be 4, found 7" in reason) == (4, True)
