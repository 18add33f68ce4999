"""Cards cleared where the unit chose it: what is on a receipt is removed, whatever changed stays whole."""

import hashlib
from pathlib import Path

from tests.station.cards import FOLDER, CardFile, add_to_card, digests, make_card, read_card, recordings
from tests.station.station import CUSTODIAN, Station

_SERIAL = "DSJ0001"


def test_a_card_is_cleared_of_what_its_receipt_names_and_of_nothing_else(station: Station, tmp_path: Path) -> None:
    station.choose_clearing()
    station.register(f"usb:46f4:0001:{_SERIAL}")
    files = recordings(station.now(), device=_SERIAL, count=2)
    card = make_card(station.machine, tmp_path / "card.img", files)
    station.machine.plug(card, "card", serial=_SERIAL, port=1)
    first = station.wait_until_closed(_SERIAL)
    station.hand_over(first)
    # The recorder is taken away and records once more, so this file is on no receipt.
    station.machine.pull("card")
    later = recordings(station.now(), device="DSJ0002", count=1)
    add_to_card(station.machine, card, later)
    station.machine.plug(card, "card-again", serial=_SERIAL, port=1)
    second = station.wait_until_closed(_SERIAL, number=2)

    before = hashlib.sha256(card.read_bytes()).digest()
    for docking in (first, second):
        refused = station.machine.ask("custody", "dock", "clear", docking["docking_id"], "--by", CUSTODIAN)
        assert (refused.code != 0, "is not cleared (A3 art. 7)" in refused.err) == (True, True), refused
    assert hashlib.sha256(card.read_bytes()).digest() == before

    station.hand_over(second)
    cleared = station.custody("dock", "clear", second["docking_id"], "--by", CUSTODIAN)
    assert (cleared["state"], cleared["files_removed"], cleared["files_left"]) == ("cleared", 3, 0)
    assert station.verify().code == 0
    station.machine.pull("card-again")
    assert read_card(station.machine, card) == {}
    assert {clip["sha256"] for clip in station.clips()} == digests(files | later)


def test_a_card_that_changed_after_its_receipt_stays_whole(station: Station, tmp_path: Path) -> None:
    station.choose_clearing()
    station.register(f"usb:46f4:0001:{_SERIAL}")
    files = recordings(station.now(), device=_SERIAL, count=2)
    card = make_card(station.machine, tmp_path / "card.img", files)
    station.machine.plug(card, "card", serial=_SERIAL, port=1)
    docking = station.wait_until_closed(_SERIAL)
    station.hand_over(docking)
    _change_last_byte(card, files)

    before = hashlib.sha256(card.read_bytes()).digest()
    refused = station.machine.ask("custody", "dock", "clear", docking["docking_id"], "--by", CUSTODIAN)
    assert (refused.code != 0, "A card that changed is not cleared" in refused.err) == (True, True), refused
    assert hashlib.sha256(card.read_bytes()).digest() == before
    (shown,) = station.dockings_of(_SERIAL)
    assert (shown["clearing"]["state"], shown["clearing"]["files_removed"]) == ("whole", 0)
    station.machine.pull("card")
    assert read_card(station.machine, card).keys() == files.keys()
    assert station.verify().code == 0


def _change_last_byte(card: Path, files: dict[str, CardFile]) -> None:
    """Change one recording on the medium itself, under the kernel that has it mounted."""
    name = max(files)
    assert name.startswith(FOLDER)
    image, data = card.read_bytes(), files[name].data
    place = image.index(data) + len(data) - 1
    with card.open("r+b") as medium:
        medium.seek(place)
        medium.write(bytes([image[place] ^ 1]))
