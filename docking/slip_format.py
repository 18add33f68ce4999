"""The text of a dock slip: the mount helper's word that a card is docked, one JSON file per card.

    {"v": 1, "device": "/dev/sdb1", "diskseq": 14, "port_path": "pci-…-usb-0:2:1.0", "slot": "A3",
     "vendor_id": "4255", "product_id": "0001", "serial": "…", "filesystem": "exfat",
     "mount_point": "/run/bodycam-custody/cards/sdb1", "docked_at": "2026-11-21T12:34:56.000000Z",
     "clock_offset_ms": -1500, "clock_offset_uncertainty_ms": 500, "volume_id": "6A1F-20D4"}

Every key is present (but `volume_id`, which older helpers do not write); what was not measured or read is null. Keys
not named here are left to newer versions.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from docking.card import DockedCard, DockingKind, recorder_text
from docking.errors import SlipMalformedError
from hashing.errors import shown

SLIP_VERSION: Final = 1
FOLDER_FILESYSTEM: Final = "folder"
"""Filesystem of a slip for a plain folder: demonstration and tests."""

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_USB_ID = re.compile(r"[0-9a-f]{4}")
# A wrong value is quoted in an error this far.
_SHOWN_CHARACTERS: Final = 100
# Ledger integers stay below 2^53 (RFC 8785 §3.2.2.3).
_MAX_INTEGER: Final = 2**53 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DockSlip:
    """What the helper saw. USB ids and serial are the recorder's claims; `docked_at` is aware UTC.

    `clock_offset_ms` is recorder clock minus station clock, measured before any sync; null where none was measured.
    `volume_id` is what the filesystem calls itself on the disk.
    """

    device: str | None
    diskseq: int | None
    port_path: str | None
    slot: str | None
    vendor_id: str | None
    product_id: str | None
    serial: str | None
    filesystem: str
    mount_point: Path
    docked_at: datetime
    clock_offset_ms: int | None
    clock_offset_uncertainty_ms: int | None
    volume_id: str | None = None

    def __post_init__(self) -> None:
        if self.docked_at.tzinfo is None:
            raise ValueError("a naive docking time")
        if not self.mount_point.is_absolute() or ".." in self.mount_point.parts:
            raise ValueError(f"not an absolute mount point: {self.mount_point}")

    def card(self) -> DockedCard:
        """Return the card this slip announces."""
        return DockedCard(
            root=self.mount_point,
            kind=DockingKind.DOCK,
            recorder=recorder_text(vendor_id=self.vendor_id, product_id=self.product_id, serial=self.serial),
            slot=self.slot,
            port_path=self.port_path,
            filesystem=self.filesystem,
        )


def parse_slip(data: bytes, path: Path) -> DockSlip:
    """Return the slip in `data`; `path` only names it in errors.

    Raises:
        SlipMalformedError: names the field, what was expected and what was found.
    """
    return _SlipReader(data, path).slip()


def format_slip(slip: DockSlip) -> bytes:
    """Return the JSON text of `slip`."""
    values: dict[str, object] = {"v": SLIP_VERSION}
    for field in fields(slip):
        values[field.name] = getattr(slip, field.name)
    values["mount_point"] = str(slip.mount_point)
    values["docked_at"] = slip.docked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return (json.dumps(values, indent=1) + "\n").encode("ascii")


def claimed(text: str | None) -> str | None:
    """Return what a device says of itself if a slip can carry it; a serial nobody can print names no recorder."""
    return text if text is not None and text.isprintable() and text.strip() else None


class _SlipReader:
    """Reads the fields of one slip and knows which file to name when one is wrong."""

    def __init__(self, data: bytes, path: Path) -> None:
        self._path = path
        try:
            values = json.loads(data.decode("utf-8"), object_pairs_hook=_without_duplicates)
        except (ValueError, RecursionError) as err:
            raise self._wrong("(file)", "JSON in UTF-8 without repeated keys", str(err)) from err
        if not isinstance(values, dict):
            raise self._wrong("(file)", "a JSON object", type(values).__name__)
        self._values: dict[str, object] = values

    def slip(self) -> DockSlip:
        if self._value("v") != SLIP_VERSION or isinstance(self._values["v"], bool):
            raise self._wrong("v", str(SLIP_VERSION), self._values["v"])
        return DockSlip(
            device=self._text_or_null("device"),
            diskseq=self._integer_or_null("diskseq", lowest=0),
            port_path=self._text_or_null("port_path"),
            slot=self._text_or_null("slot"),
            vendor_id=self._usb_id_or_null("vendor_id"),
            product_id=self._usb_id_or_null("product_id"),
            serial=self._text_or_null("serial"),
            filesystem=self._text("filesystem"),
            mount_point=self._mount_point(),
            docked_at=self._time("docked_at"),
            clock_offset_ms=self._integer_or_null("clock_offset_ms", lowest=-_MAX_INTEGER),
            clock_offset_uncertainty_ms=self._integer_or_null("clock_offset_uncertainty_ms", lowest=0),
            volume_id=self._text_or_null("volume_id") if "volume_id" in self._values else None,
        )

    def _wrong(self, field: str, expected: str, found: object) -> SlipMalformedError:
        return SlipMalformedError(
            path=shown(self._path), field=field, expected=expected, found=ascii(found)[:_SHOWN_CHARACTERS]
        )

    def _value(self, key: str) -> object:
        if key not in self._values:
            raise SlipMalformedError(
                path=shown(self._path), field=key, expected="a value, null where it is not known", found="no such key"
            )
        return self._values[key]

    def _checked(self, key: str, expected: str, is_right: Callable[[str], bool]) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not is_right(value):
            raise self._wrong(key, expected, value)
        return value

    def _text(self, key: str) -> str:
        return self._checked(key, "a printable text of 1 to 255 characters", _is_printable)

    def _text_or_null(self, key: str) -> str | None:
        return None if self._value(key) is None else self._text(key)

    def _usb_id_or_null(self, key: str) -> str | None:
        if self._value(key) is None:
            return None
        return self._checked(key, "four lower-case hex digits", lambda text: _USB_ID.fullmatch(text) is not None)

    def _integer_or_null(self, key: str, *, lowest: int) -> int | None:
        value = self._value(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= _MAX_INTEGER:
            raise self._wrong(key, f"a whole number from {lowest} on", value)
        return value

    def _mount_point(self) -> Path:
        expected = "an absolute path without '..'"
        path = Path(self._checked("mount_point", expected, lambda text: text.startswith("/") and "\0" not in text))
        if ".." in path.parts or not _is_encodable(str(path)):
            raise self._wrong("mount_point", expected, str(path))
        return path

    def _time(self, key: str) -> datetime:
        expected = "an RFC 3339 time with zone"
        text = self._checked(key, expected, lambda text: _RFC3339.fullmatch(text) is not None)
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as err:
            raise self._wrong(key, expected, text) from err


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key is repeated")
    return values


def _is_printable(text: str) -> bool:
    # isprintable is False for control characters, lone surrogates and bidirectional overrides.
    return 1 <= len(text) <= 255 and text.isprintable()


def _is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
