"""The station's two private keys on disk: one signs checkpoints, the other bags and stores."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from archive.durable import create_file, make_directories
from archive.errors import AlreadyThereError
from bodycam_custody.errors import KeyExistsError, KeyExposedError, KeyMissingError
from hashing.allowed_signers import AllowedSigner, AllowedSigners
from hashing.checkpoint import NoteSigner
from hashing.errors import N_, HashingError, Statement, shown
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey

CHECKPOINT_KEY = "checkpoint.key"
BAG_KEY = "bag.key"
PRINCIPAL = "station"
_KEY_MODE = 0o600
_CREDENTIAL_MODE = 0o440
# A key file is a few hundred bytes.
_KEY_LIMIT_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StationKeys:
    """Both keys, loaded."""

    checkpoint: NoteSigner
    bag: SigningKey

    @property
    def allowed_signers(self) -> AllowedSigners:
        """Who may sign bags and store markers, and for nothing else: the file trust/allowed_signers."""
        station = AllowedSigner(
            principals=(PRINCIPAL,), namespaces=(Namespace.BAG, Namespace.STORE, Namespace.RECEIPT), key=self.bag.public
        )
        return AllowedSigners(signers=(station,))


def create_keys(folder: Path, *, origin: str) -> StationKeys:
    """Make both keys, each file created 0600 and durable, and return them.

    Raises:
        KeyExistsError: a key is there already; it is never overwritten.
    """
    make_directories(folder, 0o700)
    keys = StationKeys(checkpoint=NoteSigner.generate(origin), bag=SigningKey.generate())
    for name, data in ((CHECKPOINT_KEY, keys.checkpoint.to_text().encode()), (BAG_KEY, keys.bag.to_openssh())):
        try:
            create_file(folder / name, data, _KEY_MODE)
        except AlreadyThereError as err:
            raise KeyExistsError(path=shown(folder / name)) from err
    return keys


def load_keys(folder: Path) -> StationKeys:
    """Load both keys.

    Raises:
        KeyExposedError: others can read a key file, or it belongs to someone else.
        KeyMissingError: a key file is not there or is no key.
    """
    try:
        checkpoint = NoteSigner.from_text(_read_private(folder / CHECKPOINT_KEY).decode("ascii"))
    except (HashingError, UnicodeDecodeError) as err:
        raise KeyMissingError(path=shown(folder / CHECKPOINT_KEY), reason=err) from err
    try:
        bag = SigningKey.from_openssh(_read_private(folder / BAG_KEY))
    except HashingError as err:
        raise KeyMissingError(path=shown(folder / BAG_KEY), reason=err) from err
    return StationKeys(checkpoint=checkpoint, bag=bag)


def _read_private(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as err:
        raise KeyMissingError(path=shown(path), reason=err.strerror) from err
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise KeyMissingError(path=shown(path), reason=Statement(N_("It is not a regular file.")))
        if _is_exposed(found):
            raise KeyExposedError(path=shown(path), mode=f"{stat.S_IMODE(found.st_mode):04o}", uid=found.st_uid)
        return os.read(descriptor, _KEY_LIMIT_BYTES)
    finally:
        os.close(descriptor)


def _is_exposed(found: os.stat_result) -> bool:
    mode = stat.S_IMODE(found.st_mode)
    # systemd passes a credential as root's file with an ACL entry for its one reader; its mode then shows the mask of
    # the ACL where the group's bits stand (acl(5)), and root's own group is no stranger.
    is_credential = (found.st_uid, found.st_gid, mode) == (0, 0, _CREDENTIAL_MODE)
    return not is_credential and (bool(mode & 0o077) or found.st_uid not in {os.geteuid(), 0})
