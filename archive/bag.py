"""The bytes of a sealed BagIt 1.0 bag: its place, its names and its tag files (docs/bag-format.md).

The same facts always give the same bytes, so every store holds the same bag and one signature serves them all.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from archive.durable import DIRECTORY_MODE, create_file, fsync_directory, open_created, stated
from hashing.digest import Digest

BAGIT_TXT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
CLIP_JSON = "custody/clip.json"
TAGMANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = "tagmanifest-sha256.txt.sig"

# Everything the tagmanifest vouches for; itself and its signature stand beside these.
COVERED_TAGS = (BAGIT_TXT, BAG_INFO, MANIFEST, CLIP_JSON)

# RFC 8493 §2.1.1: exactly these two lines.
BAGIT_TXT_BYTES = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

_PAYLOAD_NAME = re.compile(r"data/(main|sidecar-[1-9][0-9]{0,5})\.[a-z0-9]{1,8}", re.ASCII)
_PAYLOAD_KIND = re.compile(r"main|sidecar-[1-9][0-9]{0,5}", re.ASCII)
_EXTENSION = re.compile(rb"[^.].*\.([a-z0-9]{1,8})", re.DOTALL)
_BAG_ID = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BagPayload:
    """One evidence file of a bag under its neutral name; the card's own name is a fact inside clip.json (R8)."""

    name: str
    size_bytes: int
    sha256: Digest

    def __post_init__(self) -> None:
        if not is_payload_name(self.name):
            raise ValueError(f"not a payload name of a bag: {self.name!r}")
        if self.size_bytes < 0:
            raise ValueError(f"a payload cannot have {self.size_bytes} bytes")


def bag_path(sealed_at: datetime, bag_id: str) -> PurePosixPath:
    """Return where a bag lies below a store: `clips/YYYY/MM/DD/<bag_id>` by the UTC date of sealing."""
    return PurePosixPath("clips", f"{_utc(sealed_at):%Y/%m/%d}", _checked_id(bag_id))


def is_payload_name(name: str) -> bool:
    """Return whether a bag of ours can hold an evidence file of that name; every such name is safe on any system."""
    return _PAYLOAD_NAME.fullmatch(name) is not None


def payload_name(kind: str, original_path: bytes) -> str:
    """Return the name in the bag for `original_path`: `data/<kind>.<ext>`, `kind` being `main` or `sidecar-<n>`.

    Nothing of the card's name survives but an extension of one to eight ASCII letters and digits, in lower case;
    any other becomes `bin`. Newlines, blanks and bytes that are not UTF-8 in a name would break the stock tools.
    """
    if not _PAYLOAD_KIND.fullmatch(kind):
        raise ValueError(f"neither main nor sidecar-<n>: {kind!r}")
    name = original_path.rpartition(b"/")[2].lower()
    match = _EXTENSION.fullmatch(name)
    return f"data/{kind}.{match[1].decode('ascii') if match else 'bin'}"


def tag_files(
    *, bag_id: str, payload: Sequence[BagPayload], clip_json: bytes, sealed_at: datetime, origin: str, software: str
) -> dict[str, bytes]:
    """Return the tag files by name, in the order to write them; the last is the tagmanifest, which is to be signed.

    The result depends on the arguments only, not on the order of `payload`. What `clip_json` says is not checked.
    """
    names = [item.name for item in payload]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"a bag needs payload files with different names, not {names!r}")
    tags = {
        BAGIT_TXT: BAGIT_TXT_BYTES,
        BAG_INFO: _bag_info(bag_id, payload, _utc(sealed_at), origin, software),
        MANIFEST: _manifest({item.name: item.sha256 for item in payload}),
        CLIP_JSON: clip_json,
    }
    tags[TAGMANIFEST] = _manifest({name: Digest.of(data) for name, data in tags.items()})
    return tags


def write_tags(bag_dir: Path, tags: Mapping[str, bytes], signature: bytes, *, durable: bool) -> None:
    """Write the tag files in their order, then the signature: the commit mark of the bag.

    Every file is created (0440), never replaced. With `durable` each file and the folders are synced on return,
    the signature after everything it vouches for; without, the caller syncs the whole filesystem before it renames
    the bag. After an error the folder holds a bag without a signature, which is no bag yet.

    Raises:
        StoreFullError, StoreReadOnlyError, DurableWriteError: a file could not be written; existing ones stay.
    """
    folder = bag_dir / PurePosixPath(CLIP_JSON).parent
    with stated(folder):
        folder.mkdir()
        folder.chmod(DIRECTORY_MODE)
    for name, data in tags.items():
        _write_new(bag_dir / name, data, durable=durable)
    if durable:
        # The names in both folders must be on the disk before the signature says that the bag is whole.
        fsync_directory(folder)
        fsync_directory(bag_dir)
    _write_new(bag_dir / SIGNATURE, signature, durable=durable)
    if durable:
        fsync_directory(bag_dir)


def _write_new(path: Path, data: bytes, *, durable: bool) -> None:
    if durable:
        create_file(path, data)
    else:
        os.close(open_created(path, data))


def _bag_info(bag_id: str, payload: Sequence[BagPayload], sealed_at: datetime, origin: str, software: str) -> bytes:
    # RFC 8493 §2.2.2; the two Custody- elements are ours.
    elements = {
        "External-Identifier": _checked_id(bag_id),
        "Bagging-Date": f"{sealed_at:%Y-%m-%d}",
        "Bag-Software-Agent": software,
        "Payload-Oxum": f"{sum(item.size_bytes for item in payload)}.{len(payload)}",
        "Custody-Origin": origin,
        "Custody-Sealed-At": f"{sealed_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    for label, value in elements.items():
        if not value.isprintable() or value != value.strip() or not value:
            raise ValueError(f"{label} cannot stand on one line of bag-info.txt: {value!r}")
    return "".join(f"{label}: {value}\n" for label, value in elements.items()).encode()


def _manifest(digests: Mapping[str, Digest]) -> bytes:
    # Two blanks: the one separator that RFC 8493 §2.1.3 and `sha256sum -c` both read.
    return "".join(f"{digests[name].hex}  {name}\n" for name in sorted(digests)).encode("ascii")


def _checked_id(bag_id: str) -> str:
    if not _BAG_ID.fullmatch(bag_id):
        raise ValueError(f"not an id of a bag: {bag_id!r}")
    return bag_id


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a time without a zone says nothing: {moment!r}")
    return moment.astimezone(UTC)
