"""Are the installed files those of the wheel? It finds accidents; it is no defence against root, who owns the check."""

import base64
import csv
import hashlib
import logging
from collections.abc import Iterator
from importlib import metadata

from archive.answers import Answer
from bodycam_custody.installation.errors import InstallationChangedError

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
    for name, expected in _recorded(found):
        located = found.locate_file(name)
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


def _recorded(distribution: metadata.Distribution) -> Iterator[tuple[str, str]]:
    """Yield name and digest of our files in RECORD (PEP 627); `Distribution.files` would leave out missing ones."""
    for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        name, digest, *_ = [*row, "", ""]
        if name.partition("/")[0] in PACKAGES and digest.startswith("sha256="):
            yield name, digest.removeprefix("sha256=")
