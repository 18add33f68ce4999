"""Cards on USB in the installed station: what becomes safe, and what is refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.bodycam_custody.recordings import BEIJING
from tests.station.cards import CardFile, Filesystem, digests, make_card, recordings
from tests.station.gadget import plug_gadget, pull_gadget
from tests.station.station import TRUST, Station


def test_a_registered_recorder_becomes_safe_without_any_remark_and_is_released_with_a_receipt(
    station: Station, tmp_path: Path
) -> None:
    recorder = "usb:46f4:0001:DSJ0001"
    station.register(recorder)
    files = recordings(station.now(), device="DSJ0001")
    card = make_card(station.machine, tmp_path / "card.img", files)
    before = hashlib.sha256(card.read_bytes()).digest()
    station.machine.plug(card, "card", serial="DSJ0001", port=3)

    docking = station.wait_until_closed("DSJ0001")
    assert (docking["recorder_id"], docking["officer_id"]) == (recorder, "p-3")
    assert (docking["safe_to_take_away"], docking["remarks"], docking["problems"]) == ("yes", [], [])
    assert docking["handover"] == {"on-time": 3, "late": 0, "undeterminable": 0}
    clips = station.clips_of(docking)
    assert {clip["sha256"] for clip in clips} == digests(files)
    assert [(clip["state"], clip["remarks"], len(clip["copies"])) for clip in clips] == [("safe", [], 2)] * 3
    assert station.verify().code == 0

    _require_receipt(station, station.hand_over(docking), docking, files)
    station.wait_for("released slot", lambda: station.slot_of(recorder)["phase"] == "released")
    (accepted,) = station.dockings_of("DSJ0001")
    assert accepted["accepted_by"] == "p-1"
    assert station.verify().code == 0

    station.machine.pull("card")
    station.wait_for("folder of slips without one", lambda: not station.slips())
    station.wait_for("folder of cards without one", lambda: not station.mounted_cards())
    station.wait_for("slots without a recorder", lambda: not any(slot["recorder_id"] for slot in station.slots()))
    # R43: nothing was written to the card.
    assert hashlib.sha256(card.read_bytes()).digest() == before


def _require_receipt(station: Station, folder: str, docking: dict[str, Any], files: dict[str, CardFile]) -> None:
    """The receipt names every file, and whoever has the trust folder can check it with a stock tool."""
    receipt = json.loads(station.machine.run("cat", f"{folder}/receipt.txt.json"))
    assert receipt["docking"]["docking_id"] == docking["docking_id"]
    counts = receipt["counts"]
    assert (counts["found"], counts["sealed"], counts["on_time"], counts["failed"]) == (len(files), len(files), 3, 0)
    assert {file["sha256"] for file in receipt["files"]} == digests(files)
    assert "音像记录移交清单" in station.machine.run("cat", f"{folder}/receipt.txt")
    verify = f"ssh-keygen -Y verify -f {TRUST}/allowed_signers -I station -n custody-receipt -s receipt.txt.json.sig"
    station.machine.shell(f"cd {folder}; {verify} < receipt.txt.json")
    changed = station.machine.ask("bash", "-c", f"cd {folder}; (cat receipt.txt.json; echo) | {verify}")
    assert changed.code != 0


def test_an_unregistered_recorder_is_kept_and_held_until_a_custodian_registers_it(
    station: Station, tmp_path: Path
) -> None:
    now = station.now()
    files = recordings(now, device="DSJ0001", count=2)
    card = make_card(station.machine, tmp_path / "card.img", files)
    station.machine.plug(card, "card", serial="DSJ0001", port=1)
    docking = station.wait_until_closed("DSJ0001")
    # R73: everything is sealed and its clock runs.
    held = ["recorder-unassigned", "recorder-unregistered"]
    assert sorted(docking["remarks"]) == held
    assert docking["handover"]["on-time"] == 2
    clips = station.clips_of(docking)
    assert {clip["sha256"] for clip in clips} == digests(files)
    assert [(clip["state"], sorted(clip["remarks"])) for clip in clips] == [("safe", held)] * 2
    station.require_told("the recorder is not registered", "执法记录仪未登记")

    station.register("usb:46f4:0001:DSJ0001", since=f"{now.astimezone(BEIJING):%Y-%m-%d}")
    (registered,) = station.dockings_of("DSJ0001")
    assert (registered["remarks"], registered["officer_id"]) == ([], "p-3")
    assert [clip["remarks"] for clip in station.clips_of(registered)] == [[], []]
    assert station.verify().code == 0


def test_one_serial_in_two_slots_at_once_is_an_alarm_that_holds_both(station: Station, tmp_path: Path) -> None:
    now = station.now()
    cards = {}
    for number in (1, 2):
        # The same serial, and not the same recordings.
        cards[number] = recordings(now, device=f"DSJ000{number}", count=1)
        make_card(station.machine, tmp_path / f"{number}.img", cards[number])
    for number in cards:
        station.machine.plug(tmp_path / f"{number}.img", f"card-{number}", serial="DSJ0001", port=number)

    def both_closed() -> list[dict[str, Any]]:
        found = station.dockings_of("DSJ0001")
        return found if [docking["phase"] for docking in found] == ["closed", "closed"] else []

    for docking in station.wait_for("two closed dockings", both_closed):
        assert "serial-twice" in docking["remarks"]
        assert docking["safe_to_take_away"] == "no"
    assert {clip["sha256"] for clip in station.clips()} == digests(cards[1] | cards[2])
    (alarm,) = station.alarms()
    assert (alarm["code"], alarm["recorder_id"]) == ("serial-twice", "usb:46f4:0001:DSJ0001")
    station.require_told("was in two slots at once", "同时出现在两个槽位")
    assert station.verify().code == 0


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
    (alarm,) = station.wait_for("alarm", station.alarms)
    assert alarm["code"] == "card-refused"
    station.require_told(
        "expected a card formatted as exfat or vfat, found ext4", "存储卡格式应为 exfat 或 vfat，实际为 ext4"
    )
    assert (station.slips(), station.mounted_cards(), station.dockings()) == ([], [], [])
    assert hashlib.sha256(card.read_bytes()).digest() == before


def test_a_stick_that_was_never_formatted_is_refused_and_told(station: Station, tmp_path: Path) -> None:
    stick = tmp_path / "stick.img"
    with stick.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    station.machine.plug(stick, "stick", serial="DSJ0001")
    station.wait_for("refusal in the journal", lambda: "card-format-refused" in station.mount_journal())
    (alarm,) = station.wait_for("alarm", station.alarms)
    assert (alarm["code"], alarm["recorder_id"]) == ("card-refused", "usb:46f4:0001:DSJ0001")
    station.require_told(
        "expected a card formatted as exfat or vfat, found no filesystem",
        "存储卡格式应为 exfat 或 vfat，实际为 无文件系统",
    )
    assert (station.slips(), station.mounted_cards(), station.dockings()) == ([], [], [])


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
    # The disk may be gone before anybody looks at it: the kernel lets go of the whole device.
    found = 'cat "$(dirname "$(grep -l 4255 /sys/bus/usb/devices/*/idVendor)")/authorized"'
    station.wait_for("device without a right", lambda: station.machine.ask("bash", "-c", found).out.strip() == "0")
    (alarm,) = station.wait_for("alarm", station.alarms)
    assert (alarm["code"], alarm["problem"]["facts"]["interface"]) == ("usb-interface-refused", "03/01/01")
    station.require_told("found interface 03/01/01 (a keyboard)", "却发现接口 03/01/01（键盘）")
    assert (station.slips(), station.mounted_cards(), station.dockings()) == ([], [], [])
