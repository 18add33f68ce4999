from pathlib import Path

import pytest

from docking.card import (
    UNKNOWN_RECORDER,
    DockedCard,
    DockingKind,
    RecorderIdentity,
    is_recorder_text,
    recorder_text,
)


def test_the_recorder_text_is_fixed_because_clip_identity_hashes_it() -> None:
    assert RecorderIdentity(vendor_id="4255", product_id="0001", serial="A1B2").text == "usb:4255:0001:A1B2"
    assert recorder_text(vendor_id="4255", product_id="0001", serial="A1B2") == "usb:4255:0001:A1B2"
    assert UNKNOWN_RECORDER == "unknown"


@pytest.mark.parametrize("serial", [None, "", "000000", "0", " ", "a\nb", "\u202ereversed", "s" * 127])
def test_a_serial_that_names_no_single_recorder_is_unknown(serial: str | None) -> None:
    assert recorder_text(vendor_id="4255", product_id="0001", serial=serial) == UNKNOWN_RECORDER


def test_a_recorder_without_usb_ids_is_unknown() -> None:
    assert recorder_text(vendor_id=None, product_id="0001", serial="A1") == UNKNOWN_RECORDER
    assert recorder_text(vendor_id="4255", product_id=None, serial="A1") == UNKNOWN_RECORDER


@pytest.mark.parametrize("usb_id", ["425", "42555", "425G", "AB12", ""])
def test_an_identity_with_a_bad_usb_id_cannot_exist(usb_id: str) -> None:
    with pytest.raises(ValueError, match="not a USB id"):
        RecorderIdentity(vendor_id=usb_id, product_id="0001", serial="A1")


@pytest.mark.parametrize("text", ["usb:4255:0001:A1", "usb:4255:0001:A:1/2 x", "usb:ab12:0001:00 1"])
def test_a_recorder_text_is_known_as_one(text: str) -> None:
    assert is_recorder_text(text)


@pytest.mark.parametrize(
    "text",
    ["unknown", "", "A1", "usb:4255:0001", "usb:4255:0001:", "usb:4255:0001:000", "USB:4255:0001:A1", "usb:42:1:A"],
)
def test_what_names_no_single_recorder_is_no_recorder_text(text: str) -> None:
    assert not is_recorder_text(text)


def test_a_card_has_an_absolute_root_and_a_recorder_text() -> None:
    with pytest.raises(ValueError, match="absolute path"):
        DockedCard(
            root=Path("x"), kind=DockingKind.IMPORT, recorder="unknown", slot=None, port_path=None, filesystem="folder"
        )
    with pytest.raises(ValueError, match="UNKNOWN_RECORDER"):
        DockedCard(root=Path("/x"), kind=DockingKind.DOCK, recorder="", slot=None, port_path=None, filesystem="vfat")


def test_docking_kinds_are_stored_text() -> None:
    # R20: an import is recorded as an import, never as a docking.
    assert [str(kind) for kind in DockingKind] == ["dock", "import"]
