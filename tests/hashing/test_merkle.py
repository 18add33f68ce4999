"""The Merkle tree and its proofs, against RFC 6962."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashing.chain import leaf_hash
from hashing.errors import ProofLengthError, RootMismatchError
from hashing.merkle import (
    EMPTY_ROOT,
    Frontier,
    LeafTree,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# Leaf inputs and roots of google/certificate-transparency, merkle_tree_test.cc.
CT_INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_LEAVES = [leaf_hash(data) for data in CT_INPUTS]

LEAVES = [sha256(seq.to_bytes(2, "big")).digest() for seq in range(1100)]
TREE = LeafTree.of(LEAVES)
sizes = st.integers(0, len(LEAVES)) | st.sampled_from([1, 2, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025])


def rfc_root(leaves: list[bytes]) -> bytes:
    """MTH, word for word as in RFC 6962 §2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(rfc_root(leaves[:k]), rfc_root(leaves[k:]))


def rfc_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH, word for word as in RFC 6962 §2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*rfc_path(m, leaves[:k]), rfc_root(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), rfc_root(leaves[:k])]


def rfc_subproof(m: int, leaves: list[bytes], is_complete: bool) -> list[bytes]:
    """SUBPROOF, word for word as in RFC 6962 §2.1.2."""
    if m == len(leaves):
        return [] if is_complete else [rfc_root(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], is_complete), rfc_root(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], False), rfc_root(leaves[:k])]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(CT_LEAVES[:size]).hex() == CT_ROOTS[size]
    assert LeafTree.of(CT_LEAVES).root(size).hex() == CT_ROOTS[size]


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert sha256().digest() == EMPTY_ROOT == LeafTree.of().root()


@given(size=sizes)
def test_every_way_to_a_root_gives_the_root_of_the_rfc(size: int) -> None:
    expected = rfc_root(LEAVES[:size])
    one_by_one = Frontier()
    for leaf in LEAVES[:size]:
        one_by_one.append(leaf)
    assert root_of(LEAVES[:size]) == one_by_one.root() == TREE.root(size) == expected
    assert frontier_at(size, TREE.node).peaks == one_by_one.peaks


@given(size=sizes, batches=st.lists(st.integers(0, 600), max_size=4))
def test_a_frontier_rebuilt_between_any_batches_grows_on_alike(size: int, batches: list[int]) -> None:
    frontier = Frontier()
    for stop in sorted({min(batch, size) for batch in batches} | {size}):
        frontier.extend(LEAVES[frontier.size : stop])
        frontier = Frontier(frontier.size, frontier.peaks)
    assert frontier.size == size
    assert frontier.root() == rfc_root(LEAVES[:size])


def test_a_copied_frontier_grows_alone() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:3])
    frontier.copy().append(LEAVES[3])
    assert (frontier.size, frontier.root()) == (3, rfc_root(LEAVES[:3]))


@pytest.mark.parametrize(
    ("size", "peaks"), [(1, []), (0, [bytes(32)]), (2, [bytes(32)] * 2), (1, [bytes(31)]), (-1, [bytes(32)])]
)
def test_peaks_that_cannot_belong_to_the_size_are_refused(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(ValueError, match=f"{len(peaks)} peaks do not make a tree of {size} leaves"):
        Frontier(size, peaks)


@given(st.data())
def test_inclusion_proofs_are_those_of_the_rfc_and_verify(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, TREE.node)
    assert proof == rfc_path(index, LEAVES[:size])
    verify_inclusion(LEAVES[index], index=index, size=size, root=TREE.root(size), proof=proof)


@given(st.data())
def test_consistency_proofs_are_those_of_the_rfc_and_verify(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    old_size = data.draw(st.integers(1, size))
    proof = consistency_proof(old_size, size, TREE.node)
    assert proof == rfc_subproof(old_size, LEAVES[:size], True)
    verify_consistency(old_size=old_size, old_root=TREE.root(old_size), size=size, root=TREE.root(size), proof=proof)


def test_all_proofs_of_small_trees_verify() -> None:
    for size in range(1, 34):
        root = TREE.root(size)
        for other in range(size):
            verify_inclusion(
                LEAVES[other], index=other, size=size, root=root, proof=inclusion_proof(other, size, TREE.node)
            )
            proof = consistency_proof(other, size, TREE.node)
            verify_consistency(old_size=other, old_root=TREE.root(other), size=size, root=root, proof=proof)


@given(st.data())
def test_an_inclusion_proof_shows_nothing_but_its_own_statement(data: st.DataObject) -> None:
    """Any flipped bit, other leaf, other index or missing hash is refused."""
    size = data.draw(st.integers(2, 300))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda drawn: drawn != index))
    root, proof = TREE.root(size), inclusion_proof(index, size, TREE.node)
    place = data.draw(st.integers(0, len(proof) - 1))
    broken = [*proof]
    broken[place] = flip(proof[place], data.draw(st.integers(0, 255)))
    with pytest.raises(RootMismatchError):
        verify_inclusion(LEAVES[index], index=index, size=size, root=root, proof=broken)
    with pytest.raises(RootMismatchError):
        verify_inclusion(LEAVES[other], index=index, size=size, root=root, proof=proof)
    with pytest.raises((RootMismatchError, ProofLengthError)):
        verify_inclusion(LEAVES[index], index=other, size=size, root=root, proof=proof)
    with pytest.raises(ProofLengthError):
        verify_inclusion(LEAVES[index], index=index, size=size, root=root, proof=proof[:place] + proof[place + 1 :])
    with pytest.raises(ProofLengthError):
        verify_inclusion(LEAVES[index], index=index, size=size, root=root, proof=[*proof, root])


