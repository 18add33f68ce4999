"""The program as documents name it: its commands and their options."""

import re
import shlex
from collections.abc import Iterator

import click
import typer

from cli.main import app


def application() -> click.Group:
    """Return the command `custody`."""
    command = typer.main.get_command(app)
    assert isinstance(command, click.Group)
    return command


def leaves(group: click.Group | None = None, name: str = "custody") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by its full name."""
    for word, command in sorted((group or application()).commands.items()):
        if isinstance(command, click.Group):
            yield from leaves(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def options_of(command: click.Command) -> set[str]:
    """Return every option of a command, long and short."""
    return {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts} | {
        "--help"
    }


def check_command(line: str) -> None:
    """Fail if the program has no such command, or the command no such option."""
    words = shlex.split(line)
    assert words[0] == "custody"
    command: click.Command = application()
    for word in words[1:]:
        if word.startswith("--"):
            assert word.partition("=")[0] in options_of(command), f"{line}: {command.name} has no option {word}"
        elif isinstance(command, click.Group) and word in command.commands:
            command = command.commands[word]
        else:
            assert not isinstance(command, click.Group) or command.name == "custody", f"{line}: no command {word}"
    assert not isinstance(command, click.Group), f"{line}: {command.name} alone does nothing"


def commands_in(text: str) -> list[str]:
    """Return what a line of shell or a piece of inline code calls `custody` with."""
    return [found.strip() for found in re.findall(r"(?:^|\$\(|&& )(custody [^|)&;<]*)", text)]
