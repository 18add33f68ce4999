"""From a stored error code back to the words for it."""

import string
from collections.abc import Iterator
from functools import cache
from typing import Any

# Every error that may be behind a stored code must be defined before it is looked up.
import archive.clearance_errors  # noqa: F401
import bodycam_custody.clearing.errors
import bodycam_custody.copying.errors  # noqa: F401
import docking.clearing_errors
import docking.drivers.errors
import docking.mount_errors
import docking.usb_errors  # noqa: F401
from hashing.errors import N_, StatedError

_UNKNOWN_TEMPLATE = N_("an error with the code {code} was recorded")


def problem_of_code(code: str, **facts: object) -> dict[str, Any]:
    """Return the problem a stored code stands for; what its text needs and was not stored shows as a dash.

    Names and free text never enter the ledger, so a recorded problem can say less than it did when it happened.
    """
    template = _templates().get(code)
    if template is None:
        return {"code": code, "template": _UNKNOWN_TEMPLATE, "facts": {"code": code}}
    fields = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return {"code": code, "template": template, "facts": {name: known.get(name, "—") for name in sorted(fields)}}


@cache
def _templates() -> dict[str, str]:
    return {error.code: error.template for error in _leaves(StatedError)}


def _leaves(root: type[StatedError]) -> Iterator[type[StatedError]]:
    yield root
    for leaf in root.__subclasses__():
        yield from _leaves(leaf)
