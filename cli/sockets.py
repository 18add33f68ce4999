"""The daemon's socket: whether anyone answers there, and what is said when it goes wrong."""

import os
import socket
import stat
from pathlib import Path

from cli.language import N_
from cli.messages import StationProblemError

# A daemon that lives accepts at once; one that does not within this time is stuck.
_CONNECT_TIMEOUT_S = 5.0

_NOT_ANSWERING = N_(
    "the station's daemon at {socket} broke off ({reason}); nothing is lost; look at `journalctl -u bodycam-custody` "
    "and try again"
)
_NOT_PERMITTED = N_(
    "the station's socket {socket} is closed to you (uid {uid}): expected the station's own user or root; run the "
    "command as one of these"
)


def is_answering(path: Path) -> bool:
    """Return whether a daemon accepts connections at `path`.

    Raises:
        StationProblemError: a daemon is there but closed to this user, or does not accept in time.
    """
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return False
        connected(path).close()
    except PermissionError as err:
        raise _stated("socket-not-permitted", _NOT_PERMITTED, socket=str(path), uid=os.geteuid()) from err
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return False
    except OSError as err:
        raise not_answering(path, err) from err
    return True


def connected(path: Path) -> socket.socket:
    """Return a connection to the daemon at `path`, however long the path is.

    Raises:
        OSError: nothing is there, nobody accepts, or this user may not.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_CONNECT_TIMEOUT_S)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # sun_path holds 107 bytes (unix(7)); through the open folder any path is short enough.
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
    except OSError:
        connection.close()
        raise
    finally:
        os.close(folder)
    return connection


def not_answering(path: Path, error: Exception) -> StationProblemError:
    """Return the problem of a daemon that broke off or does not accept."""
    reason = str(error) or type(error).__name__
    return _stated("station-not-answering", _NOT_ANSWERING, socket=str(path), reason=reason)


def _stated(code: str, template: str, **facts: object) -> StationProblemError:
    return StationProblemError({"code": code, "template": template, "facts": facts})
