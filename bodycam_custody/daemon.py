"""The daemon: one process that watches, takes in, interprets, keeps time and answers, until SIGTERM."""

import logging
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any, Self

import uvicorn

from bodycam_custody.api import PeerProtocol, build_application
from bodycam_custody.clock import Clock
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.errors import SocketTakenError, StatedError
from bodycam_custody.genesis import rule_set_draft
from bodycam_custody.handlers import load_handlers
from bodycam_custody.installation.files import check_installed_files
from bodycam_custody.installation.software import software_name
from bodycam_custody.liveness import Liveness, start_liveness
from bodycam_custody.runtime import Runtime
from bodycam_custody.schedule import Schedule
from bodycam_custody.station import Station, open_station, station_lock
from config.settings import Settings
from hashing.errors import shown

logger = logging.getLogger(__name__)

# systemd passes the first socket as this descriptor (sd_listen_fds(3)).
LISTEN_FD = 3
# Requests under way at SIGTERM get this long; the whole stop must end within 10 s.
GRACE_S = 3
# Nobody but the owner and the group may connect; who may do what is decided per request.
SOCKET_MODE_MASK = 0o117


def run_daemon(settings: Settings, *, foreground: bool) -> None:
    """Run the station until SIGTERM or SIGINT, which end it within 10 s.

    Started by systemd (Type=notify) it says READY when it answers; with `foreground` it works the same for a person at
    a terminal. A copy under way at the end is left as a crash would leave it, and finished at the next docking.

    Raises:
        InstallationChangedError: the program's own files are not those of its wheel.
        StationBusyError: a daemon holds this station already.
        StatedError: whatever keeps the station shut (see `open_station`).
    """
    check_installed_files()
    load_handlers()
    with _StopRequest() as stop, station_lock(settings.paths.state):
        station = open_station(settings, Clock(), whole_check=True)
        station.stopping = stop.asked
        runtime = Runtime(station, mode="daemon")
        schedule = Schedule(runtime)
        liveness: Liveness | None = None
        try:
            _enter_start(runtime)
            runtime.settle()
            listening = _listening_socket(settings.paths.socket)
            runtime.start_interpreting()
            runtime.watch_slips()
            schedule.start()
            liveness = start_liveness(runtime, lambda: _notify("WATCHDOG=1"))
            logger.info("station is at work origin=%s foreground=%s", station.ledger.origin, foreground)
            _serve(runtime, listening, stop)
        finally:
            if liveness is not None:
                liveness.stop()
            _notify("STOPPING=1")
            # Both are asked, whatever the first answers.
            ended = [schedule.stop(), runtime.close()]
            if not all(ended):
                logger.warning("something still runs and ends with the process, as in a crash")
                logging.shutdown()
                os._exit(0)
            station.close()


def _enter_start(runtime: Runtime) -> None:
    """Enter that this software started, and the rule set when it is another one (R1)."""
    station = runtime.station
    drafts = [
        Draft(
            kind=EntryKind.STATION_STARTED, subject="station", facts={"software": software_name(), "pid": os.getpid()}
        )
    ]
    rules = rule_set_draft(station.settings.rule_set)
    if _newest_rules(station) != dict(rules.facts):
        drafts.append(rules)
    try:
        station.record.enter(drafts)
    except StatedError as err:
        # Reading and answering go on: people must be able to see why nothing is taken in.
        runtime.failure = err
        logger.error("station cannot write its ledger reason=%s", err)


def _newest_rules(station: Station) -> dict[str, object] | None:
    loaded = [entry for entry in station.ledger.entries_about(["station"]) if entry.kind == EntryKind.RULE_SET_LOADED]
    return dict(loaded[-1].facts) if loaded else None


def _listening_socket(path: Path) -> socket.socket:
    """Return the socket systemd passed, or one of our own at `path`; a dead daemon's socket file is replaced."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        return socket.socket(fileno=LISTEN_FD)
    if path.exists() and not path.is_socket():
        raise SocketTakenError(path=shown(path))
    # The station's lock is held, so whoever made this socket is gone.
    path.unlink(missing_ok=True)
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    before = os.umask(SOCKET_MODE_MASK)
    try:
        # sun_path holds 107 bytes (unix(7)); through the open folder any path is short enough.
        listening.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.umask(before)
        os.close(folder)
    listening.listen()
    return listening


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: the daemon has its own."""

    def capture_signals(self) -> "_NoSignals":  # type: ignore[override]  # ours does nothing, on purpose
        return _NoSignals()


class _NoSignals:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class _StopRequest:
    """SIGTERM or SIGINT, heard from the first moment on: before the socket answers there may be much to check."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._server: uvicorn.Server | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._hear) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def end(self, server: uvicorn.Server) -> None:
        """Let the request end `server`, even one that was made before."""
        self._server = server
        server.should_exit = self.asked.is_set()

    def _hear(self, signum: int, _: object) -> None:
        logger.info("station stops signal=%s", signal.Signals(signum).name)
        self.asked.set()
        if self._server is not None:
            self._server.should_exit = True


def _serve(runtime: Runtime, listening: socket.socket, stop: _StopRequest) -> None:
    config = uvicorn.Config(
        build_application(runtime),
        http=PeerProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config)
    stop.end(server)
    threading.Thread(target=_say_ready, args=(server,), name="ready", daemon=True).start()
    try:
        server.run(sockets=[listening])
    finally:
        listening.close()


def _say_ready(server: uvicorn.Server) -> None:
    wait = threading.Event()
    while not server.started and not server.should_exit:
        wait.wait(0.02)
    if server.started:
        _notify("READY=1")


def _notify(state: str) -> None:
    """Tell systemd, when it started us (sd_notify(3)); the address may lie in the abstract namespace."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        notify.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
