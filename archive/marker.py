"""The marker by which a store is known: its values and the bytes of `custody-store.json`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NewType

from archive.filesystem import FilesystemIdentity
from hashing.canonical import Json, canonical_line, parse_line

MARKER_NAME = "custody-store.json"
SIGNATURE_NAME = "custody-store.json.sig"
MARKER_VERSION = 1

StoreId = NewType("StoreId", str)
"""What a unit calls a store: [a-z0-9-], 1 to 32 characters."""

_STORE_ID = re.compile(r"[a-z0-9-]{1,32}")
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class StoreRole(StrEnum):
    """What a store is for (A3 art. 7: 指定存储设备, 备份件)."""

    PRIMARY = "primary"
    REPLICA = "replica"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """Where a store is expected, as configured."""

    store_id: StoreId
    path: Path
    role: StoreRole

    def __post_init__(self) -> None:
        if not _STORE_ID.fullmatch(self.store_id):
            raise ValueError(f"not a store id: {self.store_id!r}")
        if not self.path.is_absolute():
            raise ValueError(f"the path of a store is absolute: {self.path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMarker:
    """What a store says of itself, signed by the station when the store was created."""

    store_id: StoreId
    origin: str
    role: StoreRole
    filesystem: FilesystemIdentity
    disks: frozenset[str] | None
    """The physical disks at creation; a record, not compared: repair may move a store."""
    created_at: datetime

    def __post_init__(self) -> None:
        if not _STORE_ID.fullmatch(self.store_id):
            raise ValueError(f"not a store id: {self.store_id!r}")
        if self.created_at.utcoffset() != timedelta(0):
            raise ValueError(f"not a time in UTC: {self.created_at!r}")

    def to_bytes(self) -> bytes:
        """Return the bytes of the marker file: one canonical line and a line end."""
        filesystem: dict[str, Json] = {
            "fsid": self.filesystem.fsid,
            "kind": self.filesystem.kind,
            "uuid": self.filesystem.uuid,
        }
        value: dict[str, Json] = {
            "created_at": self.created_at.strftime(_TIME_FORMAT),
            "disks": None if self.disks is None else sorted(self.disks),
            "filesystem": filesystem,
            "origin": self.origin,
            "role": self.role.value,
            "store_id": self.store_id,
            "v": MARKER_VERSION,
        }
        return canonical_line(value) + b"\n"


def parse_marker(data: bytes) -> StoreMarker:
    """Return the marker whose bytes are exactly `data`; the signature is not checked here.

    Raises:
        HashingError: not a JSON line.
        ValueError: not a marker of this version, or not the bytes `to_bytes` gives.
    """
    value = parse_line(data.removesuffix(b"\n"))
    if value.get("v") != MARKER_VERSION:
        raise ValueError(f"version {value.get('v')!r}, expected {MARKER_VERSION}")
    marker = StoreMarker(
        store_id=StoreId(_text(value, "store_id")),
        origin=_text(value, "origin"),
        role=StoreRole(_text(value, "role")),
        filesystem=_parse_filesystem(value.get("filesystem")),
        disks=_parse_disks(value.get("disks")),
        created_at=datetime.strptime(_text(value, "created_at"), _TIME_FORMAT).replace(tzinfo=UTC),
    )
    if marker.to_bytes() != data:
        raise ValueError("unknown fields or another way of writing them")
    return marker


def _text(value: Mapping[str, Json], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str):
        raise ValueError(f"{key} is not a text")
    return text


def _parse_filesystem(value: Json) -> FilesystemIdentity:
    if not isinstance(value, dict):
        raise ValueError("filesystem is not an object")
    uuid = value.get("uuid")
    return FilesystemIdentity(
        kind=_text(value, "kind"), fsid=_text(value, "fsid"), uuid=None if uuid is None else _text(value, "uuid")
    )


def _parse_disks(value: Json) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError("disks is neither null nor a list")
    return frozenset(str(disk) for disk in value)
