"""Cards on USB in the installed station: what becomes safe, and what is refused."""

import hashlib
from pathlib import Path

from tests.station.cards import Filesystem, digests, make_card, recordings
from tests.station.gadget import plug_gadget, pull_gadget
from tests.station.station import Station


def test_a_registered_recorder_becomes_safe_on_two_disks_and_nothing_is_written_to_its_card(
    station: Station, tmp_path: Path
) -> None:
    station.custody("recorder", "add", "usb:46f4:0001:DSJ0001", "--by", "p-1")
    files = recordings(station.now(), device="DSJ0001")
    card = make_card(station.machine, tmp_path / "card.img", files)
    before = hashlib.sha256(card.read_bytes()).digest()
    station.machine.plug(card, "card", serial="DSJ0001", port=3)

    docking = station.wait_until_closed("DSJ0001")
    assert docking["recorder_id"] == "usb:46f4:0001:DSJ0001"
    # The page appoints no officer to whom the recorder could be issued; nothing else is to be said of it.
    remarks = ["recorder-unassigned"]
    assert (docking["safe_to_take_away"], docking["remarks"], docking["problems"]) == ("yes", remarks, [])
    assert docking["handover"] == {"on-time": 3, "late": 0, "undeterminable": 0}
    clips = station.clips_of(docking)
    assert {clip["sha256"] for clip in clips} == digests(files)
    assert [(clip["state"], clip["remarks"], len(clip["copies"])) for clip in clips] == [("safe", remarks, 2)] * 3
    assert station.verify().code == 0
    # R43: nothing was written to the card.
    assert hashlib.sha256(card.read_bytes()).digest() == before

    station.machine.pull("card")
    station.wait_for("folder of slips without one", lambda: not station.slips())
    station.wait_for("folder of cards without one", lambda: not station.mounted_cards())


def test_three_cards_at_once_become_safe_each_with_its_own_recordings(station: Station, tmp_path: Path) -> None:
    now = station.now()
    cards = {}
    filesystems: tuple[Filesystem, ...] = ("exfat", "vfat", "exfat")
    for number, filesystem in enumerate(filesystems, start=1):
        serial = f"DSJ000{number}"
        cards[serial] = recordings(now, device=serial, count=2)
        make_card(station.machine, tmp_path / f"{serial}.img", cards[serial], filesystem)
    for port, serial in enumerate(cards, start=1):
        station.machine.plug(tmp_path / f"{serial}.img", serial.lower(), serial=serial, port=port)
    for serial, files in cards.items():
        docking = station.wait_until_closed(serial)
        assert (docking["safe_to_take_away"], docking["problems"]) == ("yes", [])
        assert {clip["sha256"] for clip in station.clips_of(docking)} == digests(files)
    assert station.verify().code == 0


def test_a_stick_with_ext4_is_refused_before_anything_mounts_it(station: Station, tmp_path: Path) -> None:
    # A broken ext4 can panic the kernel that mounts it.
    card = make_card(station.machine, tmp_path / "stick.img", recordings(station.now(), device="DSJ0001"), "ext4")
    before = hashlib.sha256(card.read_bytes()).digest()
    station.machine.plug(card, "stick", serial="DSJ0001")
    station.wait_for("refusal in the journal", lambda: "card-format-refused" in station.mount_journal())
    assert (station.slips(), station.mounted_cards(), station.dockings()) == ([], [], [])
    assert hashlib.sha256(card.read_bytes()).digest() == before


def test_a_recorder_of_any_make_is_known_by_what_it_claims_to_be(station: Station, tmp_path: Path) -> None:
    files = recordings(station.now(), device="DSJ0001")
    card = make_card(station.machine, tmp_path / "card.img", files)
    plug_gadget(station.machine, card, vendor="4255", product="0001", serial="AMBA-17")
    docking = station.wait_until_closed("AMBA-17")
    assert (docking["recorder_id"], docking["safe_to_take_away"]) == ("usb:4255:0001:AMBA-17", "yes")
    assert {clip["sha256"] for clip in station.clips_of(docking)} == digests(files)
    pull_gadget(station.machine)
    station.wait_for("folder of slips without one", lambda: not station.slips())


def test_a_keyboard_beside_the_storage_keeps_the_card_from_being_read(station: Station, tmp_path: Path) -> None:
    card = make_card(station.machine, tmp_path / "card.img", recordings(station.now(), device="DSJ0001"))
    plug_gadget(station.machine, card, vendor="4255", product="0001", serial="AMBA-17", has_keyboard=True)
    station.wait_for("refusal in the journal", lambda: "usb-interface-refused" in station.mount_journal())
    assert (station.slips(), station.mounted_cards(), station.dockings()) == ([], [], [])
