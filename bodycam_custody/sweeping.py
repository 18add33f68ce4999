"""The nightly sweep: what the stores should hold is looked for, and what they lack is written again (R43, R45).

The daemon looks every quarter of an hour too. The sweep is what a timer of the machine sets off, so that a night
without power is made up for, and what a person runs who wants to know now. Nothing is deleted but leftovers of copies
that nobody makes any more; they were never clips.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bodycam_custody.clock import parse_rfc3339, rfc3339
from bodycam_custody.errors import StatedError
from bodycam_custody.keeping import Keeper
from bodycam_custody.model import ClipState
from bodycam_custody.operations import Caller, Nothing
from bodycam_custody.runtime import Runtime
from bodycam_custody.views import problem

logger = logging.getLogger(__name__)

# Under this name the catalog notes when a sweep last found every store and reached its end.
SWEEP = "sweep"
# The timer comes every night, by a quarter of an hour sooner or later; without it the daemon sweeps by itself.
OVERDUE_AFTER = timedelta(hours=26)


def sweep_stores(runtime: Runtime, _: Nothing, __: Caller) -> Any:
    """Sweep now and return what was found.

    Not done here: reading every bag again, which `clips verify` does for one clip.
    """
    station = runtime.station
    problems: list[StatedError] = []
    made = 0
    try:
        made = runtime.catch_up()
        # From the first entry on: a bag that could not be kept when it was sealed is tried again.
        Keeper(station).run()
    except StatedError as err:
        logger.error("sweep ended early reason=%s", err)
        problems.append(err)
    problems += [*station.unsettled, *_unusable_stores(runtime)]
    now = rfc3339(station.clock.now())
    if not problems:
        station.catalog.note_success(SWEEP, now)
    return {
        "at": now,
        "copies_made": made,
        "copies_missing": _count(runtime, "SELECT COUNT(*) AS n FROM copies WHERE answer = 'no'"),
        "not_safe": _count(
            runtime, "SELECT COUNT(*) AS n FROM clips WHERE state IN (?, ?)", ClipState.SEALED, ClipState.DAMAGED
        ),
        "problems": [problem(err) for err in problems],
    }


def sweep_if_overdue(runtime: Runtime) -> None:
    """Sweep when no sweep reached its end for a day: the timer of the machine is not there, or finds nothing."""
    last = runtime.station.catalog.last_success(SWEEP)
    now = runtime.station.clock.now()
    if last is None or now - parse_rfc3339(last) > OVERDUE_AFTER:
        found = sweep_stores(runtime, Nothing(), Caller(uid=runtime.owner_uid))
        logger.info("swept stores problems=%s copies_missing=%s", len(found["problems"]), found["copies_missing"])


def _unusable_stores(runtime: Runtime) -> Iterator[StatedError]:
    for look in runtime.station.stores.look():
        trouble = look.problem or runtime.station.record.unpublished.get(look.location.store_id)
        if trouble is not None:
            yield trouble


def _count(runtime: Runtime, query: str, *values: object) -> int:
    return int(runtime.station.catalog.rows(query, values)[0]["n"])
