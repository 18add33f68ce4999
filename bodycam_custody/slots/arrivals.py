"""From dock slips to arrivals: which cards are docked now, and which are waiting to be read again."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

from bodycam_custody.dockings.drafts import Arrival
from bodycam_custody.entries import DAEMON
from bodycam_custody.model import DockingId, DockingPhase
from bodycam_custody.release.standing import let_go_by
from bodycam_custody.slots.alarms import serial_twice_draft
from bodycam_custody.station import Station
from docking.card import UNKNOWN_RECORDER
from docking.card_mount import check_card_mount
from docking.slips import DockSlip, read_slip
from docking.usb_ports import PortId, port_of
from docking.watch import SlipWatcher
from hashing.errors import StatedError

logger = logging.getLogger(__name__)

# A card whose docking failed is tried again while it stays docked: a full or absent store may be back.
FIRST_RETRY_S = 60.0
LONGEST_RETRY_S = 1800.0

Dock = Callable[[Arrival], "Future[None]"]
Claimants = Callable[[str, PortId], Sequence[PortId]]
"""The ports but the one given where something claims to be a recorder, cards or not."""


class Slots:
    """Watches the slip folder and hands every trusted, mounted card over once."""

    def __init__(
        self, station: Station, dock: Dock, new_docking_id: Callable[[], DockingId], claimants: Claimants
    ) -> None:
        self._station = station
        self._dock = dock
        self._claimants = claimants
        self._new_docking_id = new_docking_id
        self._present: dict[Path, threading.Event] = {}
        self._docked: dict[Path, Arrival] = {}
        self._lock = threading.Lock()
        settings = station.settings
        self._watcher = SlipWatcher(
            settings.paths.slips, self._on_seen, self._on_gone, rescan_s=settings.docking.rescan_s
        )

    def start(self) -> None:
        """Begin to watch; cards already docked are announced at once.

        Raises:
            SlipFolderMissingError: the slip folder is not there.
        """
        self._watcher.start()

    def stop(self) -> None:
        """Watch no more; cards being read are not waited for."""
        self._watcher.stop()
        with self._lock:
            for gone in self._present.values():
                gone.set()

    def _on_seen(self, path: Path) -> None:
        gone = threading.Event()
        with self._lock:
            self._present[path] = gone
        threading.Thread(target=self._serve, args=(path, gone), name=f"slot-{path.stem}", daemon=True).start()

    def _on_gone(self, path: Path) -> None:
        with self._lock:
            gone = self._present.pop(path, None)
            self._docked.pop(path, None)
        if gone is not None:
            gone.set()

    def _serve(self, path: Path, gone: threading.Event) -> None:
        """Dock the card of one slip, again and again until a docking closed, it was let go, or the slip is gone."""
        retry_s, docking_id = FIRST_RETRY_S, None
        while not gone.is_set():
            try:
                arrival = self._arrival(path)
                self._compare(path, arrival)
                self._dock(arrival).result()
                docking_id = arrival.docking_id
                if self._is_closed(docking_id):
                    return
            except StatedError as err:
                logger.error("card is not read slip=%s reason=%s", path.name, err)
            except Exception:
                # The rim of this thread; the traceback is what an operator needs.
                logger.exception("card is not read slip=%s", path.name)
            is_over = gone.wait(retry_s)
            if not is_over and docking_id is not None and let_go_by(self._station.catalog, docking_id) is not None:
                # Whoever let it go may take it out at any moment.
                return
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)

    def _arrival(self, path: Path) -> Arrival:
        settings = self._station.settings.docking
        slip: DockSlip = read_slip(path, trusted_uids=frozenset(settings.slip_owner_uids))
        check_card_mount(slip, folder_cards_allowed=settings.folder_cards)
        return Arrival(
            docking_id=self._new_docking_id(),
            card=slip.card(),
            docked_at=slip.docked_at,
            clock_offset_ms=slip.clock_offset_ms,
            clock_offset_uncertainty_ms=slip.clock_offset_uncertainty_ms,
            device=slip.device,
            diskseq=slip.diskseq,
            actor=DAEMON,
        )

    def _compare(self, path: Path, arrival: Arrival) -> None:
        """Enter an alarm when the serial of `arrival` stands in another slot too: a claim two cannot make (R73).

        It is entered before the docking, so that neither of them is ever shown as one that may go.

        Raises:
            LedgerRefusesError: the alarm could not be entered; the card is not read yet.
        """
        with self._lock:
            self._docked = {slip: docked for slip, docked in self._docked.items() if slip.exists()}
            others = [docked for slip, docked in self._docked.items() if slip != path and _contradict(docked, arrival)]
            self._docked[path] = arrival
        also: Sequence[PortId] = ()
        if arrival.card.port_path is not None and arrival.card.recorder != UNKNOWN_RECORDER:
            also = self._claimants(arrival.card.recorder, port_of(arrival.card.port_path))
        if others or also:
            logger.error("serial is in two slots at once docking=%s", arrival.docking_id)
            self._station.record.enter([serial_twice_draft([*others, arrival], also=also)])

    def _is_closed(self, docking_id: DockingId) -> bool:
        rows = self._station.catalog.rows("SELECT phase FROM dockings WHERE docking_id = ?", (docking_id,))
        return bool(rows) and rows[0]["phase"] == DockingPhase.CLOSED


def _contradict(one: Arrival, other: Arrival) -> bool:
    """Return whether two cards claim one recorder in different slots; two cards of one recorder share its port."""
    ports = [arrival.card.port_path for arrival in (one, other)]
    if one.card.recorder != other.card.recorder or one.card.recorder == UNKNOWN_RECORDER or None in ports:
        return False
    return len({port_of(port) for port in ports if port is not None}) > 1
