"""`custody recorder …`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.answers import show_answer
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

app = typer.Typer(
    help=_("The recorder register: what the unit has, and who answers for it."),
    no_args_is_help=True,
    rich_markup_mode=None,
)
RecorderId = Annotated[
    str,
    typer.Argument(metavar="RECORDER", help=_("Id of the recorder, or its serial number."), show_default=False),
]
By = Annotated[str, typer.Option(metavar="PERSON", help=_("Person id of the custodian who enters this."))]
On = Annotated[
    str | None,
    typer.Option(metavar="DATE", help=_("Date, or date and time, of the act; a date is its end. Else now.")),
]
Note = Annotated[str | None, typer.Option(metavar="TEXT", help=_("A note; it can be erased later."))]
Why = Annotated[str, typer.Option("--note", metavar="TEXT", help=_("What is wrong, or why; it can be erased later."))]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help=_("Also write a table to this new CSV file."))]


@app.command(help=_("Register a recorder; what it recorded can then be filed."))
def add(
    context: typer.Context,
    recorder_id: RecorderId,
    by: By,
    model: Annotated[str | None, typer.Option(metavar="TEXT", help=_("Make and model."))] = None,
    unit: Annotated[str | None, typer.Option(metavar="TEXT", help=_("Unit it belongs to."))] = None,
    capacity_gb: Annotated[
        int | None, typer.Option("--capacity", metavar="GB", min=1, max=1000, help=_("Capacity in GB."))
    ] = None,
    note: Note = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Register a recorder."""
    given = {"model": model, "unit": unit, "capacity_gb": capacity_gb, "note": note}
    return _entered(context, "add", recorder_id, by, given, as_json=as_json)


@app.command(help=_("Issue a recorder to an officer."))
def issue(
    context: typer.Context,
    recorder_id: RecorderId,
    by: By,
    officer: Annotated[str, typer.Option(metavar="PERSON", help=_("Person id of the officer who answers for it."))],
    operator: Annotated[
        str | None, typer.Option(metavar="PERSON", help=_("Person id of who operates it; else the officer."))
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help=_("Date, or date and time, of the issue; a date is its beginning. Else now.")
        ),
    ] = None,
    note: Note = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Issue a recorder to one officer."""
    given = {"officer": officer, "operator": operator, "since": since, "note": note}
    return _entered(context, "issue", recorder_id, by, given, as_json=as_json)


@app.command("return", help=_("Take a recorder back from its officer, or from repair."))
def take_back(
    context: typer.Context, recorder_id: RecorderId, by: By, on: On = None, note: Note = None, as_json: AsJson = False
) -> ExitCode:
    """Take a recorder back."""
    return _entered(context, "return", recorder_id, by, {"on": on, "note": note}, as_json=as_json)


@app.command(help=_("Enter that a recorder is faulty; who holds it answers for it until it is returned."))
def fault(
    context: typer.Context, recorder_id: RecorderId, by: By, note: Why, on: On = None, as_json: AsJson = False
) -> ExitCode:
    """Enter a fault."""
    return _entered(context, "fault", recorder_id, by, {"on": on, "note": note}, as_json=as_json)


@app.command(help=_("Take a recorder out of service for good; a lost one too."))
def retire(
    context: typer.Context, recorder_id: RecorderId, by: By, note: Why, on: On = None, as_json: AsJson = False
) -> ExitCode:
    """Retire a recorder."""
    return _entered(context, "retire", recorder_id, by, {"on": on, "note": note}, as_json=as_json)


@app.command("list", help=_("List recorders, those docked without being registered included."))
def list_recorders(
    context: typer.Context,
    state: Annotated[
        str | None,
        typer.Option(
            help=_("Only recorders in this state: unregistered, in-stock, issued, faulty, withdrawn, retired.")
        ),
    ] = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> ExitCode:
    """List recorders, all pages."""
    from cli.client import connect
    from cli.csv_files import require_new, write_csv
    from cli.views.recorders import recorder_headers, recorder_rows, recorders_text

    require_new(csv)
    settings = invocation_of(context).settings()
    with connect(settings) as station:
        found = station.recorders(state=state)
    if csv is not None:
        write_csv(csv, recorder_headers(), recorder_rows(found, settings.station.zone))
    output.show(found, lambda: recorders_text(found, settings.station.zone, output.columns()), as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Show everything the register says of one recorder, and who answered for it when."))
def show(context: typer.Context, recorder_id: RecorderId, as_json: AsJson = False) -> ExitCode:
    """Show one recorder."""
    from cli.views.recorders import recorder_detail_text

    show_answer(context, lambda station: station.recorder(recorder_id), recorder_detail_text, as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Say which recorders are missing, overdue, faulty or unregistered, and whether there are enough."))
def check(
    context: typer.Context,
    minimum: Annotated[
        str | None, typer.Option(metavar="N", help=_("Recorders each officer should have, such as 1 or 0.5."))
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help=_("Missing is what has not been docked since then."))
    ] = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Check the register; one that is missing, overdue or away may hold recordings that are nowhere else."""
    from cli.client import connect
    from cli.csv_files import require_new, write_csv
    from cli.views.recorder_check import check_headers, check_rows, recorder_check_text

    require_new(csv)
    settings = invocation_of(context).settings()
    with connect(settings) as station:
        found = station.check_recorders(minimum=minimum, since=since)
    if csv is not None:
        write_csv(csv, check_headers(), check_rows(found, settings.station.zone))
    output.show(found, lambda: recorder_check_text(found, settings.station.zone), as_json=as_json)
    may_hold_more = found["missing"]["count"] or found["overdue"]["count"] or found["withdrawn"]["count"]
    return ExitCode.NOT_ALL_SAFE if may_hold_more else ExitCode.DONE


def _entered(
    context: typer.Context,
    act: str,
    recorder_id: str,
    by: str,
    given: Mapping[str, str | int | None],
    *,
    as_json: bool,
) -> ExitCode:
    from cli.views.recorders import recorder_text

    show_answer(
        context,
        lambda station: station.enter_recorder_act(act, {"recorder_id": recorder_id, "by": by, **given}),
        recorder_text,
        as_json=as_json,
    )
    return ExitCode.DONE
