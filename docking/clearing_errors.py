"""Why a card is not cleared, or not to the end (the tree stands in docking/errors.py)."""

from docking.errors import DockingError
from hashing.errors import N_


class ClearingError(DockingError):
    """A card is not cleared, or not to the end; what was removed is said apart."""


class CardChangedError(ClearingError):
    """The card is not the one that was docked."""

    code = "card-changed"
    template = N_(
        "{mount_point}: expected {what} {expected}, found {found}: this is not the card that was docked, and nothing "
        "on it was removed. Dock it again."
    )


class FileNotReceiptedError(ClearingError):
    """A file on the card is not what the receipt says."""

    code = "file-not-receipted"
    template = N_(
        "{path}: the receipt says {what} {expected}, the card says {found}. A card that changed is not cleared; dock "
        "it again, so that what is new on it is sealed too."
    )


class CardInUseError(ClearingError):
    """Somebody could write to the card already."""

    code = "card-in-use"
    template = N_(
        "{mount_point}: expected a card that nobody can write to, found it writable ({found}); nothing on it was "
        "removed. Find out what mounted it, then dock the card again."
    )


class CardNotOpenedError(ClearingError):
    """The card could not be made writable for clearing."""

    code = "card-not-opened"
    template = N_(
        "{mount_point}: the card cannot be opened for clearing ({reason}); nothing on it was removed. If it has a "
        "switch against writing, move it and dock it again."
    )


class CardNotRestoredError(ClearingError):
    """The card could not be made read-only again."""

    code = "card-not-restored"
    template = N_(
        "{mount_point}: the card could not be made read-only again ({reason}). Take it out and dock it again."
    )
