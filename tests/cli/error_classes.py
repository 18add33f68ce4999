"""Every error class of the six packages, found by importing all their modules."""

import importlib
import pkgutil
from collections.abc import Iterator

from bodycam_custody.errors import StatedError

PACKAGES = ("archive", "bodycam_custody", "cli", "config", "docking", "hashing")
# Programs and build steps: importing them is either useless here or needs what only a build has.
_NOT_LIBRARY = frozenset({"cli.build_catalogs"})


def all_errors() -> set[type[StatedError]]:
    """Return every error class below StatedError that says something of its own; roots are never raised."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if module.name not in _NOT_LIBRARY:
                importlib.import_module(module.name)
    return {error for error in _below(StatedError) if "template" in vars(error)}


def all_error_codes() -> set[str]:
    """Return the code of every error that can be stated."""
    return {error.code for error in all_errors()}


def _below(base: type[StatedError]) -> Iterator[type[StatedError]]:
    for child in base.__subclasses__():
        yield child
        yield from _below(child)
