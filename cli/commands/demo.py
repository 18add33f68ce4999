"""`custody demo`."""

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.exit_codes import ExitCode
from cli.invocation import AsJson
from cli.language import _


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help=_("Folder for the station; must be new or empty."))
    ] = Path("custody-demo"),
    card: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help=_("Folder with recordings to dock instead of a made-up card."),
        ),
    ] = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Show a whole station at work in a folder."""
    from bodycam_custody.demo.station import run_demo
    from cli.client import connect
    from cli.progress import progress
    from cli.views.demo import demo_text, demo_value
    from cli.views.demo_steps import step_follower
    from config.load import load_settings

    with progress(task="demo", unit="bytes", as_json=as_json) as shown:
        outcome = run_demo(folder.absolute(), card, step_follower(shown), unit=_("Demonstration unit"))
    settings = load_settings(outcome.directory / "config.toml", {})
    with connect(settings) as station:
        sessions = station.sessions_of(outcome.clips)
    value = demo_value(outcome, sessions)
    output.show(value, lambda: demo_text(value, settings.station.zone, output.columns()), as_json=as_json)
    return ExitCode.DONE if value["docking"]["safe_to_take_away"] == "yes" else ExitCode.NOT_ALL_SAFE
