"""The same operations without a daemon: in this process, under the station's lock."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bodycam_custody.clock import Clock
from bodycam_custody.errors import NotStationOwnerError, StationMissingError
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from bodycam_custody.station import LEDGER_DB, open_station, station_lock
from config.settings import Settings
from hashing.errors import shown

# Two commands typed at once wait for one another; a daemon that holds the lock does not let go.
LOCK_WAIT_S = 5.0


class Local:
    """A station opened for one command."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def call(self, name: str, params: Mapping[str, object]) -> Any:
        """Run one operation as the user of this process and return its JSON value.

        Raises:
            StatedError: refused, not found, or failed.
        """
        if name == "imports.start":
            # Only what writes custody facts needs the station settled first; a look must be quick.
            self.runtime.settle()
            self.runtime.start_interpreting()
        return answer(self.runtime, name, params, Caller(uid=os.geteuid()))


@contextmanager
def open_local(settings: Settings) -> Iterator[Local]:
    """Open the station in this process; dockings begun here are waited for on leaving.

    Raises:
        NotStationOwnerError: the state folder belongs to someone else.
        StationBusyError: another process holds the station.
        StatedError: whatever keeps the station shut (see `open_station`).
    """
    state = settings.paths.state
    if not state.is_dir():
        raise StationMissingError(state=shown(state), expected=LEDGER_DB)
    owner = state.stat().st_uid
    if os.geteuid() not in {0, owner}:
        raise NotStationOwnerError(
            socket=shown(settings.paths.socket), state=shown(state), owner_uid=owner, uid=os.geteuid()
        )
    with station_lock(state, wait_s=LOCK_WAIT_S):
        station = open_station(settings, Clock(), whole_check=False)
        runtime = Runtime(station, mode="in-process")
        try:
            yield Local(runtime)
            if runtime.progress:
                runtime.finish()
        finally:
            runtime.close()
            station.close()
