"""What a recorder says about itself and who carries it, in the fields of GA/T 947."""

import codecs
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from docking.drivers.channel import MalformedReplyError
from docking.drivers.errors import ReplyProblem
from hashing.errors import shown

# GA/T 947: serial, police number, name, unit number, unit name.
FIELD_BYTES: Final = (7, 6, 32, 12, 32)
PACKED_BYTES: Final = sum(FIELD_BYTES)
# The interface for C programs has room for a NUL behind every field; some recorders send it as it lies in memory.
TERMINATED_BYTES: Final = sum(FIELD_BYTES) + len(FIELD_BYTES)

# What makers leave in a recorder that was not given out.
_UNASSIGNED: Final = frozenset({"", "000000"})


class TextEncoding(StrEnum):
    """How a name was read; the text is part of the report."""

    UTF_8 = "utf-8"
    GBK = "gbk"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldText:
    """A name as read: one printable line. `is_cut` says that the field ended inside a character.

    `unreadable` text shows its bytes as escapes, so that nothing is lost and nothing guessed.
    """

    text: str
    encoding: TextEncoding
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFields:
    """Claims of the recorder; None where the field is empty or says that nobody was assigned."""

    serial: str | None
    police_number: str | None
    officer_name: FieldText | None
    unit_number: str | None
    unit_name: FieldText | None


def parse_holder(data: bytes) -> HolderFields:
    """Return the fields of a whole record, or of a lone serial.

    Raises:
        MalformedReplyError: it is neither of the two record lengths nor 1 to 32 printable ASCII characters, or a
            number in it is not printable ASCII.
    """
    if len(data) == PACKED_BYTES:
        fields = _split(data, gap=0)
    elif len(data) == TERMINATED_BYTES:
        fields = _split(data, gap=1)
    elif 1 <= len(data) <= 32:
        fields = (data, b"", b"", b"", b"")
    else:
        raise MalformedReplyError(ReplyProblem.RECORD_LENGTH)
    serial, police_number, officer_name, unit_number, unit_name = fields
    return HolderFields(
        serial=_number(serial),
        police_number=_number(police_number),
        officer_name=_text(officer_name),
        unit_number=_number(unit_number),
        unit_name=_text(unit_name),
    )


def _split(data: bytes, *, gap: int) -> tuple[bytes, ...]:
    fields, start = [], 0
    for size in FIELD_BYTES:
        fields.append(data[start : start + size])
        if data[start + size : start + size + gap].strip(b"\0"):
            raise MalformedReplyError(ReplyProblem.RECORD_LENGTH)
        start += size + gap
    return tuple(fields)


def _number(field: bytes) -> str | None:
    value = field.partition(b"\0")[0].strip(b" ")
    if not value.isascii() or not value.decode("ascii").isprintable():
        raise MalformedReplyError(ReplyProblem.NUMBER)
    number = value.decode("ascii")
    return None if not number.strip("0") or number in _UNASSIGNED else number


def _text(field: bytes) -> FieldText | None:
    value, terminator, _ = field.partition(b"\0")
    value = value.rstrip(b" ")
    if value.decode("ascii", "replace") in _UNASSIGNED:
        return None
    # Short GBK is hardly ever valid UTF-8, the reverse is common: so UTF-8 is tried first.
    for encoding, codec in ((TextEncoding.UTF_8, "utf-8"), (TextEncoding.GBK, "gbk")):
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            # A full field may end inside a character; one with room left may not.
            text = decoder.decode(value, final=bool(terminator))
        except UnicodeDecodeError:
            continue
        return FieldText(text=shown(text), encoding=encoding, is_cut=bool(decoder.getstate()[0]))
    return FieldText(text=shown(value), encoding=TextEncoding.UNREADABLE, is_cut=False)
