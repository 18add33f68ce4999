"""`custody dock …`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.answers import show_answer
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, DockingId, invocation_of
from cli.language import _

app = typer.Typer(help=_("Cards at the station and what became of them."), no_args_is_help=True, rich_markup_mode=None)

DockingOrSlot = Annotated[
    str,
    typer.Argument(metavar="ID|SLOT", help=_("Id of the docking, or name or port of the slot."), show_default=False),
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help=_("Why; kept apart from the ledger."))]


@app.command("list", help=_("List docked cards and imported folders, newest first."))
def list_dockings(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=_("How many."))] = 20,
    as_json: AsJson = False,
) -> ExitCode:
    """List the newest dockings."""
    from cli.client import connect
    from cli.views.alarms import dock_notes
    from cli.views.dockings import dockings_text

    settings = invocation_of(context).settings()
    with connect(settings) as station:
        found = station.dockings(limit=limit)
        notes = [] if as_json else dock_notes(*station.needs_at_dock())
    zone = settings.station.zone
    output.show(found, lambda: "\n".join([dockings_text(found, zone, output.columns()), *notes]), as_json=as_json)
    return ExitCode.DONE


@app.command(
    help=_("Show one docking: every count, what differs from the docking before, and whether the card may go.")
)
def show(context: typer.Context, docking_id: DockingId, as_json: AsJson = False) -> ExitCode:
    """Show one docking."""
    from cli.views.docking import docking_text

    show_answer(context, lambda station: station.docking(docking_id), docking_text, as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Enter that a custodian takes over what a docking brought."))
def accept(
    context: typer.Context,
    docking_id: DockingId,
    by: Annotated[str, typer.Option(metavar="PERSON_ID", help=_("The custodian who accepts."))],
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help=_("Why it is late, if it is; kept apart from the ledger."))
    ] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Accept one docking."""
    from cli.views.acceptance import accepted_text

    show_answer(
        context,
        lambda station: station.accept_docking(docking_id, person=by, reason=reason),
        accepted_text,
        as_json=as_json,
    )
    return ExitCode.DONE


@app.command(help=_("Withdraw a recorder for recovery, because files of it cannot be read."))
def withdraw(
    context: typer.Context,
    target: DockingOrSlot,
    by: Annotated[str, typer.Option(metavar="PERSON_ID", help=_("The custodian who sends it to recovery."))],
    reason: Why,
    as_json: AsJson = False,
) -> ExitCode:
    """Withdraw one recorder."""
    return _let_go(context, "withdraw", target, by, reason, as_json=as_json)


@app.command(help=_("Release a recorder uncleared, with what could not be read still on it."))
def release(
    context: typer.Context,
    target: DockingOrSlot,
    by: Annotated[str, typer.Option(metavar="PERSON_ID", help=_("The supervisor who decides this."))],
    reason: Why,
    as_json: AsJson = False,
) -> ExitCode:
    """Release one recorder uncleared."""
    return _let_go(context, "release", target, by, reason, as_json=as_json)


def _let_go(context: typer.Context, act: str, target: str, by: str, reason: str, *, as_json: bool) -> ExitCode:
    from cli.views.release import let_go_text

    show_answer(
        context,
        lambda station: station.let_go(act, target, person=by, reason=reason),
        lambda done, zone: let_go_text(act, done, zone),
        as_json=as_json,
    )
    return ExitCode.DONE


@app.command(help=_("Clear a card after its receipt, where the rule set chose it; every copy and file is read again."))
def clear(
    context: typer.Context,
    target: DockingOrSlot,
    by: Annotated[str, typer.Option(metavar="PERSON_ID", help=_("The custodian who has it cleared."))],
    as_json: AsJson = False,
) -> ExitCode:
    """Clear one card."""
    from cli.views.clearing import clearing_done_text

    done = show_answer(
        context, lambda station: station.clear_card(target, person=by), clearing_done_text, as_json=as_json
    )
    return ExitCode.DONE if done["state"] == "cleared" else ExitCode.NOT_ALL_SAFE