@given(st.data())
def test_a_consistency_proof_shows_nothing_but_its_own_statement(data: st.DataObject) -> None:
    """Any flipped bit in proof or roots, and any missing or extra hash, is refused."""
    size = data.draw(st.integers(2, 300))
    old_size = data.draw(st.integers(1, size - 1))
    old_root, root = TREE.root(old_size), TREE.root(size)
    proof = consistency_proof(old_size, size, TREE.node)
    place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    broken = [*proof]
    broken[place] = flip(proof[place], bit)
    with pytest.raises(RootMismatchError):
        verify_consistency(old_size=old_size, old_root=old_root, size=size, root=root, proof=broken)
    with pytest.raises(RootMismatchError):
        verify_consistency(old_size=old_size, old_root=flip(old_root, bit), size=size, root=root, proof=proof)
    with pytest.raises(RootMismatchError):
        verify_consistency(old_size=old_size, old_root=old_root, size=size, root=flip(root, bit), proof=proof)
    with pytest.raises(ProofLengthError):
        verify_consistency(old_size=old_size, old_root=old_root, size=size, root=root, proof=proof[1:])
    with pytest.raises(ProofLengthError):
        verify_consistency(old_size=old_size, old_root=old_root, size=size, root=root, proof=[*proof, root])


@given(st.data())
def test_a_rewritten_ledger_cannot_be_proved_consistent(data: st.DataObject) -> None:
    """Whoever changes an entry before the old head finds no proof, not even the honest prover's."""
    size = data.draw(st.integers(2, 200))
    old_size = data.draw(st.integers(1, size - 1))
    rewritten = [*LEAVES[:size]]
    place = data.draw(st.integers(0, old_size - 1))
    rewritten[place] = flip(rewritten[place], 0)
    tree = LeafTree.of(rewritten)
    proof = consistency_proof(old_size, size, tree.node)
    with pytest.raises(RootMismatchError):
        verify_consistency(old_size=old_size, old_root=TREE.root(old_size), size=size, root=tree.root(), proof=proof)


def test_two_heads_of_one_size_must_be_equal() -> None:
    verify_consistency(old_size=5, old_root=TREE.root(5), size=5, root=TREE.root(5), proof=[])
    with pytest.raises(RootMismatchError):
        verify_consistency(old_size=5, old_root=TREE.root(4), size=5, root=TREE.root(5), proof=[])


def test_every_tree_extends_the_empty_one_and_only_that() -> None:
    verify_consistency(old_size=0, old_root=EMPTY_ROOT, size=5, root=TREE.root(5), proof=[])
    with pytest.raises(RootMismatchError):
        verify_consistency(old_size=0, old_root=bytes(32), size=5, root=TREE.root(5), proof=[])


def test_refusals_say_what_was_expected_and_found() -> None:
    with pytest.raises(ProofLengthError) as short:
        verify_inclusion(LEAVES[0], index=0, size=4, root=TREE.root(4), proof=[])
    assert str(short.value) == "The proof for tree size 4 needs 2 hashes, found 0."
    with pytest.raises(RootMismatchError) as other:
        verify_inclusion(LEAVES[0], index=0, size=1, root=LEAVES[1], proof=[])
    assert str(other.value) == (
        f"The root of the ledger at size 1 should be {LEAVES[1].hex()}, the proof leads to {LEAVES[0].hex()}."
    )


@pytest.mark.parametrize(("index", "size"), [(3, 3), (-1, 3), (0, 0)])
def test_no_proof_is_made_or_checked_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    message = re.escape(f"a tree of {size} leaves has no leaf {index}")
    with pytest.raises(ValueError, match=message):
        inclusion_proof(index, size, TREE.node)
    with pytest.raises(ValueError, match=message):
        verify_inclusion(LEAVES[0], index=index, size=size, root=TREE.root(3), proof=[])


@pytest.mark.parametrize(("old_size", "size"), [(4, 3), (-1, 3)])
def test_a_tree_cannot_extend_a_larger_one(old_size: int, size: int) -> None:
    message = f"a tree of {size} leaves cannot extend one of {old_size}"
    with pytest.raises(ValueError, match=message):
        consistency_proof(old_size, size, TREE.node)
    with pytest.raises(ValueError, match=message):
        verify_consistency(old_size=old_size, old_root=EMPTY_ROOT, size=size, root=EMPTY_ROOT, proof=[])


def flip(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit changed."""
    return (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big")
