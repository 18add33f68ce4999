"""What the unlock helper learnt of a recorder, as an entry: above all its clock, before anybody sets it (R32).

Who the recorder says carries it is a text; the entry only commits to it.
"""

from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Draft, EntryKind
from bodycam_custody.texts import Texts
from docking.drivers.told_visit import COMES_BACK_WITHIN, ToldVisit
from hashing.canonical import Json, canonical_bytes

# A recorder whose clock was set comes back as a card; only the port and the time tell which docking that was.
_WAS_SET = """
SELECT 1 FROM visits v WHERE v.clock_set_to IS NOT NULL AND v.visited_at > :after AND v.visited_at < :before
AND (v.recorder = :recorder OR EXISTS (
    SELECT 1 FROM dockings d WHERE d.recorder = :recorder AND d.port = v.port
    AND julianday(d.docked_at) BETWEEN julianday(v.visited_at) AND julianday(v.visited_at) + :days))
LIMIT 1
"""


def visited_draft(visit: ToldVisit, texts: Texts) -> Draft:
    """Return the entry that a recorder was spoken to; who carries it goes to `texts` first."""
    holder = None
    if visit.holder is not None:
        (holder,) = texts.keep([canonical_bytes(visit.holder)], meaning="holder")
    facts: dict[str, Json] = {
        "visited_at": rfc3339(visit.at),
        "device": visit.usb_id,
        "recorder": visit.recorder,
        "driver": None if visit.driver is None else visit.driver.value,
        "state": visit.state.value,
        "clock_offset_ms": None if visit.clock is None else visit.clock.offset_ms,
        "clock_offset_uncertainty_ms": None if visit.clock is None else visit.clock.uncertainty_ms,
        "clock_source": None if visit.clock is None else visit.clock.source.value,
        "clock_set_to": None if visit.clock_set_to is None else rfc3339(visit.clock_set_to),
        "battery_percent": visit.battery_percent,
        "holder": holder,
        "warnings": [warning.value for warning in visit.warnings],
        "problem": None if visit.problem is None else str(visit.problem["code"]),
    }
    return Draft(kind=EntryKind.RECORDER_VISITED, subject=f"slot:{visit.port}", facts=facts)


def is_entered(catalog: Catalog, visit: ToldVisit) -> bool:
    """Return whether the ledger has this visit already."""
    query = "SELECT 1 FROM visits WHERE port = ? AND visited_at = ?"
    return bool(catalog.rows(query, (visit.port, rfc3339(visit.at))))


def was_clock_set(catalog: Catalog, recorder: str, *, after: str, before: str) -> bool:
    """Return whether the clock of `recorder` was set in a visit between the two moments."""
    days = COMES_BACK_WITHIN.total_seconds() / 86_400
    return bool(catalog.rows(_WAS_SET, {"recorder": recorder, "after": after, "before": before, "days": days}))
