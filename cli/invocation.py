"""What every command is told before its own arguments."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.language import _

if TYPE_CHECKING:
    from config.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help=_("Print JSON instead of text."))]
ClipId = Annotated[
    str,
    typer.Argument(metavar="CLIP", help=_("Id of the clip, or its first 6 characters or more."), show_default=False),
]
DockingId = Annotated[str, typer.Argument(metavar="ID", help=_("Id of the docking."), show_default=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The global options."""

    config_file: Path | None

    @property
    def config_path(self) -> Path:
        """The configuration file that counts, whether it exists or not."""
        from config.documents import find_config_file

        return find_config_file(self.config_file, os.environ)

    def settings(self) -> "Settings":
        """Return the settings of the station.

        Raises:
            ConfigError: with everything that is wrong in them.
        """
        from config.load import load_settings

        return load_settings(self.config_file, os.environ)


def invocation_of(context: typer.Context) -> Invocation:
    """Return the global options of the running command."""
    found = context.find_object(Invocation)
    if found is None:
        raise RuntimeError("a command ran without the application around it")
    return found
