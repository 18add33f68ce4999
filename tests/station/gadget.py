"""A USB device of any make, acted by the machine itself: the kernel's gadget side, looped back into its host side."""

from pathlib import Path

from tests.station.machine import Machine

_GADGETS = "/sys/kernel/config/usb_gadget"
_CARD, _LOCKED = f"{_GADGETS}/card", f"{_GADGETS}/locked"
_ROOT = Path(__file__).parents[2]
# What the locked recorder needs beside what is installed.
_ACTED_BY = ("tests.station.locked_recorder", "tests.docking.drivers.fake_recorders")
# The boot keyboard of the HID specification (Device Class Definition for HID 1.11, appendix B.1), as printf escapes.
_KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395067508150025650507"
    "190029658100c0"
)


def plug_gadget(
    machine: Machine, image: Path, *, vendor: str, product: str, serial: str, has_keyboard: bool = False
) -> None:
    """Dock a storage device with these ids that holds `image`, and with a keyboard beside it if asked."""
    _make_card(machine, image, vendor=vendor, product=product, serial=serial)
    if has_keyboard:
        keyboard = "".join(f"\\x{byte:02x}" for byte in _KEYBOARD)
        machine.shell(f"""
            cd {_CARD}
            mkdir functions/hid.0
            echo 1 > functions/hid.0/protocol
            echo 1 > functions/hid.0/subclass
            echo 8 > functions/hid.0/report_length
            printf '{keyboard}' > functions/hid.0/report_desc
            ln -s functions/hid.0 configs/c.1/
        """)
    machine.shell(f"ls /sys/class/udc > {_CARD}/UDC")


def pull_gadget(machine: Machine) -> None:
    """Take it out."""
    machine.shell(f"echo > {_CARD}/UDC")


def plug_locked_recorder(
    machine: Machine, image: Path, *, vendor: str, product: str, product_as_card: str, serial: str
) -> None:
    """Dock a recorder that shows `image` only after its password, and then as another product."""
    _make_card(machine, image, vendor=vendor, product=product_as_card, serial=serial)
    _make_gadget(machine, _LOCKED, vendor=vendor, product=product, serial=serial)
    machine.shell(f"""
        modprobe usb_f_fs
        mkdir {_LOCKED}/functions/ffs.control
        ln -s {_LOCKED}/functions/ffs.control {_LOCKED}/configs/c.1/
        mkdir /run/control
        mount -t functionfs control /run/control
    """)
    for module in _ACTED_BY:
        file = Path(*module.split(".")).with_suffix(".py")
        machine.run("install", "-D", "/dev/stdin", f"/root/{file}", text=(_ROOT / file).read_text(encoding="utf-8"))
    program = f"/opt/bodycam-custody/bin/python -m {_ACTED_BY[0]} /run/control {_LOCKED} {_CARD}"
    machine.shell(f"systemd-run --quiet --unit=locked-recorder --working-directory=/root {program}")


def _make_card(machine: Machine, image: Path, *, vendor: str, product: str, serial: str) -> None:
    machine.plug_disk(image, "gadget")
    _make_gadget(machine, _CARD, vendor=vendor, product=product, serial=serial)
    machine.shell(f"""
        until test -b /dev/disk/by-id/virtio-gadget; do udevadm settle; sleep 0.1; done
        cd {_CARD}
        mkdir functions/mass_storage.0
        echo /dev/disk/by-id/virtio-gadget > functions/mass_storage.0/lun.0/file
        ln -s functions/mass_storage.0 configs/c.1/
    """)


def _make_gadget(machine: Machine, folder: str, *, vendor: str, product: str, serial: str) -> None:
    """Make a device that has no function yet and is not plugged in."""
    machine.shell(f"""
        modprobe -a dummy_hcd libcomposite
        until test -d {folder}; do mkdir {folder} || sleep 0.1; done
        cd {folder}
        echo 0x{vendor} > idVendor
        echo 0x{product} > idProduct
        mkdir -p strings/0x409 configs/c.1
        echo {serial} > strings/0x409/serialnumber
    """)
