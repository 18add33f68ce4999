"""Why the reading of a card ended before its work.

CustodyError
├── CardSilentError
├── CardReaderFailedError
└── StationStoppingError
"""

from bodycam_custody.errors import CustodyError
from hashing.errors import N_


class CardSilentError(CustodyError):
    """The card gave no bytes for too long."""

    code = "card-silent"
    template = N_(
        "the card gave nothing for {silence_s} s while {path} was read; that read was given up, dock it again"
    )


class CardReaderFailedError(CustodyError):
    """The process that reads the card ended before its work."""

    code = "card-reader-failed"
    template = N_("the reading process ended (exit {exit_code}) while {path} was read; dock the recorder again")


class StationStoppingError(CustodyError):
    """The station was told to end while a card was read."""

    code = "station-stopping"
    template = N_("the station is ending; the card is read again when it is back")
