"""Why what is sealed does not yet allow a card to be cleared (the tree stands in archive/errors.py)."""

from archive.errors import ArchiveError
from hashing.errors import N_


class ClearanceError(ArchiveError):
    """The stores do not show that nothing would be lost; the card stays as it is."""


class CopiesTooFewError(ClearanceError):
    """A bag is not held by two stores on different disks."""

    code = "copies-too-few"
    template = N_(
        "{bag}: expected two sealed copies on different disks, found {found} ({stores}); nothing on the card was "
        "removed. Bring the missing store back, then clear again."
    )


class CopyNotWholeError(ClearanceError):
    """A sealed copy does not verify when it is read again."""

    code = "copy-not-whole"
    template = N_(
        "store {store}: the sealed copy {bag} does not verify ({findings}); nothing on the card was removed. Keep the "
        "card: it may hold the only whole copy."
    )


class EntryNotShownError(ClearanceError):
    """A store's copy of the ledger does not show the entry that was named."""

    code = "entry-not-shown"
    template = N_(
        "store {store}: entry {seq} of its ledger copy does not show {expected}; nothing on the card was removed. "
        "Check the ledger with: custody audit verify"
    )


class HeadNotApartError(ClearanceError):
    """No signed head that covers the entries lies on another disk than the ledger itself."""

    code = "head-not-apart"
    template = N_(
        "no store on another disk than the ledger holds a signed head over {size} entries ({found}); nothing on the "
        "card was removed. A lost disk would take card, ledger and proof at once: bring a store on a disk of its own."
    )


class DigestNotSealedError(ClearanceError):
    """No sealed bag of the clip holds the bytes that are to be removed."""

    code = "digest-not-sealed"
    template = N_(
        "{bag}: none of its sealed files has sha256 {expected}; nothing on the card was removed. Dock the card again."
    )
