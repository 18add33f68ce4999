"""A station to be interrupted, its cards, and what it must look like once it has recovered."""

import random
import secrets
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.answers import Answer
from archive.bag_check import check_bag
from archive.errors import ArchiveError
from archive.ledger_copy import LedgerCopy
from bodycam_custody.audit import verify_evidence
from bodycam_custody.bag_signatures import bag_verifier
from bodycam_custody.clock import Clock
from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.dockings.progress import Progress
from bodycam_custody.entries import Entry, EntryKind
from bodycam_custody.genesis import create_station, write_anchor
from bodycam_custody.intake import take_in
from bodycam_custody.interpretation.procedure import interpret_waiting
from bodycam_custody.model import DockingId, clip_id_of
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import Station, open_station, station_lock
from config.settings import Settings
from docking.card import DockedCard, DockingKind
from hashing.digest import Digest
from hashing.errors import StatedError
from tests.bodycam_custody.stations import make_card, people, write_settings

RECORDER = "usb:4255:0001:0000017"
_CLIP_KINDS = frozenset({EntryKind.CLIP_SEALED, EntryKind.BAG_ADOPTED})


@dataclass(slots=True)
class Acknowledged:
    """What an interrupted process said was on the medium: leaf hashes by seq, and published sizes by store folder."""

    leaves: dict[int, str] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    head: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A station in a folder that nobody has open."""

    root: Path
    settings: Settings

    @property
    def stores(self) -> Mapping[str, Path]:
        """The store folders by store id, the primary first."""
        return {store.id: store.path for store in self.settings.stores}

    def copy_to(self, root: Path) -> "Site":
        """Return the same station in another folder of the same file system."""
        shutil.copytree(self.root, root)
        return Site(root=root, settings=write_settings(root, _VALUES))


_VALUES = {"docking.workers_per_card": 1}


def create_site(root: Path, values: Mapping[str, object] | None = None, **places: Any) -> Site:
    """Create a station in `root`; `places` are those of `write_settings`."""
    root.mkdir(exist_ok=True)
    settings = write_settings(root, _VALUES if values is None else values, **places)
    create_station(settings, people(), Clock())
    for store in settings.stores:
        (store.path / ".ballast").unlink()  # many stations share a small disk here
    return Site(root=root, settings=settings)


def make_small_card(folder: Path, seed: object) -> Path:
    """Make a card with a bit of everything; only the empty file and the foreign one are the same on every card."""
    chance = random.Random(str(seed))  # noqa: S311  # content, not secrets
    stem = "DCIM/100MEDIA/500123_DSJ0017_20261120{:06d}_{:04d}".format
    twin = chance.randbytes(40_000)
    files = {
        f"{stem(80000, 1)}.mp4": chance.randbytes(1_200_000),  # several blocks
        f"{stem(80000, 1)}.xml": chance.randbytes(300),
        f"{stem(80100, 2)}.mp4": twin,
        f"{stem(80200, 3)}.mp4": twin,
        f"{stem(80200, 3)}.xml": chance.randbytes(200),  # new, although its clip is known: a supplement
        f"{stem(80300, 4)}.mp4": b"",
        f"{stem(80400, 5)}.jpg": chance.randbytes(9_000),
        f"{stem(80500, 6)}.m4a": chance.randbytes(5_000),
        f"{stem(80600, 7)}.xml": chance.randbytes(100),  # its recording is missing
        "autorun.inf": b"[autorun]\r\nopen=setup.exe\r\n",
        "DCIM/\u202e4pm.exe": chance.randbytes(70),
    }
    odd = {b"DCIM/100MEDIA/\xff\nname.mp4": chance.randbytes(3_000)}
    return make_card(folder, {**{name.encode(): content for name, content in files.items()}, **odd})


def arrival_of(card: Path) -> Arrival:
    """Return `card` as it arrives now."""
    now = datetime.now(UTC)
    return Arrival(
        docking_id=DockingId(f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"),
        card=DockedCard(
            root=card, kind=DockingKind.DOCK, recorder=RECORDER, slot="slot 1", port_path="1-1", filesystem="folder"
        ),
        docked_at=now,
    )


def make_launcher(root: Path) -> Path:
    """Make a probe that is quick and finds nothing it can parse."""
    launcher = root / "custody-probe"
    launcher.write_text('#!/bin/sh\necho \'{"custody_probe": {"outcome": "unparseable", "sandbox": "none"}}\'\n')
    launcher.chmod(0o755)
    return launcher


@contextmanager
def opened(settings: Settings) -> Iterator[Runtime]:
    """Yield the station started as the daemon starts it: everything checked, then settled."""
    with station_lock(settings.paths.state):
        station = open_station(settings, Clock(), whole_check=True)
        runtime = Runtime(station, mode="in-process")
        try:
            runtime.settle()
            yield runtime
        finally:
            runtime.close()
            station.close()


def recover(site: Site, cards: Sequence[Path], *, seen: Sequence[bytes] = ()) -> None:
    """Start the station after its interruption, dock `cards` again, and require that all is as if nothing had been.

    `seen` are heads that somebody kept before the interruption.
    """
    with opened(site.settings) as runtime:
        assert runtime.failure is None, str(runtime.failure)
        for card in cards:
            progress = Progress()
            take_in(runtime.station, arrival_of(card), progress)
            assert [str(problem) for problem in progress.problems] == []
        interpret_waiting(runtime.station, launcher=make_launcher(site.root))
        require_nothing_lost_or_twice(site, runtime.station, cards)
        require_it_verifies(site, seen)
        head = runtime.station.ledger.head
        assert head is not None
        write_anchor(site.settings.paths.trust, head.note)


def require_nothing_lost_or_twice(site: Site, station: Station, cards: Sequence[Path]) -> None:
    """Compare cards, ledger and disks with one another, all of them read afresh."""
    entries = list(station.ledger.entries())
    sealed = [entry for entry in entries if entry.kind in _CLIP_KINDS]
    clips = [entry.facts for entry in sealed]
    clip_ids = Counter(entry.clip_id for entry in sealed)
    assert [clip_id for clip_id, count in clip_ids.items() if count > 1] == [], "sealed twice"
    bags = {str(facts["bag_path"]): facts for facts in [*clips, *_supplements(entries)]}
    for name, path in site.stores.items():
        standing = [str(bag.relative_to(path)) for bag in path.glob("clips/*/*/*/*")]
        assert sorted(standing) == sorted(bags), f"bags and entries differ on {name}"
        assert list((path / ".staging").iterdir()) == [], f"staging of {name}"
        assert list((path / ".quarantine").iterdir()) == [], f"quarantine of {name}"
    sidecars = {sha256 for facts in bags.values() for sha256 in _strings(facts["sidecars"])}
    for card in cards:
        for file in sorted(path for path in card.rglob("*") if path.is_file()):
            digest = Digest.of(file.read_bytes())
            assert clip_id_of(recorder=RECORDER, main=digest) in clip_ids or digest.hex in sidecars, f"lost: {file!r}"
    require_whole_bags(site, station, bags.values())
    _require_every_docking_ended(entries)


def require_whole_bags(site: Site, station: Station, bags: Iterable[Mapping[str, Any]]) -> None:
    """Check each bag on each store against the digest in its entry."""
    for facts in bags:
        for name, path in site.stores.items():
            found = check_bag(
                path / facts["bag_path"],
                verify_signature=bag_verifier(station),
                expected_tagmanifest=Digest(hex=facts["tagmanifest_sha256"]),
            )
            assert found == (), f"{facts['bag_path']} on {name}"


def require_it_verifies(site: Site, seen: Sequence[bytes]) -> None:
    """Ask the offline verifier, with the last head that was kept before as anchor."""
    kept = []
    for number, note in enumerate(seen):
        kept.append(site.root / f"seen-{number}")
        kept[-1].write_bytes(note)
    report = verify_evidence(
        list(site.stores.values()), trust=site.settings.paths.trust, seen=kept, now=datetime.now(UTC)
    )
    assert report.answer is Answer.YES, "\n".join(f"{one.code} {one.store} {one.text}" for one in report.findings)


def losses(site: Site, acknowledged: Acknowledged) -> list[str]:
    """Return what was acknowledged and is not there, and entries without their bags; the station is not settled yet."""
    try:
        with station_lock(site.settings.paths.state):
            station = open_station(site.settings, Clock(), whole_check=True)
            try:
                return [*_lost(site, station, acknowledged)]
            finally:
                station.close()
    except (StatedError, sqlite3.DatabaseError) as err:
        return [f"the station does not open: {err}"]


def _lost(site: Site, station: Station, acknowledged: Acknowledged) -> Iterator[str]:
    if station.ledger.refusal is not None:
        yield str(station.ledger.refusal)
    entries = list(station.ledger.entries())
    leaves = {entry.seq: entry.leaf.hex() for entry in entries}
    for seq, leaf in acknowledged.leaves.items():
        if leaves.get(seq) != leaf:
            yield f"entry {seq} was acknowledged and is lost"
    for store, size in acknowledged.published.items():
        try:
            if LedgerCopy(Path(store) / "ledger").published_size() < size:
                yield f"the head over {size} entries was published in {store} and is lost"
        except ArchiveError as err:
            yield str(err)
    for facts in [entry.facts for entry in entries if entry.kind in _CLIP_KINDS] + _supplements(entries):
        for store_id in _store_ids(facts):
            found = check_bag(
                site.stores[store_id] / str(facts["bag_path"]),
                verify_signature=bag_verifier(station),
                expected_tagmanifest=Digest(hex=str(facts["tagmanifest_sha256"])),
            )
            yield from (f"{facts['bag_path']} on {store_id}: {finding}" for finding in found)
    for row in station.catalog.rows("SELECT docking_id, file FROM files WHERE path IS NULL"):
        yield f"the name of file {row['file']} of {row['docking_id']} is lost"


def _supplements(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    return [entry.facts for entry in entries if entry.kind == EntryKind.SUPPLEMENT_SEALED]


def _require_every_docking_ended(entries: Sequence[Entry]) -> None:
    seen = [entry.facts["docking_id"] for entry in entries if entry.kind == EntryKind.DOCK_SEEN]
    closed = [entry.facts["docking_id"] for entry in entries if entry.kind == EntryKind.DOCK_CLOSED]
    assert sorted(map(str, seen)) == sorted(map(str, closed))


def _strings(value: Any) -> Iterator[str]:
    yield from (str(item) for item in value)


def _store_ids(facts: Mapping[str, Any]) -> list[str]:
    return list(facts["stores"])
