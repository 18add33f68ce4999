"""Taking a damaged entry bundle apart: which entry is bad, and which leaf was signed in its place.

Three places speak of the leaf of entry k: the entry itself, the level-0 tile, and `prev` of entry k+1. Where two agree,
the third is the damaged one. This only decides what the damage is called: every leaf that is not the entry's own is
itself a finding, so nothing can pass as verified because of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hashing.canonical import Json, parse_line
from hashing.chain import leaf_hash, verify_chain
from hashing.errors import ChainBrokenError, HashingError, MalformedEntryError
from hashing.frontier import HASH_BYTES
from hashing.tiles import TILE_WIDTH

_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBundle:
    """What is on the disk for up to 256 entries; anything may be missing, short or wrong."""

    index: int
    width: int
    """How many entries there should be."""
    path: str
    lines: Sequence[bytes]
    """As far as the bundle can be cut into entries."""
    has_rest: bool
    """Whether bytes follow the last entry."""
    tile: bytes | None
    """The level-0 tile, as far as it concerns these entries, when it is there and long enough."""

    @property
    def start(self) -> int:
        """Number of the first entry."""
        return self.index * TILE_WIDTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """What is known around a bundle."""

    prev: bytes | None
    """Leaf of the entry before it."""
    next_line: bytes | None
    """First line of the bundle after it, when there is one."""
    is_signed: Callable[[Sequence[bytes]], bool]
    """Whether these leaves, after all before the bundle, give a root that a head signs."""


@dataclass(slots=True, kw_only=True)
class Diagnosis:
    """What is wrong with a bundle, by entry number; `leaves` stops early where nobody knows the next one."""

    leaves: list[bytes] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    chain_breaks: list[tuple[int, str, str]] = field(default_factory=list)
    """Entry number, leaf expected as `prev`, what it says."""
    malformed: list[tuple[int, str]] = field(default_factory=list)
    entries: list[tuple[int, dict[str, Json]]] = field(default_factory=list)
    """The entries that are what was recorded."""


def cut_lines(data: bytes, width: int) -> tuple[list[bytes], bool]:
    """Return up to `width` lines of a bundle, as far as its lengths can be followed, and whether bytes are left."""
    lines: list[bytes] = []
    position, size_bytes = 0, len(data)
    while position + _LENGTH_BYTES <= size_bytes and len(lines) < width:
        start = position + _LENGTH_BYTES
        end = start + (data[position] << 8 | data[position + 1])
        if end > size_bytes:
            break
        lines.append(data[start:end])
        position = end
    return lines, position != size_bytes


def first_difference(lines: Sequence[bytes], leaves: Sequence[bytes]) -> int | None:
    """Return the position of the first line that does not have its leaf (or is missing), None if all have."""
    for position, leaf in enumerate(leaves):
        if position >= len(lines) or leaf_hash(lines[position]) != leaf:
            return position
    return None


def diagnose(bundle: StoredBundle, around: Neighbours) -> Diagnosis:
    """Return what is wrong with `bundle`, entry by entry."""
    found = Diagnosis()
    lines = list(bundle.lines[: bundle.width])
    computed = [leaf_hash(line) for line in lines]
    after = [_claimed_prev(line) for line in lines[1:]]
    if len(lines) == bundle.width and around.next_line is not None:
        after.append(_claimed_prev(around.next_line))
    for position in range(bundle.width):
        own = computed[position] if position < len(computed) else None
        tile = bundle.tile[position * HASH_BYTES : (position + 1) * HASH_BYTES] if bundle.tile else None
        later = after[position] if position < len(after) else None
        leaf = _settle(own, tile, later, lambda leaf: around.is_signed([*found.leaves, leaf]))
        if leaf is None:
            break
        found.leaves.append(leaf)
    _examine(bundle, lines, computed, around.prev, found)
    return found


def _settle(
    own: bytes | None, tile: bytes | None, later: bytes | None, is_signed: Callable[[bytes], bool]
) -> bytes | None:
    """Return the leaf that was signed, as far as it can be told."""
    if own is None:
        return tile or later
    if tile is None or own in (tile, later):
        return own
    if tile == later or (later is None and not is_signed(own)):
        return tile
    return own


def _examine(
    bundle: StoredBundle, lines: Sequence[bytes], computed: Sequence[bytes], prev: bytes | None, found: Diagnosis
) -> None:
    for position, leaf in enumerate(found.leaves):
        seq = bundle.start + position
        if position >= len(computed) or computed[position] != leaf:
            found.changed.append(seq)
        else:
            _examine_entry(seq, lines[position], prev, found)
        prev = leaf


def _examine_entry(seq: int, line: bytes, prev: bytes | None, found: Diagnosis) -> None:
    try:
        verify_chain([line], start_seq=seq, prev=prev)
    except MalformedEntryError as err:
        found.malformed.append((seq, str(err.facts["problem"])))
    except ChainBrokenError as err:
        if err.facts["field"] == "prev":
            found.chain_breaks.append((seq, str(err.facts["expected"]), str(err.facts["found"])))
        else:
            found.malformed.append((seq, str(err)))
    else:
        found.entries.append((seq, parse_line(line)))


def _claimed_prev(line: bytes) -> bytes | None:
    try:
        claimed = parse_line(line).get("prev")
    except HashingError:
        return None
    try:
        return bytes.fromhex(claimed) if isinstance(claimed, str) else None
    except ValueError:
        return None
