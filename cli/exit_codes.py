"""The one table of exit codes, and which error ends with which.

docs and `custody --help` are made from `MEANINGS`; scripts rely on the numbers, so none ever changes its meaning.
"""

from collections.abc import Mapping
from enum import IntEnum

from cli.language import N_, _


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BROKEN = 3
    CANNOT_TELL = 4
    REFUSED = 5
    STATION_NOT_REACHABLE = 6
    CONFIGURATION_WRONG = 7
    NOT_ALL_SAFE = 8
    INTERRUPTED = 130


MEANINGS: Mapping[ExitCode, str] = {
    ExitCode.DONE: N_("done; a verification found everything whole"),
    ExitCode.FAILED: N_("failed; the message says why"),
    ExitCode.USAGE: N_("the command was typed wrongly"),
    ExitCode.BROKEN: N_("evidence or ledger is broken; the place is named"),
    ExitCode.CANNOT_TELL: N_("cannot tell; what is not covered is named"),
    ExitCode.REFUSED: N_("refused: a rule or a right says no"),
    ExitCode.STATION_NOT_REACHABLE: N_("the station cannot be reached: not running, busy, or not yours"),
    ExitCode.CONFIGURATION_WRONG: N_("the configuration is wrong; every problem is listed"),
    ExitCode.NOT_ALL_SAFE: N_("not everything is safe: keep the card, look at the message"),
    ExitCode.INTERRUPTED: N_("stopped by Ctrl-C; the station loses nothing by it"),
}

BY_ERROR: Mapping[str, ExitCode] = {
    "config-unusable": ExitCode.CONFIGURATION_WRONG,
    "not-station-owner": ExitCode.STATION_NOT_REACHABLE,
    "station-busy": ExitCode.STATION_NOT_REACHABLE,
    "station-not-answering": ExitCode.STATION_NOT_REACHABLE,
    "socket-not-permitted": ExitCode.STATION_NOT_REACHABLE,
}


def exit_code_of(error_code: str) -> ExitCode:
    """Return how a command ends that met the error; one without a row of its own is FAILED."""
    return BY_ERROR.get(error_code, ExitCode.FAILED)


def help_table() -> str:
    """Return the table as `custody --help` shows it, in the user's language."""
    rows = "\n".join(f"  {code:>3}  " + _(meaning) for code, meaning in MEANINGS.items())
    return _("Exit codes:") + f"\n{rows}"


def markdown_table() -> str:
    """Return the table as the documents show it, in the user's language."""
    rows = [(_("Exit code"), _("Meaning")), ("---", "---"), *((str(code), _(text)) for code, text in MEANINGS.items())]
    return "".join(f"| {code} | {meaning} |\n" for code, meaning in rows)
