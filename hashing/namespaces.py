"""The one registry of what a signature can be for."""

from enum import StrEnum


class Namespace(StrEnum):
    """SSHSIG namespaces: a signature made for one purpose is worth nothing for another.

    The text is signed, so a member is never renamed and never used for a second purpose. Each verb that people sign
    gets a member of its own here.
    """

    BAG = "custody-bag"
    """The tagmanifest of a sealed bag, signed by the station."""

    STORE = "custody-store"
    """The marker of a store, signed by the station."""

    RECEIPT = "custody-receipt"
    """The receipt for a docking, signed by the station."""
