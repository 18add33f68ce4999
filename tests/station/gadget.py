"""A USB device of any make, acted by the machine itself: the kernel's gadget side, looped back into its host side."""

from pathlib import Path

from tests.station.machine import Machine

_GADGET = "/sys/kernel/config/usb_gadget/recorder"
# The boot keyboard of the HID specification (Device Class Definition for HID 1.11, appendix B.1), as printf escapes.
_KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503910395067508150025650507"
    "190029658100c0"
)


def plug_gadget(
    machine: Machine, image: Path, *, vendor: str, product: str, serial: str, has_keyboard: bool = False
) -> None:
    """Dock a storage device with these ids that holds `image`, and with a keyboard beside it if asked."""
    machine.plug_disk(image, "gadget")
    keyboard = "".join(f"\\x{byte:02x}" for byte in _KEYBOARD)
    machine.shell(f"""
        until test -b /dev/disk/by-id/virtio-gadget; do sleep 0.1; done
        modprobe -a dummy_hcd libcomposite
        until test -d {_GADGET}; do mkdir {_GADGET} || sleep 0.1; done
        cd {_GADGET}
        echo 0x{vendor} > idVendor
        echo 0x{product} > idProduct
        mkdir -p strings/0x409 configs/c.1 functions/mass_storage.0
        echo {serial} > strings/0x409/serialnumber
        echo /dev/disk/by-id/virtio-gadget > functions/mass_storage.0/lun.0/file
        ln -s functions/mass_storage.0 configs/c.1/
    """)
    if has_keyboard:
        machine.shell(f"""
            cd {_GADGET}
            mkdir functions/hid.0
            echo 1 > functions/hid.0/protocol
            echo 1 > functions/hid.0/subclass
            echo 8 > functions/hid.0/report_length
            printf '{keyboard}' > functions/hid.0/report_desc
            ln -s functions/hid.0 configs/c.1/
        """)
    machine.shell(f"ls /sys/class/udc > {_GADGET}/UDC")


def pull_gadget(machine: Machine) -> None:
    """Take it out."""
    machine.shell(f"echo > {_GADGET}/UDC")
