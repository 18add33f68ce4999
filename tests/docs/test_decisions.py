"""The numbers that the decisions in docs/adr name are the program's."""

from bodycam_custody.intake import BATCH_UNITS, BATCH_WAIT_S
from bodycam_custody.interpretation.recording_time import EARLIEST_PLAUSIBLE
from bodycam_custody.ledger import TAIL_CHECK_ENTRIES
from config.settings import DockingSettings, InterpretationSettings
from tests.docs.reading import text_of


def test_a_batch_of_bags_is_as_large_and_waits_as_long_as_adr_0004_says() -> None:
    page = text_of("docs/adr/0004-one-flush-for-a-batch.md")
    assert f"up to {BATCH_UNITS} bags" in page
    assert f"has waited {BATCH_WAIT_S} s" in page


def test_a_quick_look_reads_as_many_entries_as_adr_0006_says() -> None:
    assert f"the last {TAIL_CHECK_ENTRIES} entries" in text_of("docs/adr/0006-a-look-is-quick-an-append-is-sure.md")


def test_sessions_are_cut_by_default_as_adr_0007_says() -> None:
    page = text_of("docs/adr/0007-sessions-end-after-a-long-gap.md")
    defaults = InterpretationSettings()
    assert f"`interpretation.split_gap_s` ({defaults.split_gap_s} s)" in page
    assert f"`interpretation.session_gap_minutes` ({defaults.session_gap_minutes})" in page


def test_a_listing_is_believed_as_adr_0009_says() -> None:
    page = text_of("docs/adr/0009-what-a-listing-tells-again.md")
    assert f"nothing before {EARLIEST_PLAUSIBLE.year}" in page
    assert not DockingSettings().read_sealed_again
    assert "`docking.read_sealed_again = true` turns this off" in page
