"""What can go wrong between a recorder and a list of files that can be read.

StatedError
└── DockingError
    ├── CardGoneError              the card vanished while it was being read
    ├── CardUnreadableError        the folder of the card cannot be listed
    ├── NotARegularFileError       something other than a regular file stands at that path
    ├── SourceUnreadableError      one file cannot be opened
    ├── CardMountError             the mount is not what the slip says, or not safe to read
    │   ├── CardNotMountedError
    │   ├── FilesystemRefusedError
    │   ├── CardWritableError
    │   ├── CardReplacedError
    │   └── FolderCardRefusedError
    ├── MountHelperError           the mount helper refuses a device, or its own result
    │   ├── KernelNameRefusedError
    │   ├── DeviceMissingError
    │   ├── DeviceNotUsbError
    │   ├── DeviceBusyError
    │   ├── DeviceWritableError
    │   ├── CardFormatRefusedError
    │   ├── CardMountFailedError
    │   └── CardMountWrongError
    ├── ControlError               a recorder that is still locked cannot be read or opened
    │   ├── ControlAbsentError
    │   ├── ControlMismatchError
    │   ├── ControlFailedError
    │   ├── ControlGoneError
    │   ├── ControlSilentError
    │   ├── ControlReplyError
    │   ├── CommandRefusedError
    │   ├── DriverMissingError
    │   ├── PasswordMissingError
    │   ├── PasswordFileError
    │   ├── LoginRefusedError
    │   ├── ClockNotReadableError
    │   ├── ClockMeasurementStaleError
    │   ├── ClockProofError
    │   └── ClockNotSettableError
    ├── SlipError
    │   ├── SlipUnreadableError
    │   ├── SlipUntrustedError
    │   ├── SlipMalformedError
    │   └── SlipFolderMissingError
    ├── UsbError                   a USB device is not one that is read here
    │   ├── UsbInterfaceRefusedError
    │   ├── UsbDeviceSilentError
    │   ├── UsbUnreadableError
    │   └── UsbLibraryMissingError
    └── ProfileInvalidError        a recorder profile contradicts itself
"""

from enum import StrEnum

from hashing.errors import N_, StatedError


class DockingError(StatedError):
    """A card, a slip or a profile is not what it must be."""


class CardGoneError(DockingError):
    """The card vanished; what was listed so far proves nothing about what was on it."""

    code = "card-gone"
    template = N_(
        "{card}: the card is no longer there ({reason}). Nothing may be concluded about its files: dock it again, "
        "what is already sealed stays sealed."
    )


class CardUnreadableError(DockingError):
    """The folder of the card exists but cannot be listed."""

    code = "card-unreadable"
    template = N_("{card}: expected a folder that can be listed, found: {reason}. Dock the card again or try a reader.")


class NotARegularFileError(DockingError):
    """Only regular files are opened; this path holds something else."""

    code = "not-a-regular-file"
    template = N_("{path}: expected a regular file, found {kind}; it is listed and not opened.")


class SourceUnreadableError(DockingError):
    """One file of the card cannot be opened."""

    code = "source-unreadable"
    template = N_(
        "{path}: the file cannot be opened ({reason}). The other files are not affected; dock the card again."
    )


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


class ControlError(DockingError):
    """The control channel of a recorder does not lead to an answer; its card was not touched."""


class ControlAbsentError(ControlError):
    """Nothing is plugged in at that port."""

    code = "control-absent"
    template = N_("{port_path}: expected a recorder at this USB port, found nothing. Dock the recorder again.")


class ControlMismatchError(ControlError):
    """The device has another shape than the recorders of its family."""

    code = "control-mismatch"
    template = N_(
        "{port_path}: expected a control channel of the family {driver}, found interfaces {found}; nothing was sent. "
        "Check in the settings which family this recorder belongs to."
    )


class ControlFailedError(ControlError):
    """The channel cannot be opened, or a transfer failed."""

    code = "control-failed"
    template = N_("{port_path}: the recorder's control channel failed ({reason}). Dock the recorder again.")


class ControlGoneError(ControlError):
    """The recorder left the bus while it was spoken to."""

    code = "control-gone"
    template = N_("{port_path}: the recorder is no longer there. Dock it again; nothing on it was changed.")


class ControlSilentError(ControlError):
    """The recorder did not answer, or not to the end, in time."""

    code = "control-silent"
    template = N_(
        "{port_path}: expected an answer of the recorder within {seconds} seconds, found none that is complete. "
        "Switch the recorder on, let it start, then dock it again."
    )


class ReplyProblem(StrEnum):
    """Why an answer of a recorder is not understood; what it says is not part of it."""

    UNASKED = N_("it keeps sending without being asked")
    TOO_LONG = N_("it is longer than any answer may be")
    ECHO = N_("it gives the command back with its password")
    OTHER_VERB = N_("it does not answer the question that was asked")
    LENGTH = N_("its length is not a number")
    TERMINATOR = N_("it does not end where its length says, or goes on behind its end")
    VALUE = N_("its value is not of the expected form")
    RECORD_LENGTH = N_("it is neither a number nor a whole record of GA/T 947")
    NUMBER = N_("a number in it holds other than printable characters")


