"""The entries of a docking fit their lines whatever is on the card, and hold no names."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bodycam_custody.dockings.drafts import (
    ROWS_PER_ENTRY,
    Arrival,
    NumberedUnit,
    closed_draft,
    failed_draft,
    inventory_drafts,
    seen_draft,
)
from bodycam_custody.entries import Draft, write_entry
from bodycam_custody.model import DockingId, DockingPhase
from docking.card import DockedCard, DockingKind
from docking.errors import SourceUnreadableError
from docking.source import FileType, SourceFile, SpecialFile, SpecialKind
from tests.bodycam_custody.stations import NOW

DOCKING = DockingId("20261121T120000Z-k3f9")
LARGEST = 2**53 - 1


def file(number: int) -> SourceFile:
    """Return a file whose every number is as long as a number can be."""
    return SourceFile(
        path=b"DCIM/%06d.mp4" % number,
        size_bytes=LARGEST,
        mtime_ns=-(2**63),
        changed_ns=-(2**63),
        file_type=FileType.UNKNOWN,
    )


def drafts_of(files: int, specials: int = 0) -> list[Draft]:
    def keep(texts: Sequence[bytes]) -> list[str]:
        return [f"{number:064x}" for number, _ in enumerate(texts)]

    units = [NumberedUnit(main=number, sidecars=()) for number in range(files)]
    listed = [SpecialFile(path=b"pipe%d" % number, kind=SpecialKind.OTHER_FILESYSTEM) for number in range(specials)]
    return list(inventory_drafts(DOCKING, [file(n) for n in range(files)], listed, units, profile="generic", keep=keep))


@pytest.mark.parametrize(
    ("files", "specials", "parts"),
    [(0, 0, 1), (1, 0, 1), (ROWS_PER_ENTRY, 0, 1), (ROWS_PER_ENTRY + 1, 0, 2), (1, 3 * ROWS_PER_ENTRY, 3)],
)
def test_an_inventory_comes_in_parts_that_fit(files: int, specials: int, parts: int) -> None:
    # R11: every file and every special stands in exactly one part
    drafts = drafts_of(files, specials)
    assert [(draft.facts["part"], draft.facts["parts"]) for draft in drafts] == [(n, parts) for n in range(parts)]
    rows = [row for draft in drafts for row in draft.facts["files"]]  # type: ignore[union-attr]
    assert [row["n"] for row in rows] == list(range(files))  # type: ignore[index,call-overload]
    assert sum(len(draft.facts["specials"]) for draft in drafts) == specials  # type: ignore[arg-type,misc]
    for draft in drafts:
        assert len(write_entry(draft, seq=LARGEST, at=NOW, prev=bytes(32)).line) < 16_384


def test_the_docking_entry_says_where_and_when_and_by_which_rules() -> None:
    card = DockedCard(
        root=Path("/media/card"),
        kind=DockingKind.DOCK,
        recorder="usb:4255:0001:7",
        slot="slot 1",
        port_path="1-4",
        filesystem="exfat",
    )
    arrival = Arrival(docking_id=DOCKING, card=card, docked_at=NOW, clock_offset_ms=-1500, diskseq=9)
    draft = seen_draft(arrival, rule_set_version="2022-a")
    assert draft.subject == f"docking:{DOCKING}"
    assert draft.facts == {
        "docking_id": DOCKING,
        "kind": "dock",
        "recorder": "usb:4255:0001:7",
        "slot": "slot 1",
        "port_path": "1-4",
        "device": None,
        "diskseq": 9,
        "filesystem": "exfat",
        "docked_at": "2026-11-21T12:00:00.000000Z",
        "clock_offset_ms": -1500,
        "clock_offset_uncertainty_ms": None,
        "rule_set_version": "2022-a",
    }


def test_a_failure_is_entered_by_code_and_numbers_never_by_name() -> None:
    # R9
    error = SourceUnreadableError(path="WangXiaoming.mp4", reason="Permission denied")
    assert failed_draft(DOCKING, 3, error).facts == {
        "docking_id": DOCKING,
        "file": 3,
        "code": "source-unreadable",
        "numbers": {},
    }


def test_the_last_entry_counts() -> None:
    counts = {"found": 3, "sealed": 2, "known": 1, "failed": 0}
    left_out = {"backup": "store-full"}
    closed = closed_draft(DOCKING, outcome=DockingPhase.CLOSED, code=None, counts=counts, left_out=left_out)
    assert closed.facts == {
        "docking_id": DOCKING,
        "outcome": "closed",
        "code": None,
        "left_out": {"backup": "store-full"},
        **counts,
    }
