"""Commitments: names and free text stand in the ledger as a keyed hash, so that they can be erased.

The text and its key lie together outside the ledger. With both, anyone can see that the ledger meant this text; once
they are erased nothing is left to guess, because the key is as long as the hash.
"""

import hmac

# As long as the hash: a shorter key could be searched together with a guessed text.
KEY_BYTES = 32


def commit(text: bytes, key: bytes) -> str:
    """Return HMAC-SHA-256 of `text` under `key`, as 64 lowercase hex digits.

    The key must be random and used for this text only; neither is checked.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a commitment key has {KEY_BYTES} bytes, this one has {len(key)}")
    return hmac.digest(key, text, "sha256").hex()


def matches(commitment: str, *, text: bytes, key: bytes) -> bool:
    """Return whether `commitment` was made from `text` under `key`; the comparison takes constant time."""
    return hmac.compare_digest(commitment.encode(), commit(text, key).encode())
