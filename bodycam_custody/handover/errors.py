"""Why a docking is not accepted, or gets no receipt.

CustodyError
├── DockingNotOverError
├── AlreadyAcceptedError
├── LateWithoutReasonError
├── NotJudgedYetError
└── ReceiptRefusedError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class DockingNotOverError(CustodyError):
    """A docking is still being read."""

    code = "docking-not-over"
    template = N_("docking {docking_id} is not over yet; it can be handed over when its card has been read (A3 art. 7)")


class AlreadyAcceptedError(CustodyError):
    """A docking was accepted before."""

    code = "already-accepted"
    template = N_("docking {docking_id} was accepted by {person} at {at} already (A3 art. 7); an act is entered once")


class LateWithoutReasonError(CustodyError):
    """A late handover needs a reason."""

    code = "late-without-reason"
    template = N_(
        "{late} of {clips} recordings of docking {docking_id} are handed over later than {hours} hours after their end "
        "(A3 art. 7: hand over within 24 hours); say why with --reason"
    )


class NotJudgedYetError(CustodyError):
    """Whether a handover is late cannot be told yet."""

    code = "not-judged-yet"
    template = N_(
        "{waiting} of {clips} recordings of docking {docking_id} have not been read for their times, so nobody can "
        "tell whether they are late (A3 art. 7); wait until they are, or give a reason with --reason now"
    )


class ReceiptRefusedError(CustodyError):
    """No receipt may be given."""

    code = "receipt-refused"
    template = N_("no receipt for docking {docking_id} (A3 art. 7); sealing goes on all the same. {reason}")
