"""What can go wrong in custody proper.

StatedError
└── CustodyError
"""

from hashing.errors import StatedError

__all__ = ["CustodyError", "StatedError"]


class CustodyError(StatedError):
    """Custody cannot go on as asked; the text says why and what to do."""
