"""What is wrong with the installed program.

CustodyError
└── InstallationChangedError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class InstallationChangedError(CustodyError):
    """An installed file is not the one of the wheel."""

    code = "installation-changed"
    template = N_(
        "installed file {path} is not the one of the wheel: expected sha256 {expected}, found {found}; install the "
        "program again before it takes in anything"
    )
