"""The settings of a station as frozen values; the annotations are the one list of keys, limits, units and meanings.

`load_settings` reads them, `config_text` writes them and docs/configuration.md is compared with them. A value built by
hand is not checked again here.
"""

import datetime
import zoneinfo
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from config.errors import N_
from config.kinds import Choice, Kind, Label, ListOf, LocalDate, Location, Text, WholeNumber, YesNo, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What belongs to a key beside its type: its kind, its unit, what it means, and a default that is computed."""

    kind: Kind
    meaning: str
    unit: str = ""
    computed_default: str = ""


class StoreRole(StrEnum):
    """What a store is for."""

    PRIMARY = "primary"
    REPLICA = "replica"


class HandoverPoint(StrEnum):
    """What stops the handover clock (R38)."""

    DOCK = "dock"
    ACCEPTANCE = "acceptance"


class Clearing(StrEnum):
    """What the unit does with a recorder whose clips are safe (R40)."""

    CLEAR_AFTER_RECEIPT = "clear-after-receipt"
    KEEP_AT_DESK = "keep-at-desk"


# The origin is a C2SP key name and a folder-safe text: no spaces, no plus sign, no slash inside a part.
_ORIGIN_PART = Label(signs=".-", at_most=64)
_DAY_S = 86_400

DEFAULT_STATE = Path("/var/lib/bodycam-custody")


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """Who and where this station is."""

    agency: Annotated[str, Setting(kind=_ORIGIN_PART, meaning=N_("the agency, as a domain name it controls"))]
    name: Annotated[str, Setting(kind=_ORIGIN_PART, meaning=N_("this station within the agency"))]
    time_zone: Annotated[str, Setting(kind=Zone(), meaning=N_("zone of legal dates and of recorders that name none"))]
    epoch: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=2**31 - 1),
            meaning=N_("counts the ledgers of this station; raised only when a ledger is resumed"),
        ),
    ] = 1

    @property
    def origin(self) -> str:
        """The name of the ledger, as every checkpoint carries it."""
        return f"{self.agency}/{self.name}/{self.epoch}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone itself."""
        return zoneinfo.ZoneInfo(self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """Where the station keeps what is not evidence, and where evidence may come from."""

    state: Annotated[Path, Setting(kind=Location(), meaning=N_("folder of ledger, texts and catalog"))] = DEFAULT_STATE
    keys: Annotated[
        Path,
        Setting(kind=Location(), meaning=N_("folder of the station's private keys"), computed_default="<state>/keys"),
    ]
    trust: Annotated[
        Path,
        Setting(kind=Location(), meaning=N_("folder of the public trust anchors"), computed_default="<state>/trust"),
    ]
    socket: Annotated[Path, Setting(kind=Location(), meaning=N_("socket between the daemon and the commands"))] = Path(
        "/run/bodycam-custody/socket"
    )
    slips: Annotated[
        Path, Setting(kind=Location(), meaning=N_("folder in which the mount helper leaves dock slips"))
    ] = Path("/run/bodycam-custody/docked")
    refused: Annotated[
        Path, Setting(kind=Location(), meaning=N_("folder in which the mount helper says which cards it refuses"))
    ] = Path("/run/bodycam-custody/refused")
    unlocked: Annotated[
        Path, Setting(kind=Location(), meaning=N_("folder in which the unlock helper leaves its reports"))
    ] = Path("/run/bodycam-custody/unlocked")
    families: Annotated[
        Path,
        Setting(kind=Location(), meaning=N_("file that says which USB ids belong to which family of locked recorders")),
    ] = Path("/etc/bodycam-custody/recorder-families.toml")
    import_roots: Annotated[
        tuple[Path, ...], Setting(kind=ListOf(items=Location()), meaning=N_("folders below which an import may read"))
    ] = ()
    profiles: Annotated[Path | None, Setting(kind=Location(), meaning=N_("folder of additional recorder profiles"))] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSetting:
    """One place that keeps every clip; exactly one is primary, at least one is a replica (R43)."""

    id: Annotated[
        str, Setting(kind=Label(signs="-", at_most=32), meaning=N_("name of the store in ledger and reports"))
    ]
    path: Annotated[Path, Setting(kind=Location(), meaning=N_("folder of the store, on a disk of its own"))]
    role: Annotated[StoreRole, Setting(kind=Choice(options=StoreRole), meaning=N_("primary (exactly one) or replica"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The unit's own rules, as its document sets them (R1)."""

    unit: Annotated[str, Setting(kind=Text(), meaning=N_("the unit, as its documents write it"))]
    document_number: Annotated[str, Setting(kind=Text(), meaning=N_("number of the document that sets the rules"))]
    effective_date: Annotated[
        datetime.date, Setting(kind=LocalDate(), meaning=N_("first day the document is in force"))
    ]
    version: Annotated[
        str, Setting(kind=Text(at_most=64), meaning=N_("version carried by every ledger entry it governs"))
    ]
    handover_hours: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=8_760),
            unit=N_("hours"),
            meaning=N_("from the end of a recording to its handover"),
        ),
    ]
    handover_point: Annotated[
        HandoverPoint,
        Setting(kind=Choice(options=HandoverPoint), meaning=N_("what counts as handover: dock or acceptance")),
    ]
    clearing: Annotated[
        Clearing,
        Setting(
            kind=Choice(options=Clearing),
            meaning=N_("recorders whose clips are safe: clear-after-receipt or keep-at-desk"),
        ),
    ]
    assumed_clock_uncertainty_s: Annotated[
        int | None,
        Setting(
            kind=WholeNumber(at_least=0, at_most=_DAY_S),
            unit=N_("seconds"),
            meaning=N_("assumed when a recorder's clock was not measured; without it such times are undeterminable"),
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DockingSettings:
    """How cards are noticed and read."""

    folder_cards: Annotated[
        bool, Setting(kind=YesNo(), meaning=N_("accept plain folders as cards (demonstrations and tests only)"))
    ] = False
    slip_owner_uids: Annotated[
        tuple[int, ...],
        Setting(
            kind=ListOf(items=WholeNumber(at_least=0, at_most=2**32 - 2)),
            meaning=N_("user ids whose dock slips count"),
        ),
    ] = (0,)
    rescan_s: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=3_600),
            unit=N_("seconds"),
            meaning=N_("between two looks for missed slips"),
        ),
    ] = 5
    read_sealed_again: Annotated[
        bool,
        Setting(
            kind=YesNo(),
            meaning=N_("read files again that were sealed before and look unchanged in the card's listing"),
        ),
    ] = False
    workers_per_card: Annotated[
        int, Setting(kind=WholeNumber(at_least=1, at_most=16), meaning=N_("files of one card copied at a time"))
    ] = 2
    cards_at_once: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=64),
            meaning=N_("cards copied at the same time; the others wait, the most overdue first"),
        ),
    ] = 4
    card_silence_s: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=3_600),
            unit=N_("seconds"),
            meaning=N_("after which a card that gives no bytes is abandoned"),
        ),
    ] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpretationSettings:
    """How sealed clips are read for their times."""

    probe_timeout_s: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=600),
            unit=N_("seconds"),
            meaning=N_("longest look into one media file"),
        ),
    ] = 20
    split_gap_s: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=0, at_most=60),
            unit=N_("seconds"),
            meaning=N_("a gap up to this is a file split, a longer one an interruption"),
        ),
    ] = 2
    session_gap_minutes: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=1_440),
            unit=N_("minutes"),
            meaning=N_("a gap up to this is an interruption of one session, a longer one begins another session"),
        ),
    ] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """What the daemon does by the clock."""

    clock_mark_minutes: Annotated[
        int,
        Setting(
            kind=WholeNumber(at_least=1, at_most=10),
            unit=N_("minutes"),
            meaning=N_("between two clock marks in the ledger, so that a stopped daemon shows as a hole"),
        ),
    ] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRisks:
    """Risks the unit takes knowingly; every mention of safe copies then says so."""

    stores_on_one_disk: Annotated[
        bool, Setting(kind=YesNo(), meaning=N_("accept stores that share a disk, or of which this cannot be told"))
    ] = False
    store_under_home: Annotated[bool, Setting(kind=YesNo(), meaning=N_("accept a store below a home directory"))] = (
        False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a station is told; each field is the table of the same name, but `file`: where it was read."""

    file: Path
    station: StationSettings
    paths: PathSettings
    stores: tuple[StoreSetting, ...]
    rule_set: RuleSet
    docking: DockingSettings = field(default_factory=DockingSettings)
    interpretation: InterpretationSettings = field(default_factory=InterpretationSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    accepted_risks: AcceptedRisks = field(default_factory=AcceptedRisks)
