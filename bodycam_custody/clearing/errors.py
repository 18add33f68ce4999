"""Why a card is not cleared, as the station decides it.

CustodyError
├── ClearingNotChosenError
├── ClearingRefusedError
├── ClearingBrokenOffError
├── ClearHelperMissingError
└── ResidueError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class ClearingNotChosenError(CustodyError):
    """The unit's rule set keeps recorders as they are."""

    code = "clearing-not-chosen"
    template = N_(
        "the rule set of {unit} ({document_number}, version {version}) keeps recorders at the desk (rule_set.clearing "
        "= {clearing}; A3 art. 7); no card is cleared here"
    )


class ConfigNotRootsError(CustodyError):
    """Somebody else than root could change what the root helper goes by."""

    code = "configuration-not-roots"
    template = N_(
        "{path}: expected to be root's and writable by nobody else, found owner uid {uid} and mode {mode}: it says "
        "which cards may be cleared (A3 art. 7), so nothing was removed. Run: chown root:root {path} && chmod go-w "
        "{path}"
    )


class ClearingRefusedError(CustodyError):
    """The card of a docking is not cleared now."""

    code = "clearing-refused"
    template = N_("the card of docking {docking_id} is not cleared (A3 art. 7) and stays as it is. {reason}")


class ClearingBrokenOffError(CustodyError):
    """The helper ended, or was ended, before it was done."""

    code = "clearing-broken-off"
    template = N_(
        "clearing broke off: {removed} of {files} files were removed, {unknown} more may have been. All of them are "
        "kept in the stores. Dock the recorder again to see what is left on it."
    )


class ClearHelperMissingError(CustodyError):
    """The program that clears cannot be reached."""

    code = "clear-helper-missing"
    template = N_(
        "the helper that clears cards does not answer ({reason}); nothing was removed. Run: systemctl enable --now "
        "custody-clear.socket"
    )


class ResidueError(CustodyError):
    """After clearing, removed files were found on the card."""

    code = "residue-found"
    template = N_(
        "{count} files that were removed are on the card again ({paths}): its medium may be worn out or lock its "
        "files. Do not hand this recorder out; have it examined."
    )