class ControlReplyError(ControlError):
    """The answer is not what the family answers."""

    code = "control-reply"
    template = N_(
        "{port_path}: the recorder's answer is not understood: {problem}. Dock it again; if this repeats, it needs "
        "another driver."
    )


class CommandRefusedError(ControlError):
    """The recorder says no to a command."""

    code = "command-refused"
    template = N_("{port_path}: the recorder refuses {verb}. Check the password for its family, then dock it again.")


class DriverMissingError(ControlError):
    """No driver here speaks to this recorder."""

    code = "driver-missing"
    template = N_(
        "{port_path}: present, locked: no driver is known for USB {vendor_id}:{product_id}. Unlock the recorder by "
        "hand or with its maker's program, or take its card out and read that."
    )


class PasswordMissingError(ControlError):
    """There is a driver, but no password for its family."""

    code = "password-missing"
    template = N_(
        "{port_path}: present, locked: no password for the family {driver}. Put it into the credential {credential}, "
        "then dock the recorder again."
    )


class PasswordFileProblem(StrEnum):
    """Why a file is not taken as a password."""

    NOT_REGULAR = N_("it is not a regular file")
    OWNER = N_("it belongs to another user")
    MODE = N_("others than its owner may use it; set its mode to 0400")
    CONTENT = N_("it is not one line of 1 to 64 letters, digits and signs without space, ; # @ and =")
    UNREADABLE = N_("it cannot be read")


class PasswordFileError(ControlError):
    """The file of a password must not be used; what is in it is never part of the message."""

    code = "password-file"
    template = N_("{path}: this password file is not used: {problem}.")


class LoginRefusedError(ControlError):
    """The recorder does not accept the password."""

    code = "login-refused"
    template = N_(
        "{port_path}: present, locked: the recorder does not accept the password. It is not tried again by itself, "
        "because some recorders lock for good: correct the credential, then dock the recorder again."
    )


class ClockNotReadableError(ControlError):
    """The time a recorder shows is not one moment."""

    code = "clock-not-readable"
    template = N_(
        "{recorder}: the recorder's clock shows {shown}, which is not exactly one moment in the time zone {zone}."
    )


class ClockMeasurementStaleError(ControlError):
    """What was measured does not allow the clock to be set now."""

    code = "clock-measurement-stale"
    template = N_(
        "{recorder}: expected a measurement of this recorder's clock from the last {minutes} minutes, found another. "
        "Measure and record the offset, then set the clock (A3 art. 6)."
    )


class ClockProofError(ControlError):
    """What should prove that a clock was measured is no measurement."""

    code = "clock-proof"
    template = N_(
        "Setting a recorder's clock takes the recorded measurement of it; what was given is none: see field {field}."
    )


class ClockNotSettableError(ControlError):
    """The driver knows no verb to set the clock, and tries none."""

    code = "clock-not-settable"
    template = N_("{port_path}: no command is known that sets the clock of the family {driver}; set it by hand.")


class SlipError(DockingError):
    """A dock slip cannot be used."""


class SlipUnreadableError(SlipError):
    """The slip cannot be opened or read."""

    code = "slip-unreadable"
    template = N_("{path}: the dock slip cannot be read ({reason}). Dock the card again.")


class SlipUntrustedError(SlipError):
    """The slip could have been written by somebody who may not say that a card is docked."""

    code = "slip-untrusted"
    template = N_("{path}: this dock slip does not count: expected {expected}, found {found}.")


class SlipMalformedError(SlipError):
    """The slip is not a dock slip of version 1."""

    code = "slip-malformed"
    template = N_("{path}: dock slip field {field}: expected {expected}, found {found}.")


class SlipFolderMissingError(SlipError):
    """The folder in which slips are announced does not exist."""

    code = "slip-folder-missing"
    template = N_(
        "{path}: expected the folder of dock slips, found {found}. Create it (systemd does so through tmpfiles) or "
        "correct paths.slips."
    )


class ProfileInvalidError(DockingError):
    """A recorder profile cannot be used."""

    code = "profile-invalid"
    template = N_("{path}: recorder profile, {field}: expected {expected}, found {found}.")


class UsbError(DockingError):
    """A USB device cannot be used as a recorder."""


class UsbInterfaceRefusedError(UsbError):
    """The device can act as something else than a recorder."""

    code = "usb-interface-refused"
    template = N_(
        "{port}: the device {device} is refused: expected only storage and the control of a known recorder, found "
        "interface {interface} ({acts_as}). It is neither mounted nor read. Take it out and have it examined."
    )


class UsbDeviceSilentError(UsbError):
    """The device names no interface, so nothing shows what it is."""

    code = "usb-device-silent"
    template = N_(
        "{port}: the device {device} is refused: it names no interface, so nothing shows that it is a recorder. Plug "
        "it in again, or try another cable."
    )


class UsbUnreadableError(UsbError):
    """A USB device cannot be asked what it is called."""

    code = "usb-unreadable"
    template = N_("{port}: the device cannot be asked for its serial ({reason}). Dock it again.")


class UsbLibraryMissingError(UsbError):
    """libusb is not there."""

    code = "usb-library-missing"
    template = N_("libusb finds no USB on this machine; install it with: apt install libusb-1.0-0")
