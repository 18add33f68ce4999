"""A station just set up, and what to do next."""

from pathlib import Path
from typing import TypedDict

from cli.language import _
from cli.tables import pairs
from config.settings import Settings


class NewStation(TypedDict):
    """What `custody init --json` prints."""

    origin: str
    config: str
    state: str
    trust: str
    stores: dict[str, str]


def station_value(settings: Settings, config_file: Path) -> NewStation:
    """Return what was created as JSON."""
    return {
        "origin": settings.station.origin,
        "config": str(config_file),
        "state": str(settings.paths.state),
        "trust": str(settings.paths.trust),
        "stores": {store.id: str(store.path) for store in settings.stores},
    }


def station_text(station: NewStation) -> str:
    """Return what was created and the next steps."""
    rows = [
        (_("Station"), station["origin"]),
        (_("Configuration"), station["config"]),
        (_("Ledger and keys"), station["state"]),
        (_("Trust folder"), station["trust"]),
        *((_("Store {store}").format(store=store_id), path) for store_id, path in station["stores"].items()),
    ]
    steps = [
        _("Copy the trust folder to the auditor now: what is checked against it later cannot be made up afterwards."),
        _("Start the station: custody --config {file} daemon").format(file=station["config"]),
        _("Look at it: custody --config {file} status").format(file=station["config"]),
    ]
    numbered = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    return "\n".join([_("The station is set up."), "", pairs(rows, indent="  "), "", _("Next:"), *numbered])
