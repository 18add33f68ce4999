"""What can be asked of a recorder, whatever its family."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from docking.drivers.clock import ClockMeasurement, StationTime
from docking.drivers.gat947 import HolderFields
from docking.drivers.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """What opens a recorder. Where a family asks again for each command, `command` is that password."""

    log_in: Secret
    command: Secret

    def is_factory_set(self) -> bool:
        """Return whether one of them is the maker's, so that everybody knows it."""
        return self.log_in.is_factory_password() or self.command.is_factory_password()


class Recorder(Protocol):
    """One recorder behind its control channel.

    Nothing but `enter_storage_mode` and `sync_clock` changes it. A question its family has no verb for is answered
    with None, never with a guess. Every method raises the leaves of `ControlError`; after one, open the channel anew.
    """

    def log_in(self) -> None:
        """Log in; every other method needs it.

        Raises:
            LoginRefusedError: the recorder does not accept the password.
        """
        ...

    def read_holder(self) -> HolderFields | None:
        """Return the recorder's own number and who it says carries it."""
        ...

    def read_battery_percent(self) -> int | None:
        """Return the charge of the battery."""
        ...

    def measure_clock(self, time: StationTime) -> ClockMeasurement | None:
        """Return how far the recorder's clock is off."""
        ...

    def enter_storage_mode(self) -> bool:
        """Ask the recorder to come back as a card; return whether it said yes before it left the bus.

        It re-enumerates under another number and maybe another product id: only the port tells that it is the same.

        Raises:
            CommandRefusedError: the recorder says no.
        """
        ...

    def sync_clock(self, measurement: ClockMeasurement, time: StationTime) -> datetime:
        """Set the recorder's clock and return the moment it was set to.

        Overwrites what the recorder's clock said, which is why it takes the measurement of it.

        Raises:
            ClockMeasurementStaleError: the measurement is of another recorder or too old.
            ClockNotSettableError: no verb for this is known.
            CommandRefusedError: the recorder says no.
        """
        ...
