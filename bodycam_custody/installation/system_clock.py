"""Whether the kernel's clock is kept right by somebody (adjtimex(2)): what `timedatectl` shows as synchronised."""

import ctypes
import struct

from archive.answers import Answer

# linux/timex.h: the status field says that nobody disciplines the clock.
_STA_UNSYNC = 0x0040
# struct timex of 64-bit Linux: modes and padding, offset, freq, maxerror, esterror, then status.
_STATUS = struct.Struct("@i")
_STATUS_OFFSET = 40
_TIMEX_BYTES = 256


def is_clock_synchronised() -> Answer:
    """Return whether the kernel counts its clock as synchronised; nothing is changed."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if ctypes.sizeof(ctypes.c_long) != 8 or ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        return Answer.CANNOT_TELL
    (status,) = _STATUS.unpack_from(timex.raw, _STATUS_OFFSET)
    return Answer.NO if status & _STA_UNSYNC else Answer.YES
