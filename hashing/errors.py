"""What can go wrong in digests, signatures, chain, tree and checkpoints.

StatedError
└── HashingError
"""

import os
import unicodedata
from typing import ClassVar


def N_(template: str) -> str:
    """Mark `template` for the message catalogue; the text itself is returned unchanged."""
    return template


# Bidirectional overrides and isolates can make a file name read as another one (Unicode TR 36).
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(path: bytes | str | os.PathLike[str]) -> str:
    """Return `path` as one printable line that cannot pretend to be another name.

    Control characters and bidirectional overrides become escapes, bytes that are not UTF-8 become `\\xNN`.
    """
    raw = path if isinstance(path, bytes) else os.fsencode(os.fspath(path))
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"} or character in _BIDI_CONTROLS
        else character
        for character in text
    )


class StatedError(Exception):
    """An error built from facts.

    `template` is the English text with named fields (and the message id of its translation), `facts` fills it,
    `code` is stable and part of the interface.
    """

    code: ClassVar[str] = "error"
    template: ClassVar[str] = "{what}"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.template.format(**facts))
        self.facts = facts


class HashingError(StatedError):
    """Bytes, signatures or proofs are not what they must be."""
