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

_ERRORS: Mapping[ExitCode, tuple[str, ...]] = {
    ExitCode.USAGE: (
        "demo-card-missing",
        "id-ambiguous",
        "operation-unknown",
        "person-refused",
        "person-unknown",
        "recorder-ambiguous",
        "recorder-unnamed",
        "recovery-keys",
        "request-invalid",
        "slot-name-invalid",
        "slot-port-unknown",
    ),
    ExitCode.BROKEN: (
        "catalog-corrupt",
        "chain-broken",
        "decision-without-request",
        "checkpoint-origin",
        "checkpoint-refused",
        "copy-not-whole",
        "digest-not-sealed",
        "entry-not-shown",
        "ledger-behind",
        "ledger-copy-ahead",
        "ledger-copy-contradicts",
        "ledger-copy-damaged",
        "ledger-corrupt",
        "ledger-forked",
        "malformed-entry",
        "root-mismatch",
        "signature-refused",
        "store-marker-bad",
        "tile-malformed",
    ),
    ExitCode.REFUSED: (
        "alarm-closed",
        "already-accepted",
        "already-released",
        "already-withdrawn",
        "appointment-dates",
        "appointment-runs",
        "card-filesystem-refused",
        "card-writable",
        "clearing-not-chosen",
        "clearing-refused",
        "configuration-not-roots",
        "copies-too-few",
        "deciders-refused",
        "decision-request",
        "deputy-refused",
        "docking-not-over",
        "folder-card-refused",
        "head-not-apart",
        "import-refused",
        "key-exposed",
        "key-known",
        "key-needed",
        "key-taken",
        "late-without-reason",
        "not-authorised",
        "not-judged-yet",
        "not-appointed",
        "nothing-left",
        "out-of-office",
        "receipt-refused",
        "recorder-act-in-future",
        "recorder-act-out-of-order",
        "recorder-faulty",
        "recorder-issued",
        "recorder-not-issued",
        "recorder-registered",
        "recorder-retired",
        "recorder-unregistered",
        "recorder-withdrawn",
        "role-required",
        "signature-missing",
        "signer-without-key",
        "slot-empty",
        "slot-name-taken",
        "store-disk-unproven",
        "store-under-home",
        "stores-share-disk",
        "too-few-left",
        "uid-taken",
    ),
    ExitCode.STATION_NOT_REACHABLE: (
        "not-station-owner",
        "socket-not-permitted",
        "socket-taken",
        "station-busy",
        "station-missing",
        "station-not-answering",
    ),
    ExitCode.CONFIGURATION_WRONG: (
        "config-unusable",
        "families-invalid",
        "profile-invalid",
        "slip-folder-missing",
        "station-mismatch",
    ),
    ExitCode.NOT_ALL_SAFE: (
        "card-changed",
        "card-empty-unproven",
        "card-gone",
        "card-in-use",
        "card-not-mounted",
        "card-reader-failed",
        "card-replaced",
        "card-silent",
        "card-unreadable",
        "clearing-broken-off",
        "durable-write-failed",
        "file-not-receipted",
        "ledger-refuses",
        "primary-unavailable",
        "residue-found",
        "source-changed",
        "source-unreadable",
        "store-foreign",
        "store-full",
        "store-missing",
        "store-not-entered",
        "store-not-mounted",
        "store-read-only",
        "store-unmarked",
        "store-unreadable",
    ),
}
BY_ERROR: Mapping[str, ExitCode] = {code: exit_code for exit_code, codes in _ERRORS.items() for code in codes}


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