@app.command(help=_("Give the signed receipt for a docking, as a page to print and sign."))
def receipt(
    context: typer.Context,
    docking_id: DockingId,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=_("Write the page to this new file, the signed form to FILE.json and .sig.")),
    ] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Give the receipt for one docking."""
    from cli.client import connect
    from cli.views.receipt import receipt_text

    files = [] if out is None else [out, out.with_name(f"{out.name}.json"), out.with_name(f"{out.name}.json.sig")]
    for file in files:
        if file.exists():
            raise typer.BadParameter(_("{file} is there already; choose a new file").format(file=file))
    settings = invocation_of(context).settings()
    with connect(settings) as station:
        given = station.issue_receipt(docking_id)
    page = receipt_text(given, json.loads(given["canonical"]), settings.station.zone)
    for file, text in zip(files, (f"{page}\n", given["canonical"], given["signature"]), strict=False):
        with file.open("x", encoding="utf-8") as written:
            written.write(text)
    output.show(given, lambda: page, as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("List the slots of this station and what stands in each of them now."))
def slots(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """List the slots; a refused device ends with NOT_ALL_SAFE."""
    from cli.client import connect
    from cli.views.alarms import dock_notes
    from cli.views.slots import slots_text

    with connect(invocation_of(context).settings()) as station:
        found = station.slots()
        notes = [] if as_json else dock_notes(*station.needs_at_dock())
    output.show(found, lambda: "\n".join([slots_text(found), *notes]), as_json=as_json)
    return ExitCode.NOT_ALL_SAFE if any(slot["problem"] and slot["is_dock"] for slot in found) else ExitCode.DONE


@app.command(help=_("List the alarms at the dock, newest first, and what became of each."))
def alarms(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=_("How many."))] = 20,
    as_json: AsJson = False,
) -> ExitCode:
    """List the newest alarms; one that stands ends with NOT_ALL_SAFE."""
    from cli.views.alarms import alarms_text

    found = show_answer(context, lambda station: station.alarms(limit=limit), alarms_text, as_json=as_json)
    return ExitCode.NOT_ALL_SAFE if any(alarm["is_standing"] for alarm in found) else ExitCode.DONE


@app.command(help=_("Enter that somebody looked into an alarm, and what they found; it stands no longer."))
def acknowledge(
    context: typer.Context,
    alarm: Annotated[
        str,
        typer.Argument(metavar="ALARM", help=_("Its number, as `custody dock alarms` shows it."), show_default=False),
    ],
    by: Annotated[str, typer.Option(metavar="PERSON_ID", help=_("The custodian or supervisor who looked into it."))],
    note: Annotated[str, typer.Option(metavar="TEXT", help=_("What they found; kept apart from the ledger."))],
    as_json: AsJson = False,
) -> ExitCode:
    """Acknowledge one alarm."""
    from cli.views.alarms import acknowledged_text

    show_answer(
        context, lambda station: station.acknowledge_alarm(alarm, by=by, note=note), acknowledged_text, as_json=as_json
    )
    return ExitCode.DONE


@app.command(help=_("Name a slot: the one into which something is plugged next, or that of a port."))
def learn(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help=_('What is painted beside it, such as "slot 3".'))],
    port: Annotated[
        str | None,
        typer.Option(metavar="PATH", help=_("Its port, as `custody dock slots` shows it; nothing is waited for.")),
    ] = None,
    wait: Annotated[int, typer.Option(min=1, metavar="SECONDS", help=_("How long to wait for an arrival."))] = 120,
    as_json: AsJson = False,
) -> ExitCode:
    """Learn the name of one slot."""
    from cli.client import connect
    from cli.slot_learning import wait_for_arrival
    from cli.views.slots import learnt_text

    with connect(invocation_of(context).settings()) as station:
        if port is None:
            output.show_note(_("Plug a recorder into {name} now.").format(name=name))
            arrived = wait_for_arrival(station.slots, wait_s=wait)
            if len(arrived) != 1:
                output.show_note(_("Nothing was plugged in.") if not arrived else _("Plug in one at a time, please."))
                return ExitCode.FAILED
            port = arrived[0]["port"]
        learnt = station.learn_slot(name, port=port)
    output.show(learnt, lambda: learnt_text(learnt), as_json=as_json)
    return ExitCode.DONE
