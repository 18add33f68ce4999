"""One store's copy of the ledger, checked in full: heads, entries, tree, tiles, genesis, and the heads kept outside."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bodycam_custody.audit.bundles import StoredBundles
from bodycam_custody.audit.codes import (
    FACTS_MALFORMED,
    LINK_OR_SPECIAL,
    NOT_LEDGER,
    OTHER_GENESIS,
    OTHER_GENESIS_ORIGIN,
    UNKNOWN_KIND,
    UNREADABLE,
    UNSIGNED_TAIL,
)
from bodycam_custody.audit.decisions import DECISION_KINDS, check_decisions
from bodycam_custody.audit.entries import EntryPass, Followed
from bodycam_custody.audit.expect import SILENT_KINDS, Expectations
from bodycam_custody.audit.files import LedgerFiles, list_ledger
from bodycam_custody.audit.findings import Findings
from bodycam_custody.audit.heads import StoredHead, compare_heads, compare_outside, read_checkpoint, read_heads
from bodycam_custody.audit.tiles import Published, compare_superseded, compare_tiles, require_tiles
from bodycam_custody.audit.trust import Trust
from bodycam_custody.entries import EntryKind
from hashing.canonical import Json
from hashing.digest import Digest
from hashing.frontier import HASH_BYTES

_LEDGER = "ledger"


@dataclass(slots=True, kw_only=True)
class CheckedLedger:
    """What one copy of the ledger holds and how far it is signed."""

    store: Path
    heads: tuple[StoredHead, ...]
    followed: Followed
    expectations: Expectations
    newest_at: str | None
    """Time of the last entry that a head covers, as written."""

    @property
    def signed_size(self) -> int:
        """How many entries the newest head with a good signature covers."""
        return max((head.checkpoint.size for head in self.heads), default=0)

    @property
    def is_rooted(self) -> bool:
        """Whether the entries give the root that the newest head signs."""
        size = self.signed_size
        roots = {head.checkpoint.root for head in self.heads if head.checkpoint.size == size}
        return roots <= {self.followed.roots.get(size)}


@dataclass(slots=True)
class _Reader:
    """Listens to the entries of one pass."""

    signed_size: int
    expectations: Expectations = field(default_factory=Expectations)
    newest_at: str | None = None
    genesis_facts: Json = None
    decisions: list[tuple[int, dict[str, Json]]] = field(default_factory=list)

    def read(self, seq: int, entry: dict[str, Json]) -> None:
        if seq == 0:
            self.genesis_facts = entry.get("facts")
        if seq == self.signed_size - 1:
            self.newest_at = str(entry.get("at"))
        if entry.get("kind") in DECISION_KINDS:
            self.decisions.append((seq, entry))
        self.expectations.add(seq, entry)


def check_ledger(store: Path, trust: Trust, findings: Findings) -> CheckedLedger:
    """Check the ledger copy of `store`; everything wrong with it is added to `findings`."""
    # 1. Read the checkpoint, then list the folder: a station that publishes meanwhile only adds files, so everything
    #    that this checkpoint needs is listed. Nothing in it is followed as a link, nor is the folder itself.
    folder = store / _LEDGER
    is_folder = folder.is_dir() and not folder.is_symlink()
    newest = read_checkpoint(folder if is_folder else Path(os.devnull), trust.verifier, findings)
    files = list_ledger(folder) if is_folder else LedgerFiles()
    _report_listing(files, findings)
    # 2. Verify the signature of every head.
    heads = read_heads(folder, files, newest, trust.verifier, findings)
    signed_roots = {head.checkpoint.size: head.checkpoint.root for head in heads}
    # 3. Follow the entries: JSON, chain, leaves, and the roots at the sizes of all heads.
    reader = _Reader(max(signed_roots, default=0))
    bundles = StoredBundles(folder, files, findings)
    followed = EntryPass(
        bundles,
        findings=findings,
        signed_roots=signed_roots,
        wanted_sizes=[head.checkpoint.size for head in trust.outside_heads],
        on_entry=reader.read,
        silent_kinds=SILENT_KINDS - {EntryKind.GENESIS} - DECISION_KINDS,
    ).run()
    # 4. Compare the roots with the heads in the store and with those kept outside.
    compare_heads(heads, followed, findings)
    compare_outside(trust.outside_heads, followed, signed_size=reader.signed_size, findings=findings)
    # 5. Compare every tile, and every bundle that a longer one replaced.
    published = Published.by_heads([*files.head_sizes, *signed_roots], reader.signed_size)
    compare_tiles(folder, files, followed, published, findings)
    compare_superseded(bundles, followed, published, findings)
    if followed.is_complete:
        require_tiles(files, signed_size=reader.signed_size, findings=findings)
    # 6. The ledger starts with the genesis that is trusted.
    _compare_genesis(followed, reader.genesis_facts, trust, findings)
    # 7. Every decision about people is signed by those it names.
    check_decisions(reader.genesis_facts, reader.decisions, followed, origin=trust.verifier.name, findings=findings)
    # 8. Say what lies beyond the newest head, and what was not understood.
    if followed.size > reader.signed_size:
        findings.add(UNSIGNED_TAIL, _LEDGER, first=reader.signed_size, last=followed.size - 1)
    _report_entries(reader.expectations, findings)
    return CheckedLedger(
        store=store,
        heads=heads,
        followed=followed,
        expectations=reader.expectations,
        newest_at=reader.newest_at,
    )


def _report_listing(files: LedgerFiles, findings: Findings) -> None:
    for path in files.strays:
        findings.add(NOT_LEDGER, f"{_LEDGER}/{path}")
    for path, kind in files.specials:
        findings.add(LINK_OR_SPECIAL, f"{_LEDGER}/{path}", file_kind=kind)
    for path, reason in files.unreadable:
        findings.add(UNREADABLE, f"{_LEDGER}/{path}".rstrip("/"), reason=reason)


def _compare_genesis(followed: Followed, facts: Json, trust: Trust, findings: Findings) -> None:
    if followed.size == 0:
        return
    leaf = bytes(followed.leaves[:HASH_BYTES])
    if leaf != trust.genesis:
        findings.add(OTHER_GENESIS, "entry 0", expected=trust.genesis.hex(), found=Digest.from_raw(leaf).hex)
    origin = facts.get("origin") if isinstance(facts, Mapping) else None
    if facts is not None and origin != trust.verifier.name:
        findings.add(OTHER_GENESIS_ORIGIN, "entry 0", expected=trust.verifier.name, found=str(origin))


def _report_entries(expectations: Expectations, findings: Findings) -> None:
    for seq, kind, problem in expectations.problems:
        findings.add(FACTS_MALFORMED, f"entry {seq}", seq=seq, entry_kind=kind, reason=problem.value)
    for kind, (first, count) in expectations.unknown_kinds.items():
        findings.add(UNKNOWN_KIND, f"entry {first}", seq=first, entry_kind=kind, count=count)
