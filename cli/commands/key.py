"""`custody key …`."""

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

app = typer.Typer(help=_("The station's public keys."), no_args_is_help=True, rich_markup_mode=None)


@app.command(help=_("Show the public keys and the first ledger leaf, for those who check from outside."))
def show(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """Show the public keys."""
    from cli.client import connect
    from cli.views.keys import keys_text

    with connect(invocation_of(context).settings()) as station:
        found = station.keys()
    output.show(found, lambda: keys_text(found), as_json=as_json)
    return ExitCode.DONE
