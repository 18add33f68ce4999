"""`custody store …`."""

import typer

from cli import output
from cli.answers import show_answer
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

app = typer.Typer(help=_("Stores: where the copies are kept."), no_args_is_help=True, rich_markup_mode=None)


@app.command("list", help=_("List the stores and how they are."))
def list_stores(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """List the stores; a store that cannot be used ends with NOT_ALL_SAFE."""
    from cli.client import connect
    from cli.views.stores import stores_text

    with connect(invocation_of(context).settings()) as station:
        found = station.stores()
    output.show(found, lambda: stores_text(found), as_json=as_json)
    return ExitCode.DONE if all(store["state"] == "ok" for store in found["items"]) else ExitCode.NOT_ALL_SAFE


@app.command(help=_("Look for every copy the stores should hold, and write again what a store lacks."))
def sweep(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """Sweep the stores, as the timer does every night; what is not safe ends with NOT_ALL_SAFE."""
    from cli.views.stores import swept_text

    found = show_answer(context, lambda station: station.sweep_stores(), swept_text, as_json=as_json)
    is_well = not (found["problems"] or found["copies_missing"] or found["not_safe"])
    return ExitCode.DONE if is_well else ExitCode.NOT_ALL_SAFE


@app.command(help=_("Build the catalog again from ledger and bags; evidence is only read."))
def rebuild(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """Rebuild the catalog."""
    from cli.client import connect
    from cli.views.stores import rebuilt_text

    with connect(invocation_of(context).settings()) as station:
        found = station.rebuild_catalog()
    output.show(found, lambda: rebuilt_text(found), as_json=as_json)
    return ExitCode.BROKEN if found["problems"] else ExitCode.DONE
