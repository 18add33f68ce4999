"""Texts of click and typer that our catalogue translates for them.

Nothing here is ever called: the calls mark the texts for extraction, as click and typer look them up in our domain. A
test compares them with what the installed libraries really say.
"""

from collections.abc import Callable
from typing import Final

from cli.language import N_, ngettext

SINGLE: Final = (
    N_("Usage:"),
    N_("Options"),
    N_("Arguments"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("default: {default}"),
    N_("required"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing command."),
    N_("No such command {name!r}."),
    N_("No such option: {name}"),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing parameter: {param_name}"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Choose from:\n\t{choices}"),
    N_("Option {name!r} does not take a value."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value} is not in the range {range}."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is not readable."),
    N_("Error: The value you entered was invalid."),
    N_("Error: {e.message}"),
    N_("file"),
    N_("directory"),
    N_("path"),
)

# Texts with a count, for the same purpose: the calls are what Babel looks for.
COUNTED: Final[tuple[Callable[[int], str], ...]] = (
    lambda count: ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", count),
    lambda count: ngettext("Did you mean {possibility}?", "(Possible options: {possibilities})", count),
    lambda count: ngettext(
        "Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", count
    ),
    lambda count: ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", count),
)
