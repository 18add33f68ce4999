"""The register as a ledger has it now; its entries have a subject of their own and are found at once."""

from datetime import date
from typing import Final

from bodycam_custody.decisions.register import Register, fold_register
from bodycam_custody.entries import read_entry
from bodycam_custody.ledger import Ledger
from bodycam_custody.station import Station

SUBJECT: Final = "people"
"""The subject of every entry about people after genesis."""


def register_of(ledger: Ledger) -> Register:
    """Return the register after the last committed entry."""
    (genesis,) = ledger.lines(0, 1)
    return fold_register([read_entry(genesis), *ledger.entries_about([SUBJECT])])


def today_of(station: Station) -> date:
    """Return the legal date at the station."""
    return station.clock.now().astimezone(station.settings.station.zone).date()
