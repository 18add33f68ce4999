"""`custody import`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

if TYPE_CHECKING:
    from cli.client import Station
    from cli.progress import Progress
    from cli.wire import DockingDetail

# Often enough for a smooth bar, seldom enough to cost the station nothing.
_POLL_S = 0.2
_ENDED = frozenset({"closed", "interrupted", "failed"})


def import_folder(
    context: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", exists=True, file_okay=False, help=_("Folder below a configured import root.")),
    ],
    as_json: AsJson = False,
) -> ExitCode:
    """Take in a folder of recordings, as a card is taken in."""
    from cli.client import connect
    from cli.progress import progress
    from cli.views.docking import docking_text

    settings = invocation_of(context).settings()
    with connect(settings) as station, progress(task="import", unit="bytes", as_json=as_json) as shown:
        docking = _followed(station, station.start_import(folder.absolute()), shown)
    output.show(docking, lambda: docking_text(docking, settings.station.zone), as_json=as_json)
    return ExitCode.DONE if docking["safe_to_take_away"] == "yes" else ExitCode.NOT_ALL_SAFE


def _followed(station: "Station", docking_id: str, shown: "Progress") -> "DockingDetail":
    while True:
        docking = station.docking(docking_id)
        shown.update(done=docking["bytes_done"], total=docking["bytes_found"], step=docking["phase"])
        if docking["phase"] in _ENDED:
            return docking
        time.sleep(_POLL_S)
