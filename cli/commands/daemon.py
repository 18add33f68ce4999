"""`custody daemon`."""

from typing import Annotated

import typer

from cli.exit_codes import ExitCode
from cli.invocation import invocation_of
from cli.language import _


def daemon(
    context: typer.Context,
    foreground: Annotated[
        bool, typer.Option("--foreground", help=_("Run for a person at a terminal, without systemd."))
    ] = False,
) -> ExitCode:
    """Run the station: watch for cards, take them in, answer commands."""
    from bodycam_custody.daemon import run_daemon

    run_daemon(invocation_of(context).settings(), foreground=foreground)
    return ExitCode.DONE
