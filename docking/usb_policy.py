"""Which USB devices are taken for recorders: storage and known control channels, and nothing else beside them.

A keyboard in a stick types; a network card in a recorder opens the station. So a device is refused for any interface
beside mass storage and the control interface of a known recorder family, in whatever configuration or alternate
setting it hides. What is refused is refused whole: its storage is not mounted either.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from docking.card import UNKNOWN_RECORDER
from docking.usb_devices import UsbDevice, UsbDisk, UsbId, UsbInterface
from docking.usb_errors import UsbDeviceSilentError, UsbInterfaceRefusedError
from hashing.errors import N_, Statement

_MASS_STORAGE: Final = 0x08
_SCSI: Final = 0x06
# USB Mass Storage Overview §3: bulk-only transport, and USB attached SCSI.
_STORAGE_PROTOCOLS: Final = frozenset({0x50, 0x62})
_VENDOR_SPECIFIC: Final = 0xFF

# What an interface can act as, by all three numbers or by its class (https://www.usb.org/defined-class-codes).
_ACTS_AS: Final = {
    "01": N_("sound"),
    "02": N_("a modem or network card"),
    "03": N_("an input device"),
    "03/01/01": N_("a keyboard"),
    "03/01/02": N_("a mouse"),
    "06": N_("a camera or telephone (PTP, MTP)"),
    "07": N_("a printer"),
    "08": N_("storage of another kind"),
    "09": N_("a hub"),
    "0a": N_("a modem or network card"),
    "0b": N_("a smart card reader"),
    "0e": N_("a video camera"),
    "e0": N_("a radio or network card"),
    "fe": N_("a firmware loader or other application"),
    "ff": N_("a maker's own protocol that is not known here"),
}


class UsbKind(StrEnum):
    """What an accepted device is good for now."""

    STORAGE = "storage"
    CONTROL = "control"


class UsbRemark(StrEnum):
    """What must be said beside an accepted device."""

    SERIAL_UNKNOWN = "serial-unknown"
    SEVERAL_CARDS = "several-cards"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbVerdict:
    """A device that may be docked: what it is, which recorder it claims to be, and the cards in it.

    Several cards (logical units with a medium) belong to one recorder on one port; each is read as a card of its own.
    """

    kind: UsbKind
    recorder: str
    cards: tuple[UsbDisk, ...]
    remarks: tuple[UsbRemark, ...]


def judge_usb_device(device: UsbDevice, known: Container[UsbId]) -> UsbVerdict:
    """Return what `device` may be used for; `known` are the ids of recorders with a control channel.

    A recorder without a usable serial is accepted: its recordings are sealed all the same, under the recorder
    `unknown` (R73).

    Raises:
        UsbInterfaceRefusedError: it can act as something else; names the first such interface.
        UsbDeviceSilentError: it names no interface.
    """
    if not device.interfaces:
        raise UsbDeviceSilentError(port=device.port, device=device.usb_id)
    is_known = device.usb_id in known
    for interface in device.interfaces:
        if not (is_storage(interface) or (is_known and interface.usb_class == _VENDOR_SPECIFIC)):
            raise UsbInterfaceRefusedError(
                port=device.path_of(interface),
                device=device.usb_id,
                interface=interface.code,
                acts_as=acts_as(interface.code),
            )
    cards = tuple(disk for disk in device.disks if disk.has_medium)
    return UsbVerdict(
        kind=UsbKind.STORAGE if any(map(is_storage, device.interfaces)) else UsbKind.CONTROL,
        recorder=device.recorder,
        cards=cards,
        remarks=tuple(_remarks(device, cards)),
    )


def is_storage(interface: UsbInterface) -> bool:
    """Return whether the interface is mass storage as recorders have it: 08/06/50 or 08/06/62."""
    return (
        (interface.usb_class, interface.subclass) == (_MASS_STORAGE, _SCSI)
        and interface.protocol in _STORAGE_PROTOCOLS
    )  # fmt: skip


def speaks_own_protocol(device: UsbDevice) -> bool:
    """Return whether all the device offers are protocols of its maker's own: a locked recorder, known here or not."""
    return bool(device.interfaces) and all(one.usb_class == _VENDOR_SPECIFIC for one in device.interfaces)


def offers_storage(device: UsbDevice) -> bool:
    """Return whether the device claims to be storage, whatever else it is."""
    return any(interface.usb_class == _MASS_STORAGE for interface in device.interfaces)


def acts_as(code: str) -> Statement:
    """Return in words what an interface with this `class/subclass/protocol` can act as."""
    return Statement(_ACTS_AS.get(code) or _ACTS_AS.get(code[:2]) or N_("something unknown"))


def _remarks(device: UsbDevice, cards: tuple[UsbDisk, ...]) -> Iterable[UsbRemark]:
    if device.recorder == UNKNOWN_RECORDER:
        yield UsbRemark.SERIAL_UNKNOWN
    if len(cards) > 1:
        yield UsbRemark.SEVERAL_CARDS
