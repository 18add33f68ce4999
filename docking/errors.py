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
    ├── SlipError
    │   ├── SlipUnreadableError
    │   ├── SlipUntrustedError
    │   ├── SlipMalformedError
    │   └── SlipFolderMissingError
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
