"""The application `custody`: assembly and the rim where every error becomes a message and an exit code."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cli.language import bind

bind()  # before typer is imported: click and typer look their texts up in our catalogue

import click  # noqa: E402  # after bind
import typer  # noqa: E402  # after bind

from bodycam_custody.errors import StatedError  # noqa: E402  # after bind, as all below
from cli import output  # noqa: E402
from cli.commands import audit, clips, daemon, demo, dock, doctor, import_, init, key, people, recorder, status, store  # noqa: E402
from cli.exit_codes import ExitCode, exit_code_of, help_table  # noqa: E402
from cli.invocation import Invocation  # noqa: E402
from cli.language import _  # noqa: E402
from cli.messages import StationProblemError, explained, problem_of  # noqa: E402
from config.errors import ConfigError  # noqa: E402

logger = logging.getLogger(__name__)
_OUR_PACKAGES = ("archive", "bodycam_custody", "cli", "config", "docking", "hashing")

app = typer.Typer(
    name="custody",
    help=_("Takes in law-enforcement recordings and keeps them beyond doubt."),
    epilog=f"\b\n{help_table()}",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
)
app.command(help=_("Set up a new station: configuration, keys, stores, first ledger entry."))(init.init)
app.command(help=_("Show a whole station at work in a folder, with a sample recorder card."))(demo.demo)
app.command(help=_("Run the station: watch for cards, take them in, answer commands."))(daemon.daemon)
app.command("import", help=_("Take in a folder of recordings, as a card is taken in."))(import_.import_folder)
app.command(help=_("Show what is safe, what is not yet, and what needs a person."))(status.status)
app.add_typer(dock.app, name="dock")
app.add_typer(clips.app, name="clips")
app.add_typer(people.app, name="people")
app.add_typer(recorder.app, name="recorder")
app.add_typer(store.app, name="store")
app.add_typer(audit.app, name="audit")
app.add_typer(key.app, name="key")
app.command(help=_("Check this installation and say how to mend it; works without the daemon."))(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        output.show_text(f"custody {version('bodycam-custody')}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=_("Configuration file; else CUSTODY_CONFIG, else /etc/bodycam-custody/config.toml."),
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=_("Log every step on standard error."))] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help=_("Show the version and exit."))
    ] = False,
) -> None:
    context.obj = Invocation(config_file=config)
    _configure_logging(is_verbose=verbose, is_daemon=context.invoked_subcommand == "daemon")


def _configure_logging(*, is_verbose: bool, is_daemon: bool) -> None:
    # A person at a command reads messages, not logs; the daemon's reader is the journal, which adds its own times.
    level = logging.DEBUG if is_verbose else logging.INFO if is_daemon else logging.ERROR
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    for name in _OUR_PACKAGES:
        package = logging.getLogger(name)
        package.handlers = [handler]
        package.setLevel(level)
        package.propagate = False


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code; every error has been shown."""
    as_json = "--json" in args
    try:
        result = typer.main.get_command(app).main(list(args), prog_name="custody", standalone_mode=False)
    except click.Abort:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (StationProblemError, StatedError, ConfigError) as error:
        problem = problem_of(error)
        output.show_error(explained(error), problem, as_json=as_json)
        return exit_code_of(problem["code"])
    except BrokenPipeError:
        output.discard()
        return ExitCode.FAILED
    except Exception as error:  # the rim: whatever nobody foresaw is logged whole and told plainly
        logger.exception("command failed unexpectedly")
        output.show_error(_unforeseen(error), {"code": "unexpected", "detail": repr(error)}, as_json=as_json)
        return ExitCode.FAILED
    return _interrupted() if result == ExitCode.INTERRUPTED else int(result or ExitCode.DONE)


def _interrupted() -> int:
    output.show_note(_("Stopped by Ctrl-C. What the station has taken in is kept."))
    return ExitCode.INTERRUPTED


def _unforeseen(error: Exception) -> str:
    message = _("something unexpected went wrong ({kind}: {detail}); the lines above are for the maintainers")
    return message.format(kind=type(error).__name__, detail=error)


def main() -> None:
    """Run the command line and exit."""
    output.prepare_streams()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
