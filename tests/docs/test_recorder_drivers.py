"""docs/recorder-drivers.md against the drivers and the program."""

import re

from docking.drivers.channel import MAX_REPLY_BYTES, REPLY_TIMEOUT_S
from docking.drivers.clock import MAX_AGE
from docking.drivers.families import KNOWN_FAMILIES
from docking.drivers.passwords import command_credential, log_in_credential
from docking.drivers.report import UnlockState, UnlockWarning
from docking.drivers.verbs import DriverName, Verb
from docking.unlock_helper import UnlockExit
from tests.docs.reading import rows, section, text_of, ticked

PAGE = "docs/recorder-drivers.md"


def first_cells(heading: str) -> list[str]:
    return [ticked(cells[0])[0] for cells in rows(section(PAGE, heading)) if ticked(cells[0])]


def test_the_allow_list_is_the_programs() -> None:
    table = {ticked(cells[0])[0]: (ticked(cells[1])[0], cells[2]) for cells in rows(section(PAGE, "The allow-list"))}
    assert set(table) == {verb.name for verb in Verb}
    for verb in Verb:
        family, wire = table[verb.name]
        assert family == verb.family
        assert verb.word.decode() in wire


def test_states_warnings_and_exit_codes_are_the_programs() -> None:
    names = first_cells("The program")
    assert names == [*UnlockState, *UnlockWarning]
    codes = {
        int(cells[0]): ticked(cells[1])[0] for cells in rows(section(PAGE, "The program")) if cells[0].strip().isdigit()
    }
    assert codes == {code.value: code.name for code in UnlockExit}


def test_the_credentials_are_the_ones_that_are_read() -> None:
    read = {log_in_credential(driver) for driver in DriverName} | {command_credential(DriverName.AMBARELLA)}
    assert set(first_cells("Passwords")) == read


def test_the_limits_are_the_programs() -> None:
    page = " ".join(text_of(PAGE).split())
    assert f"at most {MAX_REPLY_BYTES} bytes, complete within {REPLY_TIMEOUT_S:g} seconds" in page
    assert f"at most {MAX_AGE.total_seconds() / 60:g} minutes old" in page
    assert re.findall(r"USB `(.{9})` is taken for `(.*?)`", page) == [
        (id_, name) for id_, name in KNOWN_FAMILIES.items()
    ]
