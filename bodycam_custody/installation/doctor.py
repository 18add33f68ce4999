"""Checking an installation from the outside: units, rights, disks, clock, probe, program. Nothing is changed.

Works without a daemon and without the station's databases. Each check yields every finding it has.
"""

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.answers import Answer
from archive.encryption import is_encrypted
from archive.errors import ProbeFailedError
from archive.keeping import kept_answer
from archive.media import ProbeOutcome, Sandbox, find_launcher, probe
from archive.placement import reject_shared_disks
from bodycam_custody.clearing.service import CLEAR_SOCKET
from bodycam_custody.errors import StatedError
from bodycam_custody.installation.diagnosis import Diagnosis, Sign, untold, wrong
from bodycam_custody.installation.errors import InstallationChangedError
from bodycam_custody.installation.files import check_installed_files
from bodycam_custody.installation.system_clock import is_clock_synchronised
from bodycam_custody.keeping import KEEP_SOCKET
from bodycam_custody.runtime import PROBE_SOCKET
from bodycam_custody.station_keys import load_keys
from bodycam_custody.stores import locations_of
from config.ownership import places_open_to_others
from config.settings import Clearing, Settings, StoreSetting
from docking.drivers.families import load_families
from docking.errors import FamiliesInvalidError, ProfileInvalidError
from docking.profiles import load_profiles
from hashing.canonical import Json
from hashing.errors import shown

