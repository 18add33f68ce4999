"""One pass over the entries of a ledger copy: JSON, chain, leaves, tree, and the roots at the sizes asked for.

A sound bundle costs one run of `hashing.chain.verify_entries`. A damaged one is taken apart by `audit_damage`, so that
one flipped byte is one finding and everything after it is still compared with what was signed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bodycam_custody.audit.bundles import StoredBundles
from bodycam_custody.audit.codes import (
    CHAIN_BROKEN,
    ENTRY_CHANGED,
    ENTRY_MALFORMED,
    FILE_DIFFERS,
    LEFT_OVER,
    NOT_FOLLOWED,
)
from bodycam_custody.audit.damage import Diagnosis, Neighbours, StoredBundle, diagnose
from bodycam_custody.audit.findings import Findings
from hashing.canonical import Json
from hashing.chain import verify_entries
from hashing.errors import ChainBrokenError
from hashing.frontier import EMPTY_ROOT, HASH_BYTES, Frontier, node_hash, root_of
from hashing.merkle import tree_root
from hashing.tiles import TILE_WIDTH

EntryListener = Callable[[int, dict[str, Json]], object]


@dataclass(slots=True, kw_only=True)
class Followed:
    """What the pass leaves: the leaves (as signed, where that can be told), subtree roots, and roots by size."""

    leaves: bytearray = field(default_factory=bytearray)
    subtrees: list[bytes] = field(default_factory=list)
    """Roots over each full 256 leaves: the nodes of the level-1 tiles."""
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    is_complete: bool = True
    """False when the entries broke off before the signed end, so that tiles beyond cannot be compared."""

    @property
    def size(self) -> int:
        """How many leaves are known."""
        return len(self.leaves) // HASH_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class _SoundBundle:
    leaves: list[bytes]
    frontier: Frontier
    entries: list[tuple[int, dict[str, Json]]]


class EntryPass:
    """The pass over one ledger folder; `run` it once."""

    def __init__(
        self,
        bundles: StoredBundles,
        *,
        findings: Findings,
        signed_roots: Mapping[int, bytes],
        wanted_sizes: Iterable[int],
        on_entry: EntryListener,
        silent_kinds: Collection[str],
    ) -> None:
        """Prepare.

        `on_entry` gets each entry that is what was recorded and is covered by one of `signed_roots`, except those of
        `silent_kinds`; of these it only gets the last one covered.
        """
        self._bundles, self._findings, self._on_entry = bundles, findings, on_entry
        self._silent_kinds = silent_kinds
        self._signed_roots = signed_roots
        self._signed_size = max(signed_roots, default=0)
        self._wanted = sorted({*wanted_sizes, *signed_roots})
        self._before, self._frontier = Frontier(), Frontier()
        self._out = Followed()

    def run(self) -> Followed:
        """Return what could be followed; whatever the evidence holds ends as findings, never as an exception."""
        for bundle in self._bundles.up_to(self._signed_size):
            sound = self._check(bundle, self._last_leaf(), self._frontier)
            self._before = self._frontier
            if sound is None:
                self._follow_damaged(bundle)
            else:
                self._on_entries(sound.entries)
                self._take(sound.leaves, sound.frontier)
            if not self._out.is_complete:
                return self._out
        self._follow_tail()
        return self._out

    def _follow_tail(self) -> None:
        """Follow what lies beyond the newest head; nobody signed it, so what does not fit is left over, not broken."""
        while (bundle := self._bundles.beyond(self._out.size)) is not None:
            if self._out.size == bundle.start:
                self._before = self._frontier
            known = bytes(self._out.leaves[bundle.start * HASH_BYTES :])
            prev = bytes(self._out.leaves[: bundle.start * HASH_BYTES][-HASH_BYTES:]) or None
            sound = self._check(bundle, prev, self._before)
            if sound is None or not b"".join(sound.leaves).startswith(known):
                self._findings.add(LEFT_OVER, bundle.path, size=self._signed_size)
                return
            del self._out.leaves[bundle.start * HASH_BYTES :]
            self._take(sound.leaves, sound.frontier)

    def _last_leaf(self) -> bytes | None:
        return bytes(self._out.leaves[-HASH_BYTES:]) or None

    def _check(self, bundle: StoredBundle, prev: bytes | None, before: Frontier) -> _SoundBundle | None:
        """Return what a bundle holds when nothing is wrong with it, else None."""
        if len(bundle.lines) != bundle.width or bundle.has_rest:
            return None
        entries: list[tuple[int, dict[str, Json]]] = []
        leaves: list[bytes] = []
        silent_kinds, last_seq = self._silent_kinds, self._signed_size - 1

        def keep(seq: int, entry: dict[str, Json]) -> None:
            kind = entry.get("kind")
            if type(kind) is not str or kind not in silent_kinds or seq == last_seq:
                entries.append((seq, entry))

        try:
            followed = verify_entries(
                bundle.lines,
                start_seq=bundle.start,
                prev=prev,
                frontier=before,
                on_entry=keep,
                on_leaves=lambda _seq, batch: leaves.extend(batch),
            )
        except ChainBrokenError:
            return None
        if bundle.tile is not None and bundle.tile != b"".join(leaves):
            return None
        return _SoundBundle(leaves=leaves, frontier=followed.frontier, entries=entries)

    def _follow_damaged(self, bundle: StoredBundle) -> None:
        around = Neighbours(
            prev=self._last_leaf(),
            next_line=self._bundles.line_after(bundle) if bundle.width == TILE_WIDTH else None,
            is_signed=self._is_signed,
        )
        diagnosis = diagnose(bundle, around)
        self._report(bundle, diagnosis)
        self._on_entries(diagnosis.entries)
        frontier = self._frontier.copy()
        frontier.extend(diagnosis.leaves)
        self._take(diagnosis.leaves, frontier)

    def _is_signed(self, leaves: Sequence[bytes]) -> bool:
        grown = self._frontier.copy()
        grown.extend(leaves)
        return self._signed_roots.get(grown.size) == grown.root()

    def _report(self, bundle: StoredBundle, diagnosis: Diagnosis) -> None:
        add, path = self._findings.add, bundle.path
        if diagnosis.changed and bundle.lines:
            add(ENTRY_CHANGED, path, seq=diagnosis.changed[0], count=len(diagnosis.changed))
        elif bundle.has_rest:
            add(FILE_DIFFERS, path, seq=bundle.start + len(bundle.lines))
        for seq, expected, found in diagnosis.chain_breaks:
            add(CHAIN_BROKEN, path, seq=seq, expected=expected, found=found)
        for seq, reason in diagnosis.malformed:
            add(ENTRY_MALFORMED, path, seq=seq, reason=reason)
        if len(diagnosis.leaves) < bundle.width:
            self._out.is_complete = False
            add(NOT_FOLLOWED, path, seq=bundle.start + len(diagnosis.leaves))

    def _take(self, leaves: Sequence[bytes], frontier: Frontier) -> None:
        """Move on past one bundle: keep its leaves, the roots asked for within it, and its own root when it is full."""
        before, self._frontier = self._before, frontier
        self._out.leaves += b"".join(leaves)
        self._out.roots[frontier.size] = frontier.root()
        inner = self._wanted[bisect_right(self._wanted, before.size) : bisect_left(self._wanted, frontier.size)]
        is_full, is_left = len(leaves) == TILE_WIDTH, not before.size // TILE_WIDTH & 1
        if is_full and is_left:
            # Nothing has merged with it yet, so the smallest peak is exactly this bundle.
            self._out.subtrees.append(frontier.peaks[-1])
        elif is_full:
            self._out.subtrees.append(root_of(leaves))
        if inner:
            levels = _levels(leaves)
            self._out.roots.update((size, _root_at(before, levels, size - before.size)) for size in inner)

    def _on_entries(self, entries: Iterable[tuple[int, dict[str, Json]]]) -> None:
        for seq, entry in entries:
            self._on_entry(seq, entry)


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return every perfect subtree over `leaves`, level by level."""
    levels = [list(leaves)]
    while len(nodes := levels[-1]) > 1:
        levels.append([node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=False)])
    return levels


def _root_at(before: Frontier, levels: Sequence[Sequence[bytes]], count: int) -> bytes:
    """Return the root over `before` (a multiple of 256 leaves) and `count` more, fewer than 256 (RFC 6962 §2.1)."""
    root = tree_root(count, lambda level, index: levels[level][index])
    for peak in reversed(before.peaks):
        root = node_hash(peak, root)
    return root
