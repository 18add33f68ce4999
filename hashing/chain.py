"""The hash chain: every entry names the leaf hash of the one before it (docs/ledger-format.md, "Chain").

Verification works on the stored bytes and never encodes anything again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Never, TypeAlias

from hashing.canonical import Json
from hashing.entry_reader import read_entry
from hashing.errors import Absent, ChainBrokenError, MalformedEntryError, MalformedLineError, shown
from hashing.frontier import Frontier

# The only entry format so far; another one is a format change with an ADR.
ENTRY_VERSION = 1

# A tile of leaves at a time keeps memory flat and the tree cheap.
_BATCH_LEAVES = 256

# Enough for a leaf hash in a message, too little to flood a screen.
_FOUND_CHARACTERS = 80

# Copied for every leaf: OpenSSL looks a digest up each time one is made anew.
_LEAF = sha256(b"\x00")

EntryListener: TypeAlias = Callable[[int, dict[str, Json]], object]
"""Is given the number and the parsed value of each entry, in order, once the entry itself is verified."""

LeavesListener: TypeAlias = Callable[[int, list[bytes]], object]
"""Is given the number of the first of some leaf hashes and the hashes, to compare stored tiles; it must not keep the
list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRange:
    """Entries `start_seq` up to, not including, `stop_seq`: each follows from the one before it."""

    start_seq: int
    stop_seq: int
    last_leaf: bytes | None
    """Leaf hash of the last entry, the `prev` of the next one; None while the ledger is empty."""
    frontier: Frontier
    """The tree up to and including the last entry."""

    @property
    def root(self) -> bytes:
        """The root of the tree up to and including the last entry."""
        return self.frontier.root()


def leaf_hash(line: bytes) -> bytes:
    """Return the hash of an entry's bytes as a leaf (RFC 6962 §2.1); the 0x00 tells it from an inner node."""
    hasher = _LEAF.copy()
    hasher.update(line)
    return hasher.digest()


def verify_chain(lines: Iterable[bytes], *, start_seq: int = 0, prev: bytes | None = None) -> bytes | None:
    """Return the leaf hash of the last line, once each line is known to follow from the one before it.

    `prev` is the leaf hash before the first line, None at the start of a ledger; with no lines it is returned. That
    the last entries were not cut off, and that the first one is genuine, is not checked: only a head can show it.

    Raises:
        ChainBrokenError: a line does not follow; `facts["seq"]` is the first such one.
    """
    last_leaf = prev
    for seq, batch in _batches(lines, start_seq):
        last_leaf = _follow(batch, seq, last_leaf, None)[-1]
    return last_leaf


def verify_entries(
    lines: Iterable[bytes],
    *,
    start_seq: int,
    prev: bytes | None,
    frontier: Frontier,
    on_entry: EntryListener | None = None,
    on_leaves: LeavesListener | None = None,
) -> VerifiedRange:
    """Verify a range of entries in one pass: JSON, version, number, chain; and hash them into the tree.

    `frontier` is the tree before `start_seq`; it is not changed. Whether the root is the one of a signed head is left
    to the caller, and so is everything that `verify_chain` does not check.

    Raises:
        ChainBrokenError: an entry does not follow; `on_entry` has then been given the entries before it.
        ValueError: `frontier` or `prev` does not belong before `start_seq`.
    """
    if frontier.size != start_seq or (prev is None) != (start_seq == 0):
        raise ValueError(f"entry {start_seq} needs the tree of that size and the leaf hash before it")
    grown, last_leaf = frontier.copy(), prev
    for seq, batch in _batches(lines, start_seq):
        leaves = _follow(batch, seq, last_leaf, on_entry)
        if on_leaves is not None:
            on_leaves(seq, leaves)
        grown.extend(leaves)
        last_leaf = leaves[-1]
    return VerifiedRange(start_seq=start_seq, stop_seq=grown.size, last_leaf=last_leaf, frontier=grown)


def _batches(lines: Iterable[bytes], start_seq: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield `lines` in batches that end where tiles end, with the number of the first."""
    remaining, seq = iter(lines), start_seq
    while batch := list(islice(remaining, _BATCH_LEAVES - seq % _BATCH_LEAVES)):
        yield seq, batch
        seq += len(batch)


def _follow(lines: list[bytes], start_seq: int, prev: bytes | None, on_entry: EntryListener | None) -> list[bytes]:
    """Return the leaf hash of each line, once each is known to follow from the one before."""
    prev_hex, leaves = None if prev is None else prev.hex(), []
    for seq, line in enumerate(lines, start_seq):
        try:
            entry = read_entry(line)
            number, version = entry["seq"], entry["v"]
            if number != seq or version != ENTRY_VERSION or entry["prev"] != prev_hex:
                _refuse(entry, seq, prev_hex)
            # `true` equals 1 in Python, but is another line and another value.
            if version is True or number is True or number is False:
                _refuse(entry, seq, prev_hex)
        except MalformedLineError as err:
            raise MalformedEntryError(seq=seq, problem=err.facts["problem"]) from err
        except KeyError:
            _refuse(entry, seq, prev_hex)
        hasher = _LEAF.copy()
        hasher.update(line)
        leaf = hasher.digest()
        prev_hex = leaf.hex()
        leaves.append(leaf)
        if on_entry is not None:
            on_entry(seq, entry)
    return leaves


def _refuse(entry: Mapping[str, Json], seq: int, prev_hex: str | None) -> Never:
    for field, expected in (("v", ENTRY_VERSION), ("seq", seq), ("prev", prev_hex)):
        found = entry.get(field, Absent.NOTHING)
        if found != expected or type(found) is not type(expected):
            raise ChainBrokenError(seq=seq, field=field, expected=expected, found=_printable(found))
    raise AssertionError("an entry was refused without a reason")


def _printable(value: Json) -> Json:
    """Return `value` as it may stand in a message: the entry is evidence, and may have been written to mislead."""
    if value is None or isinstance(value, bool | int):
        return value
    return shown(value if isinstance(value, str) else str(value))[:_FOUND_CHARACTERS]
