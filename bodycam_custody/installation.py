"""Are the installed files those of the wheel? It finds accidents; it is no defence against root, who owns the check."""

import base64
import hashlib
import logging
from collections.abc import Iterator
from importlib import metadata

from archive.answers import Answer
from bodycam_custody.errors import InstallationChangedError

logger = logging.getLogger(__name__)

DISTRIBUTION = "bodycam-custody"
# The program is these folders of the wheel; what installers add beside them is not ours to judge.
PACKAGES = ("archive", "bodycam_custody", "cli", "config", "docking", "hashing")


def check_installed_files(distribution: metadata.Distribution | None = None) -> Answer:
    """Compare every file of the six packages with the digest the wheel's RECORD gives for it.

    `cannot-tell` for an editable installation, whose RECORD does not list the program. Not found: files that were
    added, and whatever was changed together with RECORD.

    Raises:
        InstallationChangedError: a file is missing or has other bytes; the first one is named.
    """
    found = distribution or metadata.distribution(DISTRIBUTION)
    compared = 0
    for path, expected in _recorded(found):
        located = found.locate_file(path)
        try:
            with open(str(located), "rb") as file:
                actual = base64.urlsafe_b64encode(hashlib.file_digest(file, "sha256").digest()).rstrip(b"=").decode()
        except OSError as err:
            raise InstallationChangedError(path=str(located), expected=expected, found=err.strerror) from err
        if actual != expected:
            raise InstallationChangedError(path=str(located), expected=expected, found=actual)
        compared += 1
    if not compared:
        logger.debug("installation is editable, its files cannot be compared")
        return Answer.CANNOT_TELL
    return Answer.YES


def _recorded(distribution: metadata.Distribution) -> Iterator[tuple[metadata.PackagePath, str]]:
    for path in distribution.files or ():
        if path.parts[0] in PACKAGES and path.hash is not None and path.hash.mode == "sha256":
            yield path, path.hash.value
