"""A station just set up, and what to do next."""

from pathlib import Path

from cli.language import _
from cli.tables import pairs
from config.settings import Settings


def station_text(settings: Settings, config_file: Path) -> str:
    """Return what was created and the next steps."""
    rows = [
        (_("Station"), settings.station.origin),
        (_("Configuration"), str(config_file)),
        (_("Ledger and keys"), str(settings.paths.state)),
        (_("Trust folder"), str(settings.paths.trust)),
        *((_("Store {store}").format(store=store.id), str(store.path)) for store in settings.stores),
    ]
    steps = [
        _("Copy the trust folder to the auditor now: what is checked against it later cannot be made up afterwards."),
        _("Start the station: custody --config {file} daemon").format(file=config_file),
        _("Look at it: custody --config {file} status").format(file=config_file),
    ]
    numbered = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    return "\n".join([_("The station is set up."), "", pairs(rows, indent="  "), "", _("Next:"), *numbered])
