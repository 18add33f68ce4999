"""`custody init`."""

# ruff: noqa: ARG001  # the options are read from the context, where they lie together by name

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from click.core import ParameterSource

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson, invocation_of
from cli.language import _
from cli.new_config import QUESTIONS, question

_MANY = frozenset({"replica"})


def init(
    context: typer.Context,
    person: Annotated[
        list[str],
        typer.Option(
            metavar="ID:ROLE:KEY",
            help=_("One of the first people; KEY is an ssh-ed25519 public key or its file. May be repeated."),
        ),
    ],
    recovery_key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help=_("A key to recover with, held outside the unit: a public key or its file. Given three times."),
        ),
    ] = None,
    agency: Annotated[str | None, typer.Option(help=question("agency"))] = None,
    name: Annotated[str | None, typer.Option(help=question("name"))] = None,
    unit: Annotated[str | None, typer.Option(help=question("unit"))] = None,
    document_number: Annotated[str | None, typer.Option(help=question("document_number"))] = None,
    effective_date: Annotated[str | None, typer.Option(metavar="DATE", help=question("effective_date"))] = None,
    rules_version: Annotated[str | None, typer.Option(help=question("rules_version"))] = None,
    primary: Annotated[Path | None, typer.Option(metavar="DIR", help=question("primary"))] = None,
    replica: Annotated[list[Path] | None, typer.Option(metavar="DIR", help=question("replica"))] = None,
    clearing: Annotated[
        Literal["clear-after-receipt", "keep-at-desk"] | None, typer.Option(help=question("clearing"))
    ] = None,
    time_zone: Annotated[str, typer.Option(help=_("Zone of legal dates."))] = "Asia/Shanghai",
    handover_hours: Annotated[int, typer.Option(help=_("Hours from the end of a recording to its handover."))] = 24,
    handover_point: Annotated[Literal["dock", "acceptance"], typer.Option(help=_("What counts as handover."))] = "dock",
    clock_uncertainty_s: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            help=_("Assumed uncertainty of recorder clocks; without it such times are undeterminable."),
        ),
    ] = None,
    state: Annotated[Path | None, typer.Option(metavar="DIR", help=_("Folder of ledger and keys."))] = None,
    import_root: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help=_("Folder below which imports may read. May be repeated."))
    ] = None,
    accept_one_disk: Annotated[
        bool, typer.Option("--accept-one-disk", help=_("Accept stores on one disk; every SAFE then says so."))
    ] = False,
    accept_home: Annotated[
        bool, typer.Option("--accept-home", help=_("Accept a store below a home directory."))
    ] = False,
    as_json: AsJson = False,
) -> ExitCode:
    """Set up a new station; a configuration that is there already is used as it is."""
    from bodycam_custody.clock import Clock
    from bodycam_custody.genesis import create_station, parse_person
    from bodycam_custody.people import parse_key
    from cli.new_config import write_config
    from cli.views.init import station_text, station_value

    people = [parse_person(text) for text in person]
    recovery_keys = [parse_key(text) for text in recovery_key or []]
    invocation = invocation_of(context)
    if invocation.config_path.exists():
        _refuse_settings(context, invocation.config_path)
    else:
        write_config(invocation.config_path, _completed(context.params))
    settings = invocation.settings()
    create_station(settings, people, Clock(), recovery_keys=recovery_keys)
    value = station_value(settings, invocation.config_path)
    output.show(value, lambda: station_text(value), as_json=as_json)
    return ExitCode.DONE


def _refuse_settings(context: typer.Context, file: Path) -> None:
    named = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in {"person", "recovery_key", None}
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if named:
        message = _("{file} exists and says how this station is: leave out {options}, or change the file")
        raise typer.BadParameter(message.format(file=file, options=", ".join(named)))


def _completed(answers: dict[str, Any]) -> dict[str, Any]:
    missing = [name for name in QUESTIONS if not answers[name]]
    if missing and not sys.stdin.isatty():
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise typer.BadParameter(_("a new station needs {options}").format(options=options))
    return answers | {name: _asked(name) for name in missing}


def _asked(name: str) -> object:
    answer = typer.prompt(question(name), err=True)
    return [answer] if name in _MANY else answer
