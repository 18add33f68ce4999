"""`custody people …`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _

app = typer.Typer(
    help=_("People: who is appointed as what, and the decisions about it."),
    no_args_is_help=True,
    rich_markup_mode=None,
)
PersonId = Annotated[str, typer.Argument(metavar="PERSON", help=_("Id of the person."), show_default=False)]
Office = Annotated[
    str,
    typer.Argument(
        metavar="OFFICE",
        help=_("officer, operator, custodian, supervisor, auditor, archive-officer, legal-reviewer or administrator."),
        show_default=False,
    ),
]
By = Annotated[
    list[str],
    typer.Option(metavar="PERSON", help=_("Who decides: two in office, or recovery@1 to recovery@3. Given twice.")),
]
Out = Annotated[Path | None, typer.Option(metavar="FILE", help=_("Write the text to sign to this new file."))]
KeyFile = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help=_("The public key: a .pub file of ed25519 or sk-ssh-ed25519.")),
]


@app.command("list", help=_("List everybody who is or was appointed."))
def list_people(context: typer.Context, as_json: AsJson = False) -> ExitCode:
    """List the register."""
    from cli.client import connect
    from cli.views.people import people_text

    with connect(invocation_of(context).settings()) as station:
        found = station.people()
    output.show(found, lambda: people_text(found, output.columns()), as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Show what one person is and was appointed as, and their keys."))
def show(context: typer.Context, person: PersonId, as_json: AsJson = False) -> ExitCode:
    """Show one person."""
    from cli.client import connect
    from cli.views.people import person_text

    with connect(invocation_of(context).settings()) as station:
        found = station.person(person)
    output.show(found, lambda: person_text(found, output.columns()), as_json=as_json)
    return ExitCode.DONE


@app.command(help=_("Ask for an appointment; it counts once two who are in office have signed it."))
def appoint(
    context: typer.Context,
    person: PersonId,
    office: Office,
    by: By,
    key: KeyFile = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help=_("First day. Else today."))] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help=_("Last day; a deputy needs one."))] = None,
    deputy_for: Annotated[str | None, typer.Option(metavar="PERSON", help=_("Whom this person stands in for."))] = None,
    uid: Annotated[int | None, typer.Option(metavar="UID", min=1, help=_("Unix user this person works as."))] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Ask for an appointment and give the text to sign."""
    given = {
        "role": office,
        "key": None if key is None else _read(key),
        "since": since,
        "until": until,
        "deputy_for": deputy_for,
        "uid": None if uid is None else str(uid),
    }
    return _asked(context, "appoint", person, by, given, out, as_json=as_json)


@app.command(help=_("Ask for the end of an appointment."))
def end(
    context: typer.Context, person: PersonId, office: Office, by: By, out: Out = None, as_json: AsJson = False
) -> ExitCode:
    """Ask for the end of an appointment and give the text to sign."""
    return _asked(context, "end", person, by, {"role": office}, out, as_json=as_json)


@app.command("change-key", help=_("Ask for another key for a person; with recovery keys where the old one is lost."))
def change_key(
    context: typer.Context,
    person: PersonId,
    by: By,
    key: Annotated[Path, typer.Option(metavar="FILE", help=_("The new public key, a .pub file."))],
    out: Out = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Ask for another key and give the text to sign."""
    return _asked(context, "change_key", person, by, {"key": _read(key)}, out, as_json=as_json)


@app.command(help=_("Hand in the signatures over the text of a request; the decision is then in force."))
def decide(
    context: typer.Context,
    request: Annotated[int, typer.Argument(metavar="REQUEST", help=_("Number of the request."), show_default=False)],
    signature: Annotated[
        list[str], typer.Option(metavar="PERSON=FILE", help=_("A signature that ssh-keygen made. Given for each."))
    ],
    as_json: AsJson = False,
) -> ExitCode:
    """Enter a decision with its signatures."""
    from cli.client import connect
    from cli.views.people import decided_text

    signatures = dict(_signature(one) for one in signature)
    with connect(invocation_of(context).settings()) as station:
        found = station.hand_in(str(request), signatures)
    output.show(found, lambda: decided_text(found), as_json=as_json)
    return ExitCode.DONE


def _asked(
    context: typer.Context,
    act: str,
    person: str,
    by: list[str],
    given: Mapping[str, object],
    out: Path | None,
    *,
    as_json: bool,
) -> ExitCode:
    from cli.client import connect
    from cli.csv_files import require_new
    from cli.views.people import to_sign_text

    require_new(out)
    with connect(invocation_of(context).settings()) as station:
        found = station.ask_about_person(act, {"person": person, "by": " ".join(by), **given})
    if out is not None:
        with out.open("x", encoding="utf-8", newline="") as text:
            text.write(found["text"])
    output.show(found, lambda: to_sign_text(found, out), as_json=as_json)
    return ExitCode.DONE


def _signature(text: str) -> tuple[str, str]:
    person, equals, file = text.partition("=")
    if not person or not equals:
        raise typer.BadParameter(_("expected PERSON=FILE, found {text}").format(text=text))
    return person, _read(Path(file))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise typer.BadParameter(_("{file} cannot be read: {reason}").format(file=file, reason=err)) from err
