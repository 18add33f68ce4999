"""A command that asks the station once and shows its answer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from cli import output
from cli.invocation import invocation_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from cli.client import Station

Answer = TypeVar("Answer")


def show_answer(
    context: typer.Context,
    ask: "Callable[[Station], Answer]",
    text: "Callable[[Answer, ZoneInfo], str]",
    *,
    as_json: bool,
) -> Answer:
    """Ask the station and show its answer as JSON, or as `text` words it in the station's time zone; return the answer.

    The station is closed before anything is printed.
    """
    from cli.client import connect

    settings = invocation_of(context).settings()
    with connect(settings) as station:
        answer = ask(station)
    output.show(answer, lambda: text(answer, settings.station.zone), as_json=as_json)
    return answer
