"""Writing the configuration of a new station from what a person answered."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.language import N_, _

_FOLDER_MODE = 0o755

# What a new configuration needs from a person, in the order it is asked for. The choice about clearing has no default:
# the unit must make it (R40, A3 art. 7).
QUESTIONS: Mapping[str, str] = {
    "agency": N_("Agency, as a domain name it controls (such as cg.example.gov.cn)"),
    "name": N_("Name of this station (such as station-1)"),
    "unit": N_("Unit, as its documents write it"),
    "document_number": N_("Number of the document that sets the rules"),
    "effective_date": N_("First day that document is in force (YYYY-MM-DD)"),
    "rules_version": N_("Version of the rule set"),
    "primary": N_("Folder of the primary store"),
    "replica": N_("Folder of the replica, on another physical disk"),
    "clearing": N_("Recorders whose clips are safe: clear-after-receipt or keep-at-desk"),
}


def question(name: str) -> str:
    """Return what a person is asked for, in the user's language."""
    return _(QUESTIONS[name])


def write_config(file: Path, answers: Mapping[str, Any]) -> None:
    """Write a new configuration file that `load_settings` accepts; an existing one is never touched.

    Relative paths among the answers are meant from the current folder. When the settings turn out wrong, the file is
    taken away again.

    Raises:
        FileExistsError: there is one already.
        ConfigError: the answers do not make a usable configuration; every problem is listed.
    """
    from config.load import load_settings
    from config.settings import StoreRole, StoreSetting
    from config.text import config_text

    stores = [StoreSetting(id="primary", path=_absolute(answers["primary"]), role=StoreRole.PRIMARY)]
    for number, folder in enumerate(answers["replica"], start=1):
        name = "backup" if number == 1 else f"backup-{number}"
        stores.append(StoreSetting(id=name, path=_absolute(folder), role=StoreRole.REPLICA))
    text = config_text(_values(answers), stores=stores, translate=_)
    file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as written:
        written.write(text)
    try:
        load_settings(file, {})
    except BaseException:
        file.unlink()
        raise


def _absolute(folder: Path) -> Path:
    return Path(folder).absolute()


def _values(answers: Mapping[str, Any]) -> dict[str, object]:
    values: dict[str, object] = {
        "station.agency": answers["agency"],
        "station.name": answers["name"],
        "station.time_zone": answers["time_zone"],
        "rule_set.unit": answers["unit"],
        "rule_set.document_number": answers["document_number"],
        "rule_set.effective_date": _date(answers["effective_date"]),
        "rule_set.version": answers["rules_version"],
        "rule_set.handover_hours": answers["handover_hours"],
        "rule_set.handover_point": answers["handover_point"],
        "rule_set.clearing": answers["clearing"],
        "rule_set.assumed_clock_uncertainty_s": answers["clock_uncertainty_s"],
        "paths.import_roots": tuple(_absolute(folder) for folder in answers["import_root"] or ()),
        "accepted_risks.stores_on_one_disk": answers["accept_one_disk"],
        "accepted_risks.store_under_home": answers["accept_home"],
    }
    if answers["state"] is not None:
        state = _absolute(answers["state"])
        values |= {"paths.state": state, "paths.socket": state / "socket"}
    return values


def _date(text: str) -> object:
    # A text that is no date goes into the file as it is: the reader of the file says what is wrong with it.
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return text
