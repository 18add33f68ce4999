"""Passwords from a folder of credentials, one file each, as systemd hands them to a service (systemd.exec(5)).

Never from a command line or the environment: those can be read by others, and end up in logs.
"""

import os
import stat
import struct
from pathlib import Path
from typing import Final

from docking.drivers.errors import PasswordFileError, PasswordFileProblem
from docking.drivers.interface import Passwords
from docking.drivers.secret import Secret, is_password
from docking.drivers.verbs import DriverName
from hashing.errors import shown

# One password of 64 characters and its line end; a longer file is something else.
_MAX_FILE_BYTES: Final = 128
# linux/posix_acl.h: named users, the owning group, named groups, everybody else.
_ACL_USER: Final = 0x02
_OTHERS: Final = frozenset({_ACL_USER, 0x04, 0x08, 0x20})


def log_in_credential(driver: DriverName) -> str:
    """Return the name of the credential that opens recorders of this family: `unlock.ambarella.log-in`."""
    return f"unlock.{driver}.log-in"


def command_credential(driver: DriverName) -> str:
    """Return the name of the credential its commands ask for, where that is another password."""
    return f"unlock.{driver}.command"


def read_passwords(folder: Path | None, driver: DriverName) -> Passwords | None:
    """Return the passwords for a family, None where there is none to log in with.

    Raises:
        PasswordFileError: a file is not regular, not ours, open to others, or holds no password.
    """
    log_in = None if folder is None else read_password(folder / log_in_credential(driver))
    if folder is None or log_in is None:
        return None
    return Passwords(log_in=log_in, command=read_password(folder / command_credential(driver)) or log_in)


def read_password(path: Path) -> Secret | None:
    """Return the password in `path`, None where there is no such file.

    Raises:
        PasswordFileError: the file is not regular, not ours, open to others, or holds no password.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as err:
        raise PasswordFileError(path=shown(path), problem=PasswordFileProblem.UNREADABLE) from err
    with os.fdopen(fd, "rb") as stream:
        problem = _problem_of(os.fstat(fd), fd)
        if problem is not None:
            raise PasswordFileError(path=shown(path), problem=problem)
        password = stream.read(_MAX_FILE_BYTES).removesuffix(b"\n")
    if not is_password(password):
        raise PasswordFileError(path=shown(path), problem=PasswordFileProblem.CONTENT)
    return Secret(password)


def _problem_of(found: os.stat_result, fd: int) -> PasswordFileProblem | None:
    if not stat.S_ISREG(found.st_mode):
        return PasswordFileProblem.NOT_REGULAR
    if found.st_uid not in {0, os.geteuid()}:
        return PasswordFileProblem.OWNER
    mode = stat.S_IMODE(found.st_mode)
    if mode in {0o400, 0o600} or (mode == 0o440 and _is_ours_by_acl(fd)):
        return None
    return PasswordFileProblem.MODE


def _is_ours_by_acl(fd: int) -> bool:
    """Return whether the group's right to read is only the mask of an access list that names us and nobody else.

    That is how systemd hands a credential to a service that is not root (systemd.exec(5), acl(5)).
    """
    try:
        acl = os.getxattr(fd, "system.posix_acl_access")
    except OSError:
        return False
    # linux/posix_acl_xattr.h: a version, then tag, permissions and id of each entry.
    readers = {(tag, who) for tag, rights, who in struct.iter_unpack("<HHI", acl[4:]) if rights and tag in _OTHERS}
    return readers <= {(_ACL_USER, os.geteuid())}
