"""The station at a glance: stores, ledger, keys and what waits."""

from typing import TypedDict

from cli.wire.dockings import Alarm, Docking, Slot
from cli.wire.problems import Answer, Problem


class Store(TypedDict):
    """One store and how it is."""

    store_id: str
    role: str
    path: str
    state: str
    problem: Problem | None
    free_bytes: int | None
    total_bytes: int | None
    disks: list[str] | None
    copies: int


class Stores(TypedDict):
    """Every store, and whether they are on different physical disks."""

    items: list[Store]
    disks_apart: Answer


class Swept(TypedDict):
    """What a sweep of the stores found and did."""

    at: str
    copies_made: int
    copies_missing: int
    not_safe: int
    problems: list[Problem]


class Rebuilt(TypedDict):
    """What a rebuild of the catalog read."""

    entries: int
    clips: int
    bags_read: int
    seconds: float
    problems: list[Problem]


class SignedHead(TypedDict):
    """A checkpoint just made."""

    note: str
    size: int
    origin: str
    path: str


class Keys(TypedDict):
    """The station's public keys and where its trust begins."""

    checkpoint_vkey: str
    bag_key: str
    bag_key_fingerprint: str
    allowed_signers: str
    genesis: str


class StationFacts(TypedDict):
    """Who the station is and which rules it serves."""

    origin: str
    name: str
    unit: str
    time_zone: str
    rule_set_version: str
    handover_hours: int
    handover_point: str


class DaemonFacts(TypedDict):
    """Who answered."""

    mode: str
    pid: int
    since: str | None


class LedgerFacts(TypedDict):
    """How the ledger is."""

    size: int
    newest_at: str | None
    writable: bool
    problem: Problem | None


class ClipCounts(TypedDict):
    """How many clips are in which state."""

    total: int
    by_state: dict[str, int]
    by_handover: dict[str, int]


class Backlog(TypedDict):
    """What still waits (R45)."""

    not_safe: int
    oldest_not_safe_at: str | None
    interpretation_waiting: int
    foreign_files: int
    failed_files: int
    unfinished: int
    withdrawn: int


class Status(TypedDict):
    """The station at a glance."""

    station: StationFacts
    daemon: DaemonFacts
    ledger: LedgerFacts
    stores: list[Store]
    disks_apart: Answer
    slots: list[Slot]
    alarms: list[Alarm]
    dockings: list[Docking]
    clips: ClipCounts
    backlog: Backlog
    remarks: list[str]
