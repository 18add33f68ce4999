"""Why a recorder that is still locked is not read or opened (the tree stands in docking/errors.py)."""

from enum import StrEnum

from docking.errors import DockingError
from hashing.errors import N_


class ControlError(DockingError):
    """The control channel of a recorder does not lead to an answer; its card was not touched."""


class ControlAbsentError(ControlError):
    """Nothing is plugged in at that port."""

    code = "control-absent"
    template = N_("{port_path}: expected a recorder at this USB port, found nothing. Dock the recorder again.")


class ControlMismatchError(ControlError):
    """The device has another shape than the recorders of its family."""

    code = "control-mismatch"
    template = N_(
        "{port_path}: expected a control channel of the family {driver}, found interfaces {found}; nothing was sent. "
        "Check in the settings which family this recorder belongs to."
    )


class ControlFailedError(ControlError):
    """The channel cannot be opened, or a transfer failed."""

    code = "control-failed"
    template = N_("{port_path}: the recorder's control channel failed ({reason}). Dock the recorder again.")


class ControlGoneError(ControlError):
    """The recorder left the bus while it was spoken to."""

    code = "control-gone"
    template = N_("{port_path}: the recorder is no longer there. Dock it again; nothing on it was changed.")


class ControlSilentError(ControlError):
    """The recorder did not answer, or not to the end, in time."""

    code = "control-silent"
    template = N_(
        "{port_path}: expected an answer of the recorder within {seconds} seconds, found none that is complete. "
        "Switch the recorder on, let it start, then dock it again."
    )


class ReplyProblem(StrEnum):
    """Why an answer of a recorder is not understood; what it says is not part of it."""

    UNASKED = N_("it keeps sending without being asked")
    TOO_LONG = N_("it is longer than any answer may be")
    ECHO = N_("it gives the command back with its password")
    OTHER_VERB = N_("it does not answer the question that was asked")
    LENGTH = N_("its length is not a number")
    TERMINATOR = N_("it does not end where its length says, or goes on behind its end")
    VALUE = N_("its value is not of the expected form")
    RECORD_LENGTH = N_("it is neither a number nor a whole record of GA/T 947")
    NUMBER = N_("a number in it holds other than printable characters")


class ControlReplyError(ControlError):
    """The answer is not what the family answers."""

    code = "control-reply"
    template = N_(
        "{port_path}: the recorder's answer is not understood: {problem}. Dock it again; if this repeats, it needs "
        "another driver."
    )


class CommandRefusedError(ControlError):
    """The recorder says no to a command."""

    code = "command-refused"
    template = N_("{port_path}: the recorder refuses {verb}. Check the password for its family, then dock it again.")


class DriverMissingError(ControlError):
    """No driver here speaks to this recorder."""

    code = "driver-missing"
    template = N_(
        "{port_path}: present, locked: no driver is known for USB {vendor_id}:{product_id}. Unlock the recorder by "
        "hand or with its maker's program, or take its card out and read that."
    )


class PasswordMissingError(ControlError):
    """There is a driver, but no password for its family."""

    code = "password-missing"
    template = N_(
        "{port_path}: present, locked: no password for the family {driver}. Put it into the credential {credential}, "
        "then dock the recorder again."
    )


class PasswordFileProblem(StrEnum):
    """Why a file is not taken as a password."""

    NOT_REGULAR = N_("it is not a regular file")
    OWNER = N_("it belongs to another user")
    MODE = N_("others than its owner may use it; set its mode to 0400")
    CONTENT = N_("it is not one line of 1 to 64 letters, digits and signs without space, ; # @ and =")
    UNREADABLE = N_("it cannot be read")


class PasswordFileError(ControlError):
    """The file of a password must not be used; what is in it is never part of the message."""

    code = "password-file"
    template = N_("{path}: this password file is not used: {problem}.")


class LoginRefusedError(ControlError):
    """The recorder does not accept the password."""

    code = "login-refused"
    template = N_(
        "{port_path}: present, locked: the recorder does not accept the password. It is not tried again by itself, "
        "because some recorders lock for good: correct the credential, then dock the recorder again."
    )


class ClockNotReadableError(ControlError):
    """The time a recorder shows is not one moment."""

    code = "clock-not-readable"
    template = N_(
        "{recorder}: the recorder's clock shows {shown}, which is not exactly one moment in the time zone {zone}."
    )


class ClockMeasurementStaleError(ControlError):
    """What was measured does not allow the clock to be set now."""

    code = "clock-measurement-stale"
    template = N_(
        "{recorder}: expected a measurement of this recorder's clock from the last {minutes} minutes, found another. "
        "Measure and record the offset, then set the clock (A3 art. 6)."
    )


class ClockProofError(ControlError):
    """What should prove that a clock was measured is no measurement."""

    code = "clock-proof"
    template = N_(
        "Setting a recorder's clock takes the recorded measurement of it; what was given is none: see field {field}."
    )


class ClockNotSettableError(ControlError):
    """The driver knows no verb to set the clock, and tries none."""

    code = "clock-not-settable"
    template = N_("{port_path}: no command is known that sets the clock of the family {driver}; set it by hand.")
