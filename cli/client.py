"""From a command to the station: over the socket of the daemon, or in this process when no daemon answers.

Both ways give the same values and state the same problems.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from cli import wire
from cli.sockets import is_answering
from config.settings import Settings

_PAGE = 500


class Transport(Protocol):
    """One way to reach the station."""

    def call(self, name: str, params: Mapping[str, object]) -> object:
        """Return the answer to the operation `name`."""


class Station:
    """The station's operations with the types of their answers."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def status(self) -> wire.Status:
        """Return the station at a glance."""
        return cast(wire.Status, self._call("status.show", {}))

    def dockings(self, *, limit: int) -> list[wire.Docking]:
        """Return the newest dockings."""
        page = cast(dict[str, Any], self._call("dockings.list", {"limit": limit}))
        return cast(list[wire.Docking], page["items"])

    def docking(self, docking_id: str) -> wire.DockingDetail:
        """Return one docking with its files."""
        return cast(wire.DockingDetail, self._call("dockings.show", {"docking_id": docking_id}))

    def accept_docking(self, docking_id: str, *, person: str, reason: str | None) -> wire.Accepted:
        """Enter that a custodian takes a docking over."""
        wanted = {"docking_id": docking_id, "person": person, "reason": reason}
        return cast(wire.Accepted, self._call("dockings.accept", wanted))

    def issue_receipt(self, docking_id: str) -> wire.Receipt:
        """Give the signed receipt for a docking; its digest enters the ledger."""
        return cast(wire.Receipt, self._call("dockings.receipt", {"docking_id": docking_id}))

    def let_go(self, act: str, target: str, *, person: str, reason: str) -> wire.LetGo:
        """Enter that a recorder leaves although not all of it is safe (withdraw, release)."""
        wanted = {"target": target, "person": person, "reason": reason}
        return cast(wire.LetGo, self._call(f"dockings.{act}", wanted))

    def clear_card(self, target: str, *, person: str) -> wire.ClearingDone:
        """Have the card of a docking, or of a slot, cleared."""
        return cast(wire.ClearingDone, self._call("dockings.clear", {"target": target, "person": person}))

    def slots(self) -> list[wire.Slot]:
        """Return every slot and what stands in it now."""
        return cast(list[wire.Slot], cast(dict[str, Any], self._call("slots.list", {}))["items"])

    def learn_slot(self, name: str, *, port: str) -> wire.Learnt:
        """Give a port its name."""
        return cast(wire.Learnt, self._call("slots.learn", {"name": name, "port": port}))

    def alarms(self, *, limit: int) -> list[wire.Alarm]:
        """Return the newest alarms, whatever became of them."""
        return cast(list[wire.Alarm], cast(dict[str, Any], self._call("alarms.list", {"limit": limit}))["items"])

    def needs_at_dock(self) -> tuple[list[wire.Alarm], list[wire.Slot]]:
        """Return the alarms that stand, and every slot that is in a dock."""
        status = self.status()
        return status["alarms"], status["slots"]

    def acknowledge_alarm(self, alarm: str, *, by: str, note: str) -> wire.Acknowledged:
        """Enter that somebody looked into an alarm."""
        return cast(wire.Acknowledged, self._call("alarms.acknowledge", {"alarm": alarm, "by": by, "note": note}))

    def start_import(self, folder: Path) -> str:
        """Start the import of a folder and return its docking id."""
        return cast(dict[str, str], self._call("imports.start", {"path": str(folder)}))["docking_id"]

    def clips(self, *, state: str | None, docking_id: str | None) -> list[wire.Clip]:
        """Return every clip of that state and docking, all pages."""
        return cast(list[wire.Clip], self._every("clips.list", {"state": state, "docking_id": docking_id}))

    def clip(self, clip_id: str) -> wire.ClipDetail:
        """Return everything known of one clip."""
        return cast(wire.ClipDetail, self._call("clips.show", {"clip_id": clip_id}))

    def sessions_of(self, clips: Iterable[wire.Clip]) -> list[wire.Session]:
        """Return the sessions these clips belong to, each once."""
        first = {clip["session_id"]: clip["clip_id"] for clip in clips if clip["session_id"] is not None}
        sessions = [self.clip(clip_id)["session"] for clip_id in first.values()]
        return [session for session in sessions if session is not None]

    def history(self, clip_id: str) -> list[wire.HistoryEntry]:
        """Return every ledger entry about one clip."""
        answer = cast(dict[str, Any], self._call("clips.history", {"clip_id": clip_id}))
        return cast(list[wire.HistoryEntry], answer["items"])

    def verify_clip(self, clip_id: str) -> wire.ClipCheck:
        """Re-read every copy of one clip; the act enters the ledger."""
        return cast(wire.ClipCheck, self._call("clips.verify", {"clip_id": clip_id}))

    def stores(self) -> wire.Stores:
        """Return every store and how it is."""
        return cast(wire.Stores, self._call("stores.list", {}))

    def sweep_stores(self) -> wire.Swept:
        """Look for what the stores should hold and write again what they lack."""
        return cast(wire.Swept, self._call("stores.sweep", {}))

    def rebuild_catalog(self) -> wire.Rebuilt:
        """Build the catalog again from ledger and bags."""
        return cast(wire.Rebuilt, self._call("stores.rebuild", {}))

    def checkpoint(self) -> wire.SignedHead:
        """Sign the ledger's head now."""
        return cast(wire.SignedHead, self._call("audit.checkpoint", {}))

    def keys(self) -> wire.Keys:
        """Return the station's public keys."""
        return cast(wire.Keys, self._call("keys.show", {}))

    def people(self) -> wire.People:
        """Return everybody who is or was appointed."""
        return cast(wire.People, self._call("people.list", {}))

    def person(self, person: str) -> wire.PersonDetail:
        """Return one person with all appointments and keys."""
        return cast(wire.PersonDetail, self._call("people.show", {"person": person}))

    def ask_about_person(self, act: str, given: Mapping[str, object]) -> wire.ToSign:
        """Enter a request (appoint, end, change_key) and return the text to sign."""
        return cast(wire.ToSign, self._call(f"people.{act}", given))

    def hand_in(self, request: str, signatures: Mapping[str, str]) -> wire.Decided:
        """Enter a decision with its signatures."""
        return cast(wire.Decided, self._call("people.hand_in", {"request": request, "signatures": dict(signatures)}))

    def recorders(self, *, state: str | None) -> list[wire.Recorder]:
        """Return every recorder of that state, all pages."""
        return cast(list[wire.Recorder], self._every("recorders.list", {"state": state}))

    def recorder(self, recorder_id: str) -> wire.RecorderDetail:
        """Return everything the register says of one recorder."""
        return cast(wire.RecorderDetail, self._call("recorders.show", {"recorder_id": recorder_id}))

    def check_recorders(self, *, minimum: str | None, since: str | None) -> wire.RecorderCheck:
        """Hold the register against what was docked."""
        return cast(wire.RecorderCheck, self._call("recorders.check", {"minimum": minimum, "since": since}))

    def enter_recorder_act(self, act: str, given: Mapping[str, object]) -> wire.Recorder:
        """Enter an act on a recorder (add, issue, return, fault, retire); return the recorder after it."""
        return cast(wire.Recorder, self._call(f"recorders.{act}", given))

    def _every(self, name: str, wanted: Mapping[str, object]) -> list[Any]:
        """Return the items of all pages of a list."""
        found: list[Any] = []
        after: str | None = None
        while True:
            page = cast(dict[str, Any], self._call(name, {"limit": _PAGE, "after": after, **wanted}))
            found.extend(page["items"])
            after = page["next"]
            if after is None:
                return found


@contextmanager
def connect(settings: Settings) -> Iterator[Station]:
    """Give the station: the daemon's when one answers, else opened in this process.

    Raises:
        StationProblemError: a daemon is there but closed to this user.
        StatedError: no daemon answers and the station cannot be opened here; the text says why.
    """
    if is_answering(settings.paths.socket):
        from cli.transport import SocketTransport

        yield Station(SocketTransport(settings.paths.socket))
        return
    from bodycam_custody.local import open_local

    with open_local(settings) as local:
        yield Station(local)
