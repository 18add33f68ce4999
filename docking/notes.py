"""Small files that a root helper leaves for the daemon: dock slips, refusals, reports of unlocking.

A note counts only if nobody but a trusted user can have written it, and readers see all of it or nothing.
"""

import os
import re
import stat
from pathlib import Path
from typing import Final

from docking.errors import SlipMalformedError, SlipUnreadableError, SlipUntrustedError
from hashing.errors import shown

NOTE_SUFFIX: Final = ".json"
# A note is about 500 bytes; anything much larger is not one, and is not read into memory.
MAX_NOTE_BYTES: Final = 16 * 1024

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def read_note(path: Path, *, trusted_uids: frozenset[int]) -> bytes:
    """Read the note at `path` if only a trusted user can have written it.

    Guaranteed: a regular file, not a link, owned by one of `trusted_uids`, writable by nobody else, of at most 16 KiB.
    Not checked: that the folder is as well protected.

    Raises:
        SlipUnreadableError: it vanished or cannot be opened.
        SlipUntrustedError: somebody else could have written it.
        SlipMalformedError: it is too long.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(fd, "rb") as stream:
            _require_trusted(os.fstat(stream.fileno()), path, trusted_uids)
            data = stream.read(MAX_NOTE_BYTES + 1)
    except OSError as err:
        raise SlipUnreadableError(path=shown(path), reason=os.strerror(err.errno or 0)) from err
    if len(data) > MAX_NOTE_BYTES:
        raise SlipMalformedError(
            path=shown(path), field="(file)", expected=f"at most {MAX_NOTE_BYTES} bytes", found="more"
        )
    return data


def write_note(folder: Path, name: str, data: bytes) -> Path:
    """Write `<name>.json` into `folder` and return its path; one of the same name is replaced.

    Not durable: notes live in a tmpfs and mean nothing after a restart of the machine.

    Raises:
        ValueError: `name` is not 1 to 64 letters, digits, dots, dashes and underscores.
        OSError: the folder cannot be written.
    """
    if not _FILE_NAME.fullmatch(name):
        raise ValueError(f"not the name of a note: {name!r}")
    target = folder / (name + NOTE_SUFFIX)
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    try:
        with os.fdopen(fd, "wb") as stream:
            stream.write(data)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target


def _require_trusted(found: os.stat_result, path: Path, trusted_uids: frozenset[int]) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SlipUntrustedError(path=shown(path), expected="a regular file", found=stat.filemode(found.st_mode))
    if found.st_uid not in trusted_uids:
        owners = ", ".join(str(uid) for uid in sorted(trusted_uids))
        raise SlipUntrustedError(path=shown(path), expected=f"owner uid {owners}", found=f"owner uid {found.st_uid}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise SlipUntrustedError(
            path=shown(path), expected="writable by its owner only", found=stat.filemode(found.st_mode)
        )
