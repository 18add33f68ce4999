"""Why a card is not mounted, or its mount not read (the tree stands in docking/errors.py)."""

from docking.errors import DockingError
from hashing.errors import N_


class CardMountError(DockingError):
    """The mount of a card is not what its slip says, or not safe to read."""


class CardNotMountedError(CardMountError):
    """The slip names a mount point at which nothing is mounted."""

    code = "card-not-mounted"
    template = N_("{mount_point}: expected a card to be mounted here, found {found}. Dock the card again.")


class FilesystemRefusedError(CardMountError):
    """The card carries a filesystem that is not read here, or another one than its slip says."""

    code = "card-filesystem-refused"
    template = N_("{mount_point}: expected filesystem {expected}, found {found}; this card is not read.")


class CardWritableError(CardMountError):
    """The card is mounted for writing, so reading it could change it."""

    code = "card-writable"
    template = N_(
        "{mount_point}: expected a card mounted read-only, found it writable; it is not read, because reading could "
        "change it. Undock it and check the mount helper."
    )


class CardReplacedError(CardMountError):
    """Another disk than the slip's stands behind the mount point."""

    code = "card-replaced"
    template = N_(
        "{mount_point}: expected disk sequence {expected}, found {found}: the card was changed since its slip was "
        "written. Dock it again."
    )


class FolderCardRefusedError(CardMountError):
    """A plain folder stands where a card is required."""

    code = "folder-card-refused"
    template = N_(
        "{mount_point}: expected a mounted card, found a plain folder. Use `custody import`, or set "
        "docking.folder_cards where folders are wanted (demonstration and tests)."
    )


class MountHelperError(DockingError):
    """The mount helper leaves a device alone; nothing of it is mounted."""


class KernelNameRefusedError(MountHelperError):
    """The helper's one argument is not the kernel's name of a device."""

    code = "kernel-name-refused"
    template = N_("{name}: expected the kernel's name of a disk or partition, such as sdb1. Nothing was mounted.")


class DeviceMissingError(MountHelperError):
    """There is no such block device (any more)."""

    code = "device-missing"
    template = N_("{device}: expected a block device, found {found}. Plug the card in again.")


class DeviceNotUsbError(MountHelperError):
    """The device is built into the station, or hangs on something else than USB."""

    code = "device-not-usb"
    template = N_("{device}: expected a card on USB, found another kind of disk; it is left alone.")


class DeviceBusyError(MountHelperError):
    """Something else mounted or uses the device, perhaps for writing."""

    code = "device-busy"
    template = N_(
        "{device}: expected a card nobody uses, found it in use ({reason}). Stop what mounted it, a desktop for "
        "example, then plug the card in again."
    )


class DeviceWritableError(MountHelperError):
    """The kernel does not refuse writes to the device."""

    code = "device-writable"
    template = N_(
        "{device}: expected a device the kernel keeps read-only, found it writable ({reason}); it is not read, because "
        "reading could change it."
    )


class CardFormatRefusedError(MountHelperError):
    """The card is formatted with something that is not mounted here."""

    code = "card-format-refused"
    template = N_(
        "{device}: expected a card formatted as {expected}, found {found}; it is not mounted. If it is a recorder's "
        "card, keep it and have it examined."
    )


class CardMountFailedError(MountHelperError):
    """Mounting or unmounting failed."""

    code = "card-mount-failed"
    template = N_("{device}: mounting or unmounting at {mount_point} failed ({reason}). Plug the card in again.")


class CardMountWrongError(MountHelperError):
    """What came of mounting is not what was asked for."""

    code = "card-mount-wrong"
    template = N_(
        "{mount_point}: expected the mount to have {expected}, found {found}; the card was unmounted again. Check the "
        "mount helper and the kernel's modules."
    )
