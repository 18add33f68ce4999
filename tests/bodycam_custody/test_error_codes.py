"""A stored code is turned into words in every process, whatever else it imported."""

import json
import subprocess
import sys

import pytest

from tests.cli.error_classes import all_errors

# What ends a docking, a file or a clearing, and so may stand in the ledger.
STORED = ("archive.", "docking.", "bodycam_custody.errors.", "bodycam_custody.copying.", "bodycam_custody.clearing.")


@pytest.fixture(scope="module")
def templates() -> dict[str, str]:
    """What a process knows that imported nothing for another purpose."""
    program = "import json; from bodycam_custody import error_codes; print(json.dumps(error_codes._templates()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    known: dict[str, str] = json.loads(done.stdout)
    return known


def test_every_code_that_may_be_stored_has_its_words(templates: dict[str, str]) -> None:
    stored = [error for error in all_errors() if f"{error.__module__}.".startswith(STORED)]
    assert len(stored) > 100
    assert {error.code for error in stored} - set(templates) == set()
