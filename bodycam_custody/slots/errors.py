"""What cannot be done with a slot or its alarms.

CustodyError
├── SlotNameInvalidError
├── SlotNameTakenError
├── SlotPortUnknownError
└── AlarmClosedError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class SlotNameInvalidError(CustodyError):
    """A text cannot be the name of a slot."""

    code = "slot-name-invalid"
    template = N_(
        "slot name {found}: expected 1 to {longest} printable characters without spaces at the ends, as it is painted "
        "beside the slot"
    )


class SlotNameTakenError(CustodyError):
    """Another slot has this name."""

    code = "slot-name-taken"
    template = N_(
        "slot name {name} stands for port {port} already; a name stands for one slot. Give that port another name "
        "first: custody dock learn NAME --port {port}"
    )


class SlotPortUnknownError(CustodyError):
    """Nothing was ever seen on this port."""

    code = "slot-port-unknown"
    template = N_(
        "nothing was ever seen on port {port}, so it gets no name; plug a recorder in there, or choose a port that "
        "`custody dock slots` shows"
    )


class AlarmClosedError(CustodyError):
    """An alarm was acknowledged before."""

    code = "alarm-closed"
    template = N_("alarm {alarm} was acknowledged by {person} at {at} already ({article}); an act is entered once")
