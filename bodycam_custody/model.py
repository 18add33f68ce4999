"""The words of custody as values: ids, states, verdicts, and what a clip is."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bodycam_custody.clock import as_utc
from docking.profile import TimeSource
from hashing.digest import Digest

ClipId = NewType("ClipId", str)
"""32 characters of lowercase base32: identity by content and recorder, never by name."""
DockingId = NewType("DockingId", str)
"""One docking or import, e.g. `20261121T081500Z-k3f9`."""
SessionId = NewType("SessionId", str)
"""One session: the id of its first clip with `s-` before it."""

# What the clip id means is hashed with it, so that no other 32 characters can pass for one (docs/bag-format.md).
CLIP_ID_DOMAIN = b"bodycam-custody/clip-id/v1"
CLIP_ID_CHARACTERS = 32


def clip_id_of(*, recorder: str, main: Digest) -> ClipId:
    """Return the identity of the clip with main file `main` first seen on `recorder`.

    Equal files of one recorder are one clip; equal files of two recorders are two.
    """
    name = recorder.encode()
    hashed = hashlib.sha256(CLIP_ID_DOMAIN + b"\0" + len(name).to_bytes(4, "big") + name + main.raw).digest()
    return ClipId(base64.b32encode(hashed).decode("ascii").lower()[:CLIP_ID_CHARACTERS])


class ClipState(StrEnum):
    """How well a clip is kept. Every state but `safe` says why it is less."""

    SEALED = "sealed"
    SAFE = "safe"
    SAFE_ONE_DISK = "safe-one-disk"
    SAFE_DISKS_UNPROVEN = "safe-disks-unproven"
    DAMAGED = "damaged"


class Handover(StrEnum):
    """The 24-hour verdict (R38)."""

    ON_TIME = "on-time"
    LATE = "late"
    UNDETERMINABLE = "undeterminable"


class HandoverReason(StrEnum):
    """Why the verdict is what it is."""

    DOCKED_WITHIN_HOURS = "docked-within-hours"
    DOCKED_AFTER_HOURS = "docked-after-hours"
    ACCEPTED_WITHIN_HOURS = "accepted-within-hours"
    ACCEPTED_AFTER_HOURS = "accepted-after-hours"
    AWAITING_ACCEPTANCE = "awaiting-acceptance"
    WITHIN_CLOCK_UNCERTAINTY = "within-clock-uncertainty"
    ARRIVAL_UNPROVEN = "arrival-unproven"
    NOT_PROBED = "not-probed"
    NO_RECORDING_TIME = "no-recording-time"
    NO_CLOCK_UNCERTAINTY = "no-clock-uncertainty"
    CLOCK_IMPLAUSIBLE = "clock-implausible"


class Remark(StrEnum):
    """What must be said beside a result."""

    STORES_ON_ONE_DISK = "stores-on-one-disk"
    DISKS_UNPROVEN = "disks-unproven"
    CATALOG_REBUILT = "catalog-rebuilt"
    TIMES_CONTRADICT = "times-contradict"
    NOT_MEDIA = "not-media"
    UNPARSEABLE = "unparseable"
    PROBE_TIMED_OUT = "probe-timed-out"
    PROBE_NOT_SANDBOXED = "probe-not-sandboxed"
    FOREIGN_FILE = "foreign-file"
    ORPHAN_SIDECAR = "orphan-sidecar"
    FILES_GONE = "files-gone"
    CLOCK_DRIFTS = "clock-drifts"
    CLOCK_RESET = "clock-reset"
    BAGS_CHANGEABLE = "bags-changeable"
    BAGS_NOT_KEPT = "bags-not-kept"
    ENTRIES_IN_NO_STORE = "entries-in-no-store"
    SERIAL_TWICE = "serial-twice"
    SEALED_TWICE = "sealed-twice"
    RECORDER_UNREGISTERED = "recorder-unregistered"
    RECORDER_UNASSIGNED = "recorder-unassigned"


class DockingPhase(StrEnum):
    """Where a docking stands."""

    INVENTORY = "inventory"
    WAITING = "waiting"
    COPYING = "copying"
    INTERPRETING = "interpreting"
    CLOSED = "closed"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class FileOutcome(StrEnum):
    """What became of one file on a card."""

    WAITING = "waiting"
    SEALED = "sealed"
    KNOWN = "known"
    FAILED = "failed"


class Basis(StrEnum):
    """On what it rests that a file of a card is kept: its bytes, or only that it looks as when they were read."""

    READ = "read"
    LISTED = "listed"


class Difference(StrEnum):
    """What a card shows against the same recorder's previous docking (R40)."""

    MISSING = "missing"
    REAPPEARED = "reappeared"
    SEQUENCE_GAP = "sequence-gap"


class ClockVerdict(StrEnum):
    """How a recorder's clock went since its previous docking (R32)."""

    WITHIN_LIMIT = "within-limit"
    BEYOND_LIMIT = "beyond-limit"
    UNDETERMINABLE = "undeterminable"
    RESET = "reset"
    FIRST_READING = "first-reading"
    CLOCK_SET = "clock-set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment on the station's clock, known to within `uncertainty_s` seconds either way; None is not known at all."""

    at: datetime
    uncertainty_s: float | None

    def __post_init__(self) -> None:
        as_utc(self.at)
        if self.uncertainty_s is not None and self.uncertainty_s < 0:
            raise ValueError(f"negative uncertainty: {self.uncertainty_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTime:
    """When a recording began and ended, where that was read, and how it was corrected (R32).

    `drift_allowance_s` is what `uncertainty_s` has for the time between the recording and the reading of the clock,
    None where nothing was read.
    """

    begins: datetime
    ends: datetime
    source: TimeSource
    offset_s: float | None
    uncertainty_s: float | None
    drift_allowance_s: float | None = None
    contradicts: tuple[TimeSource, ...] = ()

    def __post_init__(self) -> None:
        if as_utc(self.begins) > as_utc(self.ends):
            raise ValueError(f"recording ends before it begins: {self.begins} > {self.ends}")
