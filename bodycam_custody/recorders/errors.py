"""Why an act on the recorder register is refused.

CustodyError
└── RecorderError
    ├── RecorderUnnamedError
    ├── RecorderAmbiguousError
    ├── RecorderUnregisteredError
    ├── RecorderRegisteredError
    ├── RecorderIssuedError
    ├── RecorderNotIssuedError
    ├── RecorderFaultyError
    ├── RecorderWithdrawnError
    ├── RecorderRetiredError
    ├── ActInFutureError
    └── ActOutOfOrderError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class RecorderError(CustodyError):
    """The register stays as it is; the text says why and quotes the article."""

    code = "recorder-error"


class RecorderUnnamedError(RecorderError):
    """A text names no single recorder."""

    code = "recorder-unnamed"
    template = N_(
        "{recorder} names no single recorder: expected usb:VENDOR:PRODUCT:SERIAL with four lower-case hex digits each "
        "for vendor and product, as `custody dock list` shows it (A3 art. 3)"
    )


class RecorderAmbiguousError(RecorderError):
    """A serial fits several recorders."""

    code = "recorder-ambiguous"
    template = N_("serial {serial} fits {count} recorders; type the whole id, as `custody recorder list` shows it")


class RecorderUnregisteredError(RecorderError):
    """An act names a recorder that is not in the register."""

    code = "recorder-unregistered"
    template = N_(
        "recorder {recorder} is not in the register (A3 art. 3); a custodian registers it with: custody recorder add"
    )


class RecorderRegisteredError(RecorderError):
    """A recorder would be registered twice."""

    code = "recorder-registered"
    template = N_("recorder {recorder} is in the register since {since}; a recorder is registered once (A3 art. 3)")


class RecorderIssuedError(RecorderError):
    """A recorder is issued that somebody holds."""

    code = "recorder-issued"
    template = N_(
        "recorder {recorder} is issued to {officer} since {since}; one officer at a time answers for a recorder "
        "(HY, CZ): enter its return first"
    )


class RecorderNotIssuedError(RecorderError):
    """A recorder is returned that nobody holds and that is not away for repair."""

    code = "recorder-not-issued"
    template = N_(
        "recorder {recorder} is neither issued nor faulty, so nothing can be returned (HY, CZ); it is in stock"
    )


class RecorderFaultyError(RecorderError):
    """A faulty recorder is issued, or found faulty again."""

    code = "recorder-faulty"
    template = N_("recorder {recorder} is faulty since {since} (HY, CZ); enter its return from repair first")


class RecorderWithdrawnError(RecorderError):
    """A recorder is issued or retired that is away because files of it cannot be read."""

    code = "recorder-withdrawn"
    template = N_(
        "recorder {recorder} is away for recovery since {since}: files of it were never kept (A3 art. 7). Enter its "
        "return first, dock it and read them, or have a supervisor release it"
    )


class RecorderRetiredError(RecorderError):
    """An act names a recorder that was taken out of service."""

    code = "recorder-retired"
    template = N_("recorder {recorder} was retired on {since} and takes no further acts (HY, CZ)")


class ActInFutureError(RecorderError):
    """An act is dated later than now."""

    code = "recorder-act-in-future"
    template = N_("recorder {recorder}: the act is dated {dated}, but it is {now} now; enter it when it has happened")


class ActOutOfOrderError(RecorderError):
    """An act is dated before the one it follows."""

    code = "recorder-act-out-of-order"
    template = N_(
        "recorder {recorder}: the act is dated {dated}, before the newest act in the register, which is dated "
        "{newest}; two officers never answer for a recorder at one time (HY, CZ)"
    )
