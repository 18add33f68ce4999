"""What the real udev makes of devices under umockdev; a program of its own, started by test_udev_rules.

    umockdev-wrapper python3 tests/docking/udev_scenes.py UDEVADM

Prints of every device, as one JSON line, what systemd is asked to start and what is left in `authorized`. udevadm reads
the rules from where the test mounted them, runs its own usb_id, and writes to the sysfs of umockdev.
"""

import json
import subprocess
import sys
from pathlib import Path

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

from tests.docking.usb_tree import CONTROL, KEYBOARD, STORAGE, Claims, Triple, descriptors  # noqa: E402

HOST = "/devices/pci0000:00/0000:00:14.0"
USB: dict[str, list[Triple]] = {
    "storage": [STORAGE],
    "storage and keyboard": [STORAGE, KEYBOARD],
    "keyboard": [KEYBOARD],
    "storage and control": [STORAGE, CONTROL],
    "control": [CONTROL],
}
# Size in sectors, and what udev's blkid found before our rules are read.
DISKS = {
    "unformatted": (1048576, ""),
    "LUKS": (1048576, "E: ID_FS_USAGE=crypto\n"),
    "vfat": (1048576, "E: ID_FS_USAGE=filesystem\n"),
    "no medium": (0, ""),
}


def main() -> None:
    bed = UMockdev.Testbed.new()
    bed.add_from_string(f"P: {HOST}\nE: SUBSYSTEM=pci\nA: class=0x0c0330\n")
    seen = {}
    for number, (what, interfaces) in enumerate(USB.items(), start=1):
        device = f"{HOST}/usb1/1-{number}"
        raw = descriptors(Claims(), interfaces).hex().upper()
        bed.add_from_string(
            f"P: {device}\nN: bus/usb/001/{number:03d}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: idVendor=4255\n"
            f"A: idProduct=0001\nA: busnum=1\nA: devnum={number}\nA: authorized=1\nH: descriptors={raw}\n"
        )
        wants = asked(device)
        seen[what] = [wants, Path(f"/sys{device}/authorized").read_text(encoding="ascii").strip()]
    for letter, (what, (sectors, found)) in zip("bcdefg", DISKS.items(), strict=False):
        disk = f"{HOST}/usb1/1-1/1-1:1.0/host1/target1:0:0/1:0:0:0/block/sd{letter}"
        facts = f"E: SUBSYSTEM=block\nE: ID_BUS=usb\n{found}A: size={sectors}\n"
        bed.add_from_string(f"P: {disk}\nN: sd{letter}\nE: DEVTYPE=disk\n{facts}")
        seen[what] = [asked(disk), None]
    print(json.dumps(seen))  # noqa: T201  # what the test reads


def asked(device: str) -> str | None:
    """Return what systemd is asked to start for a device that was added."""
    told = subprocess.run(
        [sys.argv[1], "test", "--action=add", f"/sys{device}"], capture_output=True, text=True, check=True
    )
    wanted = [line.partition("=")[2] for line in told.stdout.splitlines() if line.startswith("SYSTEMD_WANTS=")]
    return wanted[0].strip() if wanted else None


if __name__ == "__main__":
    main()
