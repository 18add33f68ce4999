"""`custody dock …`."""

from typing import Annotated

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

app = typer.Typer(help=_("Cards at the station and what became of them."), no_args_is_help=True, rich_markup_mode=None)


@app.command("list", help=_("List docked cards and imported folders, newest first."))
def list_dockings(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=_("How many."))] = 20,
    as_json: AsJson = False,
) -> ExitCode:
    """List the newest dockings."""
    from cli.client import connect
    from cli.views.dockings import dockings_text

    settings = invocation_of(context).settings()
    with connect(settings) as station:
        found = station.dockings(limit=limit)
    output.show(found, lambda: dockings_text(found, settings.station.zone, output.columns()), as_json=as_json)
    return ExitCode.DONE