_LOCAL = Path("usr/local/lib")
# `systemctl enable` makes this link (systemctl(1)).
_TIMER_ENABLED = Path("etc/systemd/system/timers.target.wants/custody-sweep.timer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where an installation lies; other places only for tests."""

    root: Path = Path("/")
    prefix: Path = Path(sys.prefix)

    @property
    def shipped(self) -> Path:
        """The units as the wheel brought them."""
        return self.prefix / "share" / "bodycam-custody" / "systemd"


def examine(settings: Settings, machine: Machine | None = None) -> Iterator[Diagnosis]:
    """Yield everything that is wrong with the installation of this station, or cannot be told."""
    machine = machine or Machine()
    yield from _units(machine)
    yield from _timer(machine)
    yield from _program()
    yield from _config(settings)
    yield from _state(settings)
    yield from _keys(settings)
    yield from _slips(settings)
    yield from _notes(settings)
    yield from _stores(settings)
    yield from _clock()
    yield from _probe(settings)
    yield from _profiles(settings)
    yield from _families(settings)
    yield from _clearing(settings)
    yield from _keeping(settings)


def installed_place(name: str, root: Path) -> Path:
    """Return where `make install` puts the file `name` of the folder systemd/."""
    stem, _, suffix = name.rpartition(".")
    if suffix == "rules":
        return root / _LOCAL / "udev/rules.d" / name
    if suffix == "conf":
        return root / _LOCAL / f"{stem}.d" / "bodycam-custody.conf"
    return root / _LOCAL / "systemd/system" / name


def _units(machine: Machine) -> Iterator[Diagnosis]:
    if not machine.shipped.is_dir():
        yield untold(Sign.UNITS_UNKNOWN, path=shown(machine.shipped))
        return
    for shipped in sorted(machine.shipped.iterdir()):
        place = installed_place(shipped.name, machine.root)
        try:
            is_same = place.read_bytes() == shipped.read_bytes()
        except OSError:
            yield wrong(Sign.UNIT_MISSING, name=shipped.name, path=shown(place.parent))
            continue
        if not is_same:
            yield wrong(Sign.UNIT_CHANGED, name=shipped.name, path=shown(place))


def _timer(machine: Machine) -> Iterator[Diagnosis]:
    # Without units there is nothing to enable, which is said already.
    place = machine.root / _TIMER_ENABLED
    if machine.shipped.is_dir() and not place.is_symlink():
        yield wrong(Sign.SWEEP_OFF, path=shown(place))


def _program() -> Iterator[Diagnosis]:
    try:
        if check_installed_files() is Answer.CANNOT_TELL:
            yield untold(Sign.PROGRAM_UNKNOWN)
    except InstallationChangedError as err:
        yield wrong(Sign.PROGRAM_CHANGED, path=str(err.facts["path"]))


def _config(settings: Settings) -> Iterator[Diagnosis]:
    for place, found in places_open_to_others(settings.file, settings.docking.slip_owner_uids):
        yield wrong(Sign.CONFIG_OPEN, path=shown(place), uid=found.st_uid, mode=_mode(found))


def _state(settings: Settings) -> Iterator[Diagnosis]:
    state = settings.paths.state
    try:
        found = state.stat()
    except OSError:
        yield wrong(Sign.STATE_MISSING, path=shown(state))
        return
    if found.st_mode & 0o077:
        yield wrong(Sign.STATE_OPEN, path=shown(state), mode=_mode(found))


def _keys(settings: Settings) -> Iterator[Diagnosis]:
    folder = settings.paths.keys
    try:
        owner = folder.stat().st_uid
        readable = os.access(folder, os.R_OK | os.X_OK, effective_ids=True)
    except PermissionError:
        owner, readable = 0, False
    except OSError as err:
        yield wrong(Sign.KEYS_UNUSABLE, reason=f"{shown(folder)}: {os.strerror(err.errno or 0)}")
        return
    if not readable:
        yield untold(Sign.KEYS_UNKNOWN, path=shown(folder), uid=os.geteuid())
        return
    try:
        load_keys(folder)
    except StatedError as err:
        yield wrong(Sign.KEYS_UNUSABLE, reason=_phrase(err))
        return
    if owner != 0:
        yield wrong(Sign.KEYS_NOT_ROOTS, path=shown(folder), uid=owner)


def _slips(settings: Settings) -> Iterator[Diagnosis]:
    folder = settings.paths.slips
    try:
        found = folder.stat()
    except OSError:
        yield wrong(Sign.SLIPS_MISSING, path=shown(folder))
        return
    trusted = settings.docking.slip_owner_uids
    if found.st_uid not in trusted or found.st_mode & 0o022:
        expected = ", ".join(str(uid) for uid in trusted)
        yield wrong(Sign.SLIPS_OPEN, path=shown(folder), expected=expected, uid=found.st_uid, mode=_mode(found))


def _notes(settings: Settings) -> Iterator[Diagnosis]:
    trusted = settings.docking.slip_owner_uids
    for folder in (settings.paths.refused, settings.paths.unlocked):
        try:
            found = folder.stat()
        except OSError:
            yield wrong(Sign.NOTES_MISSING, path=shown(folder))
            continue
        if found.st_uid not in trusted or found.st_mode & 0o022:
            expected = ", ".join(str(uid) for uid in trusted)
            yield wrong(Sign.NOTES_OPEN, path=shown(folder), expected=expected, uid=found.st_uid, mode=_mode(found))


def _stores(settings: Settings) -> Iterator[Diagnosis]:
    for store in settings.stores:
        yield from _store(store, settings)
    apart = reject_shared_disks(locations_of(settings.stores), accepted=True)
    if apart is Answer.NO:
        yield wrong(Sign.STORES_SHARE_DISK)
    elif apart is Answer.CANNOT_TELL:
        yield untold(Sign.DISKS_UNKNOWN)


def _store(store: StoreSetting, settings: Settings) -> Iterator[Diagnosis]:
    where = {"store": store.id, "path": shown(store.path)}
    try:
        found = store.path.stat()
        owner = settings.paths.state.stat().st_uid
        cipher = is_encrypted(store.path)
        # A filesystem that cannot say whether the folder is immutable has no such flag.
        can_keep = kept_answer(store.path.resolve())
    except OSError:
        yield wrong(Sign.STORE_MISSING, **where)
        return
    if found.st_mode & 0o027 or found.st_uid != owner:
        yield wrong(Sign.STORE_OPEN, **where, expected=owner, uid=found.st_uid, mode=_mode(found))
    if cipher is Answer.NO:
        yield wrong(Sign.STORE_PLAIN, **where)
    elif cipher is Answer.CANNOT_TELL:
        yield untold(Sign.STORE_CIPHER_UNKNOWN, **where)
    if can_keep is Answer.CANNOT_TELL:
        yield wrong(Sign.STORE_CHANGEABLE, **where)


def _clock() -> Iterator[Diagnosis]:
    synchronised = is_clock_synchronised()
    if synchronised is Answer.NO:
        yield wrong(Sign.CLOCK_FREE)
    elif synchronised is Answer.CANNOT_TELL:
        yield untold(Sign.CLOCK_UNKNOWN)


def _probe(settings: Settings) -> Iterator[Diagnosis]:
    launcher = find_launcher(settings.paths.socket.with_name(PROBE_SOCKET))
    with tempfile.NamedTemporaryFile(prefix="custody-doctor-") as file:
        file.write(b"not a recording\n")
        file.flush()
        # As sealed files are: readable, by others too, as the service is another user.
        os.fchmod(file.fileno(), 0o444)
        try:
            media = probe(Path(file.name), timeout_s=settings.interpretation.probe_timeout_s, launcher=launcher)
        except ProbeFailedError:
            yield wrong(Sign.PROBE_MISSING, launcher=shown(launcher))
            return
    if media.outcome is ProbeOutcome.TOOL_MISSING:
        yield wrong(Sign.PROBE_MISSING, launcher=shown(launcher))
    elif media.sandbox is Sandbox.RLIMITS:
        yield wrong(Sign.PROBE_OPEN, launcher=shown(launcher))


def _profiles(settings: Settings) -> Iterator[Diagnosis]:
    try:
        load_profiles(settings.paths.profiles)
    except ProfileInvalidError as err:
        yield wrong(Sign.PROFILE_UNUSABLE, reason=_phrase(err))


def _families(settings: Settings) -> Iterator[Diagnosis]:
    path = settings.paths.families
    try:
        load_families(path)
    except FamiliesInvalidError as err:
        yield wrong(Sign.FAMILIES_UNUSABLE, reason=_phrase(err))
    try:
        found = path.stat()
    except OSError:
        return  # none is needed
    if found.st_uid not in settings.docking.slip_owner_uids or found.st_mode & 0o022:
        yield wrong(Sign.FAMILIES_OPEN, path=shown(path), uid=found.st_uid, mode=_mode(found))


def _clearing(settings: Settings) -> Iterator[Diagnosis]:
    place = settings.paths.socket.with_name(CLEAR_SOCKET)
    if settings.rule_set.clearing is Clearing.CLEAR_AFTER_RECEIPT and not place.is_socket():
        yield wrong(Sign.CLEAR_MISSING, path=shown(place))


def _keeping(settings: Settings) -> Iterator[Diagnosis]:
    place = settings.paths.socket.with_name(KEEP_SOCKET)
    if not place.is_socket():
        yield wrong(Sign.KEEP_MISSING, path=shown(place))


def _phrase(err: StatedError) -> dict[str, Json]:
    """Return what an error states as a fact that the command can translate."""
    return {"template": err.template, "facts": {name: str(fact) for name, fact in err.facts.items()}}


def _mode(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):04o}"
