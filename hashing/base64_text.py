"""Base64 that has one spelling only: what decodes must encode to the same text again."""

import base64
import binascii


def encode_base64(data: bytes) -> str:
    """Return `data` in the standard alphabet, padded, on one line."""
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Return the bytes that `text` spells.

    Stray characters, missing padding and padding bits other than zero are refused, so no two texts give equal bytes.

    Raises:
        ValueError: `text` is not what `encode_base64` writes.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as err:
        raise ValueError("not base64") from err
    if encode_base64(data) != text:
        raise ValueError("not the one base64 spelling of its bytes")
    return data
