"""The hash chain, and verifying ranges of entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.chain import leaf_hash, verify_chain, verify_entries
from hashing.errors import ChainBrokenError, LineProblem, MalformedEntryError
from hashing.frontier import Frontier, root_of
from tests.hashing.ledgers import entry_line, ledger_lines

LINES = ledger_lines(600)
LEAVES = [leaf_hash(line) for line in LINES]


def verify_all(lines: list[bytes]) -> bytes:
    """Return the root over `lines`, verified from the start of the ledger."""
    return verify_entries(lines, start_seq=0, prev=None, frontier=Frontier()).root


def test_an_intact_ledger_verifies_and_gives_its_last_leaf_and_root() -> None:
    assert verify_chain(LINES) == LEAVES[-1]
    verified = verify_entries(iter(LINES), start_seq=0, prev=None, frontier=Frontier())
    assert (verified.start_seq, verified.stop_seq) == (0, 600)
    assert verified.last_leaf == LEAVES[-1]
    assert verified.root == root_of(LEAVES)


def test_an_empty_ledger_verifies_as_empty() -> None:
    assert verify_chain([]) is None
    verified = verify_entries([], start_seq=0, prev=None, frontier=Frontier())
    assert (verified.stop_seq, verified.last_leaf, verified.root) == (0, None, root_of([]))


@given(cut=st.integers(1, 599))
def test_a_ledger_verified_in_two_parts_gives_the_same_root_as_in_one(cut: int) -> None:
    before = Frontier()
    first = verify_entries(LINES[:cut], start_seq=0, prev=None, frontier=before)
    second = verify_entries(LINES[cut:], start_seq=cut, prev=first.last_leaf, frontier=first.frontier)
    assert second.root == root_of(LEAVES)
    assert second.last_leaf == verify_chain(LINES[cut:], start_seq=cut, prev=LEAVES[cut - 1]) == LEAVES[-1]
    assert before.size == 0
    assert first.frontier.size == cut


def test_listeners_are_given_every_entry_and_every_leaf_in_order() -> None:
    seen: list[tuple[int, object]] = []
    leaves: list[tuple[int, list[bytes]]] = []
    first = verify_entries(LINES[:10], start_seq=0, prev=None, frontier=Frontier())
    verify_entries(
        LINES[10:],
        start_seq=10,
        prev=first.last_leaf,
        frontier=first.frontier,
        on_entry=lambda seq, entry: seen.append((seq, entry["seq"])),
        on_leaves=lambda seq, batch: leaves.append((seq, list(batch))),
    )
    assert seen == [(seq, seq) for seq in range(10, 600)]
    # Batches end where tiles end, so that a stored tile can be compared with one batch.
    assert leaves == [(10, LEAVES[10:256]), (256, LEAVES[256:512]), (512, LEAVES[512:])]


@given(seq=st.integers(0, 4), position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_the_chain_detects_any_single_byte_edit_before_the_last_entry(seq: int, position: int, flip: int) -> None:
    lines = LINES[:6]
    line = bytearray(lines[seq])
    line[position % len(line)] ^= flip
    lines[seq] = bytes(line)
    with pytest.raises(ChainBrokenError) as caught:
        verify_chain(lines)
    assert caught.value.facts["seq"] in (seq, seq + 1)
    with pytest.raises(ChainBrokenError) as again:
        verify_all(lines)
    assert again.value.facts == caught.value.facts


@given(position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_the_root_detects_any_single_byte_edit_of_the_last_entry(position: int, flip: int) -> None:
    line = bytearray(LINES[5])
    line[position % len(line)] ^= flip
    try:
        root = verify_all([*LINES[:5], bytes(line)])
    except ChainBrokenError:
        return
    assert root != root_of(LEAVES[:6])


@given(st.data())
def test_removing_inserting_or_swapping_entries_breaks_the_chain(data: st.DataObject) -> None:
    lines = LINES[:8]
    place = data.draw(st.integers(0, 6))
    change = data.draw(st.sampled_from(["remove", "repeat", "swap"]))
    if change == "remove":
        del lines[place]
    elif change == "repeat":
        lines.insert(place, lines[place])
    else:
        lines[place], lines[place + 1] = lines[place + 1], lines[place]
    with pytest.raises(ChainBrokenError) as caught:
        verify_chain(lines)
    assert caught.value.facts["seq"] in (place, place + 1)


def test_a_cut_tail_passes_the_chain() -> None:
    """What only a head can find; the documents say so."""
    assert verify_chain(LINES[:-5]) == LEAVES[-6]


@pytest.mark.parametrize(
    ("line", "field", "expected", "found"),
    [
        (entry_line(1, None), "seq", 0, 1),
        (entry_line(0, "00" * 32), "prev", None, "00" * 32),
        (entry_line(0, None).replace(b'"v":1', b'"v":2'), "v", 1, 2),
        (entry_line(0, None).replace(b'"v":1', b'"v":true'), "v", 1, True),
        (entry_line(0, None).replace(b'"seq":0', b'"seq":false'), "seq", 0, False),
        (entry_line(0, None).replace(b'"seq":0', b'"seq":"0"'), "seq", 0, "0"),
        (entry_line(0, None).replace(b',"v":1', b""), "v", 1, "nothing"),
        (entry_line(0, None).replace(b',"seq":0', b""), "seq", 0, "nothing"),
        (entry_line(0, None).replace(b'"prev":null,', b""), "prev", None, "nothing"),
    ],
)
def test_an_entry_that_does_not_follow_is_named_with_the_field(
    line: bytes, field: str, expected: object, found: object
) -> None:
    with pytest.raises(ChainBrokenError) as caught:
        verify_chain([line])
    assert caught.value.facts == {"seq": 0, "field": field, "expected": expected, "found": found}
    assert str(caught.value) == (
        f"Ledger entry 0: `{field}` should be {expected}, found {found}. "
        "This entry or the one before it was changed, removed or inserted."
    )


def test_a_missing_link_is_shown_as_what_it_is() -> None:
    with pytest.raises(ChainBrokenError) as caught:
        verify_chain([LINES[0], entry_line(1, None)])
    assert caught.value.facts == {"seq": 1, "field": "prev", "expected": LEAVES[0].hex(), "found": None}


def test_what_a_bad_entry_says_reaches_a_message_in_printable_form_and_cut() -> None:
    misleading = entry_line(0, "\x1b[2J\u202e" + "x" * 200)
    with pytest.raises(ChainBrokenError) as caught:
        verify_chain([misleading])
    assert caught.value.facts["found"] == "\\x1b[2J\\u202e" + "x" * 67
    with pytest.raises(ChainBrokenError, match=r"found {'a': 1}\."):
        verify_chain([entry_line(0, None).replace(b'"prev":null', b'"prev":{"a":1}')])


def test_an_unreadable_entry_is_a_broken_chain_with_its_reason() -> None:
    with pytest.raises(MalformedEntryError) as caught:
        verify_all([*LINES[:300], b'{"seq":300,"seq":300}'])
    assert caught.value.facts == {"seq": 300, "problem": LineProblem.DUPLICATE_KEY}
    assert str(caught.value) == (
        "Ledger entry 300: expected one line of JSON with unique keys and whole numbers, "
        "found: a key that appears twice."
    )


@pytest.mark.parametrize(("start_seq", "prev"), [(1, LEAVES[0]), (0, LEAVES[0]), (1, None)])
def test_a_range_needs_the_tree_and_the_leaf_before_it(start_seq: int, prev: bytes | None) -> None:
    with pytest.raises(ValueError, match=f"entry {start_seq} needs the tree of that size"):
        verify_entries(LINES[start_seq:], start_seq=start_seq, prev=prev, frontier=Frontier())
