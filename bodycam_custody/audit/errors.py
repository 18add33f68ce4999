"""Why an offline verification cannot even start; what is wrong with the evidence itself is a finding, never an error.

CustodyError
└── AuditError
    ├── EvidenceUnreadableError
    ├── NoStoreError
    ├── TrustUnusableError
    └── SeenUnreadableError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class AuditError(CustodyError):
    """An argument of the verification cannot be used."""

    code = "audit-error"


class EvidenceUnreadableError(AuditError):
    """A store folder is missing, or something in it may not be read."""

    code = "evidence-unreadable"
    template = N_(
        "{path}: expected a store or a part of one, but it cannot be read: {reason}. "
        "Mount the disk, correct the path, or run this with the right to read it."
    )


class NoStoreError(AuditError):
    """A folder that was given holds nothing of a store."""

    code = "evidence-no-store"
    template = N_(
        "{path}: expected a store folder with ledger/, clips/ or custody-store.json, found none of them. "
        "Correct the path."
    )


class TrustUnusableError(AuditError):
    """The trust folder lacks something or holds something that must not be trusted."""

    code = "trust-unusable"
    template = N_(
        "{path}: expected {expected}, found: {reason}. "
        "The trust folder is the one you keep yourself, never one from the disk of a store."
    )


class SeenUnreadableError(AuditError):
    """A file given with --seen cannot be read."""

    code = "seen-unreadable"
    template = N_(
        "{path}: expected a checkpoint that somebody kept, or a receipt with its signature beside it, but it cannot be "
        "read: {reason}. Correct the path."
    )
