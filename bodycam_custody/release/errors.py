"""Why a recorder is not withdrawn or released uncleared.

CustodyError
└── LeavingError
    ├── NothingLeftError
    ├── AlreadyWithdrawnError
    ├── AlreadyReleasedError
    └── SlotEmptyError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class LeavingError(CustodyError):
    """The recorder stays what it was; nothing was entered."""

    code = "leaving-error"


class NothingLeftError(LeavingError):
    """Everything on the card is safe, so nothing has to be given up."""

    code = "nothing-left"
    template = N_(
        "docking {docking_id}: every file is kept and safe, so the recorder may be taken away as it is (A3 art. 7)"
    )


class AlreadyWithdrawnError(LeavingError):
    """A docking's recorder is withdrawn a second time."""

    code = "already-withdrawn"
    template = N_(
        "the recorder of docking {docking_id} was withdrawn by {person} at {at} already (A3 art. 7); an act is entered "
        "once"
    )


class AlreadyReleasedError(LeavingError):
    """A docking's recorder was released uncleared before."""

    code = "already-released"
    template = N_(
        "the recorder of docking {docking_id} was released uncleared by {person} at {at} already (A3 art. 7); an act "
        "is entered once"
    )


class SlotEmptyError(LeavingError):
    """A slot is named in which nothing stands."""

    code = "slot-empty"
    template = N_(
        "nothing stands in slot {slot} now; name the docking instead, as `custody dock list` shows it (A3 art. 7)"
    )
