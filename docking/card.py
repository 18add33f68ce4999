"""A docked card and the recorder it claims to come from."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

UNKNOWN_RECORDER: Final = "unknown"
"""The recorder text of a card whose recorder did not say who it is. Part of clip identity: never changed."""

_USB_ID = re.compile(r"[0-9a-f]{4}")
# USB 2.0 §9.6.7: a string descriptor holds at most 126 UTF-16 units.
_SERIAL_MAX_CHARACTERS = 126


class DockingKind(StrEnum):
    """How the files reached the station; the text is stored in the ledger."""

    DOCK = "dock"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderIdentity:
    """What a recorder says about itself over USB: a claim, not a proof.

    Vendor and product are four lower-case hex digits; the serial is 1 to 126 printable characters, kept as read.
    """

    vendor_id: str
    product_id: str
    serial: str

    def __post_init__(self) -> None:
        for usb_id in (self.vendor_id, self.product_id):
            if not _USB_ID.fullmatch(usb_id):
                raise ValueError(f"not a USB id of four lower-case hex digits: {usb_id!r}")
        if not 1 <= len(self.serial) <= _SERIAL_MAX_CHARACTERS or not self.serial.isprintable():
            raise ValueError(f"not a USB serial of 1 to 126 printable characters: {self.serial!r}")

    @property
    def text(self) -> str:
        """The identity as one text, as it enters the clip identity."""
        return f"usb:{self.vendor_id}:{self.product_id}:{self.serial}"


def recorder_text(*, vendor_id: str | None, product_id: str | None, serial: str | None) -> str:
    """Return the recorder text of what was read, `UNKNOWN_RECORDER` when that names no single recorder.

    A serial of zeros is what makers leave in recorders they never numbered, so it is shared and identifies nobody.
    """
    if vendor_id is None or product_id is None or serial is None or not serial.strip("0 "):
        return UNKNOWN_RECORDER
    try:
        return RecorderIdentity(vendor_id=vendor_id, product_id=product_id, serial=serial).text
    except ValueError:
        return UNKNOWN_RECORDER


def is_recorder_text(text: str) -> bool:
    """Return whether `text` names one recorder as `recorder_text` would; `UNKNOWN_RECORDER` names none."""
    kind, _, rest = text.partition(":")
    vendor_id, _, rest = rest.partition(":")
    product_id, _, serial = rest.partition(":")
    named = recorder_text(vendor_id=vendor_id, product_id=product_id, serial=serial)
    return kind == "usb" and named == text


@dataclass(frozen=True, slots=True, kw_only=True)
class DockedCard:
    """A card (or an imported folder) whose files can be read below `root`.

    `recorder` is `RecorderIdentity.text` or `UNKNOWN_RECORDER`; `filesystem` is the kernel's name or "folder".
    """

    root: Path
    kind: DockingKind
    recorder: str
    slot: str | None
    port_path: str | None
    filesystem: str

    def __post_init__(self) -> None:
        if not self.root.is_absolute():
            raise ValueError(f"a card root is an absolute path: {self.root}")
        if not self.recorder:
            raise ValueError("a card without recorder text; use UNKNOWN_RECORDER")
