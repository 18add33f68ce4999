"""A small station's evidence, made with the real modules: keys, entries, sealed bags in two stores, ledger copies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.bag import TAGMANIFEST, BagPayload, bag_path, tag_files, write_tags
from archive.ledger_copy import LedgerCopy
from archive.store import StoreId, StoreLocation, StoreRole, create_store
from bodycam_custody.audit import AuditFinding, AuditReport, verify_evidence
from bodycam_custody.entries import Actor, Draft, Entry, EntryKind, read_entry, write_entry
from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.canonical import Json, canonical_line
from hashing.chain import leaf_hash
from hashing.checkpoint import Checkpoint, NoteSigner
from hashing.digest import Digest
from hashing.frontier import root_of
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from hashing.tiles import encode_entries

ORIGIN = "cg.example.gov.cn/station-1/1"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NOW = START + timedelta(days=1)
STORES = ("primary", "backup")


@dataclass
class Evidence:
    """Two stores and a trust folder under `root`; acts add entries, `publish` signs and copies them."""

    root: Path
    signer: NoteSigner = field(default_factory=lambda: NoteSigner.from_seed(ORIGIN, b"c" * 32))
    bag_key: SigningKey = field(default_factory=lambda: SigningKey.from_seed(b"b" * 32))
    entries: list[Entry] = field(default_factory=list)

    @property
    def stores(self) -> list[Path]:
        return [self.root / store_id for store_id in STORES]

    @property
    def primary(self) -> Path:
        return self.root / "primary"

    @property
    def backup(self) -> Path:
        return self.root / "backup"

    @property
    def trust(self) -> Path:
        return self.root / "trust"

    def add(self, kind: str, facts: Mapping[str, Json], subject: str = "station") -> Entry:
        """Append one entry; `kind` may be one that no version knows."""
        seq = len(self.entries)
        prev = self.entries[-1].leaf if self.entries else None
        draft = Draft(kind=EntryKind.CLOCK_MARK, subject=subject, facts=facts, actor=Actor(system="daemon"))
        entry = write_entry(draft, seq=seq, at=START + timedelta(seconds=seq), prev=prev)
        line = entry.line.replace(b'"kind":"clock.mark"', b'"kind":"' + kind.encode() + b'"')
        self.entries.append(read_entry(line))
        return self.entries[-1]

    def marks(self, count: int) -> None:
        """Append that many clock marks."""
        for _ in range(count):
            self.add("clock.mark", {})

    def seal(self, clip_id: str, content: bytes = b"moving pictures", stores: Sequence[str] = STORES) -> str:
        """Seal a clip in the stores and enter it; return its bag path."""
        path, tagmanifest = self.write_bag(clip_id, content, stores)
        facts: dict[str, Json] = {
            "bag_path": path,
            "tagmanifest_sha256": tagmanifest.hex,
            "main_sha256": Digest.of(content).hex,
            "size_bytes": len(content),
            "stores": dict.fromkeys(stores, "medium"),
        }
        self.add("clip.sealed", facts, f"clip:{clip_id}")
        return path

    def write_bag(self, bag_id: str, content: bytes, stores: Sequence[str]) -> tuple[str, Digest]:
        """Write a sealed bag without entering it."""
        payload = [BagPayload(name="data/main.mp4", size_bytes=len(content), sha256=Digest.of(content))]
        clip_json = canonical_line({"clip_id": bag_id, "v": 1})
        tags = tag_files(
            bag_id=bag_id, payload=payload, clip_json=clip_json, sealed_at=START, origin=ORIGIN, software="test"
        )
        signature = sign(tags[TAGMANIFEST], self.bag_key, Namespace.BAG)
        path = str(bag_path(START, bag_id))
        for store_id in stores:
            (self.root / store_id / path / "data").mkdir(parents=True)
            (self.root / store_id / path / "data/main.mp4").write_bytes(content)
            write_tags(self.root / store_id / path, tags, signature, durable=False)
        return path, Digest.of(tags[TAGMANIFEST])

    def checkpoint(self, size: int | None = None) -> bytes:
        """Return the signed head over the first `size` entries."""
        leaves = [entry.leaf for entry in self.entries[:size]]
        return self.signer.sign(Checkpoint(origin=ORIGIN, size=len(leaves), root=root_of(leaves)))

    def publish(self, stores: Sequence[str] = STORES, size: int | None = None) -> None:
        """Copy the first `size` entries (all by default) to the stores, with their head."""
        lines = [entry.line for entry in self.entries[:size]]
        for store_id in stores:
            copy = LedgerCopy(self.root / store_id / "ledger")
            copy.publish(lambda start, stop: lines[start:stop], len(lines), self.checkpoint(size))

    def keep_anchor(self, size: int | None = None) -> None:
        """Let the auditor take a checkpoint home."""
        (self.trust / "checkpoint").write_bytes(self.checkpoint(size))

    def verify(
        self, *stores: Path, seen: Sequence[Path] = (), max_age_days: int | None = None, now: datetime = NOW
    ) -> AuditReport:
        """Verify the given stores, all by default."""
        return verify_evidence(stores or self.stores, trust=self.trust, seen=seen, max_age_days=max_age_days, now=now)


def build(root: Path) -> Evidence:
    """Make a station with its stores, keys, genesis and trust folder; nothing is published yet."""
    evidence = Evidence(root=root)
    for store_id, role in zip(STORES, (StoreRole.PRIMARY, StoreRole.REPLICA), strict=True):
        create_store(
            StoreLocation(store_id=StoreId(store_id), path=root / store_id, role=role),
            origin=ORIGIN,
            created_at=START,
            sign=lambda data: sign(data, evidence.bag_key, Namespace.STORE),
            ballast_bytes=0,
        )
    genesis = evidence.add("genesis", {"origin": ORIGIN, "checkpoint_vkey": evidence.signer.vkey})
    for store_id in STORES:
        evidence.add("store.added", {"store_id": store_id, "role": "replica"}, f"store:{store_id}")
    evidence.trust.mkdir()
    (evidence.trust / "allowed_signers").write_bytes(allowed_signers(evidence.bag_key))
    (evidence.trust / "station.vkey").write_text(evidence.signer.vkey + "\n")
    (evidence.trust / "genesis").write_text(genesis.leaf.hex() + "\n")
    return evidence


def allowed_signers(key: SigningKey) -> bytes:
    """Return the file that lets `key` sign bags and markers for the principal station."""
    signer = AllowedSigner(principals=("station",), namespaces=tuple(Namespace), key=key.public)
    return AllowedSigners(signers=(signer,)).format()


def small_station(root: Path) -> Evidence:
    """Return evidence of two clips in two stores, published twice, with an anchor over all of it."""
    evidence = build(root)
    evidence.seal("clip-a", b"first clip")
    evidence.publish()
    evidence.seal("clip-b", b"second clip")
    evidence.marks(2)
    evidence.publish()
    evidence.keep_anchor()
    return evidence


def flip(path: Path, at: int = 0, bit: int = 0) -> None:
    """Flip one bit of a stored file, whatever its mode."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.chmod(0o600)
    path.write_bytes(bytes(data))


def rewrite(store: Path, lines: Sequence[bytes]) -> None:
    """Put other lines, and the tile that fits them, into the one bundle of a small station; no head signs them."""
    for name, data in (
        (f"tile/entries/000.p/{len(lines)}", encode_entries(lines)),
        (f"tile/0/000.p/{len(lines)}", b"".join(leaf_hash(line) for line in lines)),
    ):
        path = store / "ledger" / name
        path.chmod(0o600)
        path.write_bytes(data)


def found(report: AuditReport, code: str) -> AuditFinding:
    """Return the one finding of that code; that there is exactly one is part of what is asserted."""
    [finding] = [finding for finding in report.findings if finding.code == code]
    return finding


def codes(report: AuditReport) -> list[str]:
    """Return the codes of everything found, worst first."""
    return [finding.code for finding in report.findings]


def notes_apart(report: AuditReport) -> list[str]:
    """Return the codes of everything found that is more than a note, worst first."""
    return [finding.code for finding in report.findings if finding.severity != "note"]


def verified(evidence: Evidence) -> AuditReport:
    """Return what is found in the primary store alone."""
    return evidence.verify(evidence.primary)
