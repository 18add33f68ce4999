"""What can go wrong between a recorder and a list of files that can be read.

StatedError
└── DockingError
    ├── CardGoneError              the card vanished while it was being read
    ├── CardEmptyUnprovenError     it lists as empty, and nobody can tell whether it is there
    ├── CardUnreadableError        the folder of the card cannot be listed
    ├── NotARegularFileError       something other than a regular file stands at that path
    ├── SourceUnreadableError      one file cannot be opened
    ├── NotAsListedError           one file is another than the inventory lists
    ├── CardMountError             docking/mount_errors.py: the mount is not what the slip says, or not safe to read
    │   ├── CardNotMountedError
    │   ├── FilesystemRefusedError
    │   ├── CardWritableError
    │   ├── CardReplacedError
    │   └── FolderCardRefusedError
    ├── MountHelperError           docking/mount_errors.py: the mount helper refuses a device, or its own result
    │   ├── KernelNameRefusedError
    │   ├── DeviceMissingError
    │   ├── DeviceNotUsbError
    │   ├── DeviceBusyError
    │   ├── DeviceWritableError
    │   ├── CardFormatRefusedError
    │   ├── CardMountFailedError
    │   └── CardMountWrongError
    ├── ClearingError              docking/clearing_errors.py: a card is not cleared, or not to the end
    │   ├── CardChangedError
    │   ├── FileNotReceiptedError
    │   ├── CardInUseError
    │   ├── CardNotOpenedError
    │   └── CardNotRestoredError
    ├── ControlError               docking/drivers/errors.py: a recorder that is still locked cannot be read or opened
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
    ├── NoteMalformedError         another note of a root helper is not what it must be
    ├── UsbError                   docking/usb_errors.py: a USB device is not one that is read here
    │   ├── UsbInterfaceRefusedError
    │   ├── UsbDeviceSilentError
    │   ├── UsbUnreadableError
    │   └── UsbLibraryMissingError
    ├── FamiliesInvalidError       the list of recorder families cannot be used
    └── ProfileInvalidError        a recorder profile contradicts itself
"""

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


class CardEmptyUnprovenError(DockingError):
    """The card lists as empty, and nobody can tell whether its device is still there."""

    code = "card-empty-unproven"
    template = N_(
        "{card}: the card lists as empty, and it cannot be told whether it is still there. It does not count as empty: "
        "take it out and dock it again."
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


class NotAsListedError(DockingError):
    """At the path of a listed file stands one of another size or time: what is known of the file would be false."""

    code = "not-as-listed"
    template = N_(
        "{path}: the file was listed with {expected_bytes} bytes (mtime {expected_mtime_ns} ns) and has {found_bytes} "
        "(mtime {found_mtime_ns} ns) now. Nothing of it is sealed; stop what writes to the card and dock it again."
    )


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


class NoteMalformedError(DockingError):
    """A refusal or a report of unlocking is not what a root helper writes."""

    code = "note-malformed"
    template = N_("{path}: note field {field}: expected {expected}, found {found}.")


class FamiliesInvalidError(DockingError):
    """The file that says which USB ids belong to which family of recorders cannot be used."""

    code = "families-invalid"
    template = N_("{path}: recorder families, {field}: expected {expected}, found {found}.")


class ProfileInvalidError(DockingError):
    """A recorder profile cannot be used."""

    code = "profile-invalid"
    template = N_("{path}: recorder profile, {field}: expected {expected}, found {found}.")
