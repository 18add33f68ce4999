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

    PEOPLE_APPOINT = "custody-people-appoint"
    """The appointment of a person, signed by two who are appointed."""

    PEOPLE_END = "custody-people-end"
    """The end of an appointment, signed by two who are appointed."""

    PEOPLE_CHANGE_KEY = "custody-people-change-key"
    """Another key for a person: signed with it, by two people, and with the old key or by two recovery keys."""
