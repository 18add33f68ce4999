"""From verified copies in staging to sealed bags in place: steps 4 and 5 of an intake."""

import base64
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from archive.bag import SIGNATURE, TAGMANIFEST, BagPayload, bag_path, tag_files, write_tags
from archive.durable import drop_cache, flush_filesystem, make_directories, rename_without_replacing, stated
from archive.errors import ArchiveError, CopyMismatchError
from archive.marker import StoreRole
from archive.store import Store
from bodycam_custody.model import ClipId, DockingId
from docking.source import SourceFile
from hashing.digest import Digest
from hashing.errors import shown
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign

logger = logging.getLogger(__name__)

LeftOut = Callable[[Store, ArchiveError], None]
"""Is told which replica failed, and why."""

CLIP_JSON_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A file of the card that lies verified in staging, under its name in the bag."""

    source: SourceFile
    payload: BagPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedBag:
    """Everything a bag is made of, before it has a signature."""

    bag_id: str
    clip_id: ClipId
    docking_id: DockingId
    file: int
    recorder: str
    filesystem: str
    staging_name: str
    files: tuple[StagedFile, ...]
    stores: tuple[Store, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBag:
    """A bag in place, durable, and read back on every one of `stores`."""

    staged: StagedBag
    path: PurePosixPath
    tagmanifest: Digest
    stores: tuple[Store, ...]


def clip_json(staged: StagedBag, *, docking_seq: int, software: str) -> bytes:
    """Return the observed facts of a bag: nothing that can change or be interpreted later (docs/bag-format.md)."""
    facts = {
        "v": CLIP_JSON_VERSION,
        "clip_id": staged.clip_id,
        "docking_id": staged.docking_id,
        "docking_entry": docking_seq,
        "file": staged.file,
        "recorder": staged.recorder,
        "read_method": "one-read",
        "software": software,
        "files": [
            {
                "name": staged_file.payload.name,
                "path_base64": base64.b64encode(staged_file.source.path).decode("ascii"),
                "size_bytes": staged_file.payload.size_bytes,
                "mtime_ns": str(staged_file.source.mtime_ns),
                "filesystem": staged.filesystem,
                "sha256": staged_file.payload.sha256.hex,
            }
            for staged_file in staged.files
        ],
    }
    return json.dumps(facts, sort_keys=True, indent=1, ensure_ascii=True).encode("ascii") + b"\n"


class Sealer:
    """Seals batches of bags for one station."""

    def __init__(self, *, key: SigningKey, origin: str, software: Callable[[], str]) -> None:
        self._key = key
        self._origin = origin
        self._software = software

    def seal(
        self, batch: Sequence[StagedBag], *, sealed_at: datetime, docking_seq: int, on_left_out: LeftOut
    ) -> list[SealedBag]:
        """Write tags and signatures, flush, read them back, and rename every bag into its place.

        On return each bag is whole, durable and read back on each of its `stores`. A replica that fails is left out
        of the result and told to `on_left_out`; what it holds has no entry yet and is settled at the next start.

        Raises:
            ArchiveError: the primary failed; bags may stand in place without an entry, which start-up settles.
        """
        tags = {staged.bag_id: self._tags(staged, sealed_at, docking_seq) for staged in batch}
        signatures = {bag_id: sign(files[TAGMANIFEST], self._key, Namespace.BAG) for bag_id, files in tags.items()}
        parts = [
            _StorePart(
                store=store,
                bags=[
                    _SignedBag(staged=staged, tags=tags[staged.bag_id], signature=signatures[staged.bag_id])
                    for staged in batch
                    if store in staged.stores
                ],
                sealed_at=sealed_at,
            )
            for store in {store.location.store_id: store for staged in batch for store in staged.stores}.values()
        ]
        # The stores are different disks: none waits for another's flushes. But no replica shows a bag before the
        # primary has it.
        written = _run_all(_StorePart.write, parts, on_left_out)
        placed = _run_all(_StorePart.place, [part for part in written if part.is_primary], on_left_out)
        placed += _run_all(_StorePart.place, [part for part in written if not part.is_primary], on_left_out)
        held = {part.store.location.store_id for part in placed}
        return [
            SealedBag(
                staged=staged,
                path=bag_path(sealed_at, staged.bag_id),
                tagmanifest=Digest.of(tags[staged.bag_id][TAGMANIFEST]),
                stores=tuple(store for store in staged.stores if store.location.store_id in held),
            )
            for staged in batch
        ]

    def _tags(self, staged: StagedBag, sealed_at: datetime, docking_seq: int) -> dict[str, bytes]:
        return tag_files(
            bag_id=staged.bag_id,
            payload=[staged_file.payload for staged_file in staged.files],
            clip_json=clip_json(staged, docking_seq=docking_seq, software=self._software()),
            sealed_at=sealed_at,
            origin=self._origin,
            software=self._software(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignedBag:
    """A bag and the files it still lacks."""

    staged: StagedBag
    tags: dict[str, bytes]
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _StorePart:
    """What one batch means for one store.

    One flush of the file system serves all bags of a step, where an fsync for every small file would cost more than
    the copying.
    """

    store: Store
    bags: Sequence[_SignedBag]
    sealed_at: datetime

    @property
    def is_primary(self) -> bool:
        return self.store.location.role is StoreRole.PRIMARY

    def write(self) -> None:
        """Write tags and signatures in staging and read them back from the medium."""
        with self._opened() as descriptor:
            for bag in self.bags:
                write_tags(self._staging_of(bag), bag.tags, bag.signature, durable=False)
            flush_filesystem(descriptor)
        for bag in self.bags:
            _reread(self._staging_of(bag), {**bag.tags, SIGNATURE: bag.signature})

    def place(self) -> None:
        """Rename the bags from staging into their places, for good."""
        with self._opened() as descriptor:
            make_directories(self._place_of(self.bags[0]).parent)
            for bag in self.bags:
                rename_without_replacing(self._staging_of(bag), self._place_of(bag))
            flush_filesystem(descriptor)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Give a descriptor opened before the writes, so that a flush through it reports errors of these very ones."""
        with stated(self.store.path):
            descriptor = os.open(self.store.staging, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _staging_of(self, bag: _SignedBag) -> Path:
        return self.store.staging / bag.staged.staging_name

    def _place_of(self, bag: _SignedBag) -> Path:
        return self.store.path / bag_path(self.sealed_at, bag.staged.bag_id)


def _run_all(step: Callable[[_StorePart], None], parts: Sequence[_StorePart], on_left_out: LeftOut) -> list[_StorePart]:
    """Take one step on several stores at once and return the parts that went well.

    Raises:
        ArchiveError: the step failed on the primary; the other stores have taken it or failed too.
    """
    if not parts:
        return []
    went_well = []
    with ThreadPoolExecutor(len(parts), thread_name_prefix="seal") as pool:
        steps = [(part, pool.submit(step, part)) for part in parts]
    for part, taken in steps:
        try:
            taken.result()
            went_well.append(part)
        except ArchiveError as err:
            if part.is_primary:
                raise
            logger.exception(
                "replica left out of a batch store=%s bags=%s", part.store.location.store_id, len(part.bags)
            )
            on_left_out(part.store, err)
    return went_well


def _reread(folder: Path, expected: dict[str, bytes]) -> None:
    """Compare the tag files with what the medium gives back."""
    for name, data in expected.items():
        path = folder / name
        with stated(path):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                drop_cache(descriptor)
                found = os.read(descriptor, len(data) + 1)
            finally:
                os.close(descriptor)
        if found != data:
            raise CopyMismatchError(target=shown(path), offset=0, expected=Digest.of(data).hex)
