"""`custody status`."""

import time
from typing import Annotated

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _


def status(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help=_("Show it again and again until Ctrl-C."))] = False,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, metavar="SECONDS", help=_("Seconds between two looks with --watch."))
    ] = 2.0,
    as_json: AsJson = False,
) -> ExitCode:
    """Show what is safe, what is not yet, and what needs a person."""
    from cli.client import connect
    from cli.views.status import status_text

    settings = invocation_of(context).settings()
    if not watch:
        with connect(settings) as station:
            now = station.status()
        output.show(now, lambda: status_text(now), as_json=as_json)
        return ExitCode.DONE
    while True:
        # Opened anew each time: the daemon may start or stop while someone watches.
        with connect(settings) as station:
            now = station.status()
        if as_json:
            output.show_json_line(now)
        else:
            output.show_screen(status_text(now))
        time.sleep(every_s)
