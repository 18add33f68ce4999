"""One table of exit codes, and every error code in it exists."""

from cli.exit_codes import BY_ERROR, MEANINGS, ExitCode, exit_code_of, help_table, markdown_table
from tests.cli.conftest import Custody
from tests.cli.error_classes import all_error_codes

# Codes the command line states itself.
OWN_CODES = {"config-unusable", "station-not-answering", "socket-not-permitted"}


def test_the_numbers_are_a_format() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "DONE": 0,
        "FAILED": 1,
        "USAGE": 2,
        "BROKEN": 3,
        "CANNOT_TELL": 4,
        "REFUSED": 5,
        "STATION_NOT_REACHABLE": 6,
        "CONFIGURATION_WRONG": 7,
        "NOT_ALL_SAFE": 8,
        "INTERRUPTED": 130,
    }


def test_every_exit_code_has_a_meaning_in_help_and_documents(custody: Custody) -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert len(markdown_table().splitlines()) == len(ExitCode) + 2
    assert help_table().splitlines()[1].strip() in custody("--help").out


def test_an_error_without_a_row_of_its_own_ends_with_1() -> None:
    assert exit_code_of("no-such-code") is ExitCode.FAILED


def test_every_error_code_in_the_table_is_one_that_is_stated_somewhere() -> None:
    assert set(BY_ERROR) - OWN_CODES <= all_error_codes()
