"""A recorder's whole life, as acts come in any order: rules, entries and catalog agree with a plain list of facts."""

import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bodycam_custody.catalog import Catalog
from bodycam_custody.clock import rfc3339
from bodycam_custody.entries import Actor, Draft, Entry, EntryKind, PersonId, write_entry
from bodycam_custody.recorders.answers import life_of
from bodycam_custody.recorders.attribution import attribution_at
from bodycam_custody.recorders.errors import RecorderError
from bodycam_custody.recorders.rules import RecorderAct, RecorderLife, after, reject_act, reject_registration
from hashing.canonical import Json

BEGINNING = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
RECORDER = "usb:4255:0001:0000017"
PEOPLE = [PersonId("officer-1"), PersonId("officer-2")]
ACTS = [
    EntryKind.RECORDER_ISSUED,
    EntryKind.RECORDER_RETURNED,
    EntryKind.RECORDER_FAULTED,
    EntryKind.RECORDER_RETIRED,
]


def entry_of(seq: int, at: datetime, act: RecorderAct | None, *, recorder: str = RECORDER) -> Entry:
    """Return the entry of an act, or of the registration."""
    facts: dict[str, Json]
    if act is None:
        facts = {"model": None, "unit": None, "capacity_gb": None}
    elif act.kind is EntryKind.RECORDER_ISSUED:
        facts = {"officer": act.officer, "operator": act.operator, "from": rfc3339(act.dated)}
    else:
        facts = {"officer": None, "on": rfc3339(act.dated)}
    draft = Draft(
        kind=EntryKind.RECORDER_REGISTERED if act is None else act.kind,
        subject=f"recorder:{recorder}",
        facts={"recorder": recorder, "note": None, **facts},
        actor=Actor(person=PersonId("custodian-1"), uid=0),
    )
    return write_entry(draft, seq=seq, at=at, prev=None)


class RecorderMachine(RuleBasedStateMachine):
    """Custodians enter acts, some of them wrong; a plain list of who held the recorder when says what must be true."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.catalog = Catalog(Path(self.folder.name) / "catalog.db", reveal=lambda _: {})
        self.now = BEGINNING
        self.entries: list[Entry] = []
        self.life: RecorderLife | None = None
        self.held: list[tuple[datetime, datetime | None, PersonId]] = []
        self.is_faulty = self.is_retired = False
        self.newest: datetime | None = None

    def teardown(self) -> None:
        self.catalog.close()
        self.folder.cleanup()

    @rule(minutes=st.integers(0, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def register(self) -> None:
        is_new = self.life is None
        try:
            reject_registration(self.life, ZONE)
        except RecorderError:
            assert not is_new
            return
        assert is_new
        self.life = RecorderLife(recorder=RECORDER, registered_at=self.now)
        self.enter(None)

    @rule(kind=st.sampled_from(ACTS), officer=st.sampled_from(PEOPLE), minutes=st.integers(-120, 5))
    def enter_act(self, kind: EntryKind, officer: PersonId, minutes: int) -> None:
        dated = self.now + timedelta(minutes=minutes)
        people = {"officer": officer, "operator": officer} if kind is EntryKind.RECORDER_ISSUED else {}
        act = RecorderAct(kind=kind, dated=dated, **people)
        allowed = self.may(kind, dated)
        try:
            reject_act(RECORDER, self.life, act, now=self.now, zone=ZONE)
        except RecorderError:
            assert not allowed
            return
        assert allowed
        assert self.life is not None
        self.life = after(self.life, act)
        self.note(act)
        self.enter(act)

    def may(self, kind: EntryKind, dated: datetime) -> bool:
        """Say from the plain facts whether an act is in order."""
        if self.life is None or self.is_retired or dated > self.now or (self.newest and dated < self.newest):
            return False
        is_held = bool(self.held) and self.held[-1][1] is None
        return {
            EntryKind.RECORDER_ISSUED: not is_held and not self.is_faulty,
            EntryKind.RECORDER_RETURNED: is_held or self.is_faulty,
            EntryKind.RECORDER_FAULTED: not self.is_faulty,
            EntryKind.RECORDER_RETIRED: True,
        }[kind]

    def note(self, act: RecorderAct) -> None:
        """Write the act into the plain facts."""
        self.newest = act.dated
        is_held = bool(self.held) and self.held[-1][1] is None
        if act.officer is not None:
            self.held.append((act.dated, None, act.officer))
        elif is_held and act.kind in {EntryKind.RECORDER_RETURNED, EntryKind.RECORDER_RETIRED}:
            self.held[-1] = (self.held[-1][0], act.dated, self.held[-1][2])
        elif act.kind is EntryKind.RECORDER_RETURNED:
            self.is_faulty = False
        self.is_faulty = self.is_faulty or act.kind is EntryKind.RECORDER_FAULTED
        self.is_retired = act.kind is EntryKind.RECORDER_RETIRED

    def enter(self, act: RecorderAct | None) -> None:
        entry = entry_of(len(self.entries), self.now, act)
        self.entries.append(entry)
        self.catalog.fold([entry])

    @invariant()
    def the_catalog_is_what_the_rules_say(self) -> None:
        assert life_of(self.catalog, RECORDER) == self.life

    @invariant()
    def one_officer_at_a_time_answers_and_the_right_one(self) -> None:
        # R31, R68: asked at every border, one step before it and one after
        step = timedelta(microseconds=1)
        borders = [moment for since, until, _ in self.held for moment in (since, until) if moment is not None]
        for asked in {self.now, *borders, *(border - step for border in borders)}:
            holding = [who for since, until, who in self.held if since <= asked and (until is None or asked < until)]
            assert len(holding) <= 1
            found = attribution_at(self.catalog, recorder=RECORDER, kind="dock", docked_at=rfc3339(asked))
            assert found.officer == (holding[0] if holding else None)
            assert ("recorder-unregistered" in found.remarks) == (self.life is None)  # R73

    @invariant()
    def folding_everything_again_gives_the_same(self) -> None:
        everything = ("SELECT * FROM recorders", "SELECT * FROM assignments", "SELECT * FROM recorder_acts")
        before = [self.catalog.rows(query) for query in everything]
        self.catalog.clear()
        self.catalog.fold(self.entries)
        assert [self.catalog.rows(query) for query in everything] == before


RecorderMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestRecorderLife = RecorderMachine.TestCase


def test_an_act_on_a_recorder_that_was_never_registered_changes_no_register(tmp_path: Path) -> None:
    """Only a ledger of another making has such an entry; it is kept in the history and explains nothing else."""
    catalog = Catalog(tmp_path / "catalog.db", reveal=lambda _: {})
    act = RecorderAct(kind=EntryKind.RECORDER_FAULTED, dated=BEGINNING)
    catalog.fold([entry_of(0, BEGINNING, act)])
    assert catalog.rows("SELECT * FROM recorders") == []
    assert [row["kind"] for row in catalog.rows("SELECT kind FROM recorder_acts")] == ["recorder.faulted"]
    catalog.close()


def test_two_recorders_do_not_mix(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db", reveal=lambda _: {})
    issue = RecorderAct(
        kind=EntryKind.RECORDER_ISSUED, dated=BEGINNING, officer=PersonId("officer-1"), operator=PersonId("officer-2")
    )
    other = "usb:4255:0001:0000018"
    entries = [(None, RECORDER), (None, other), (issue, RECORDER)]
    catalog.fold([entry_of(seq, BEGINNING, act, recorder=name) for seq, (act, name) in enumerate(entries)])
    asked = rfc3339(BEGINNING)
    one = attribution_at(catalog, recorder=RECORDER, kind="dock", docked_at=asked)
    assert (one.officer, one.operator, one.issue_seq, one.remarks) == ("officer-1", "officer-2", 2, ())
    assert attribution_at(catalog, recorder=other, kind="dock", docked_at=asked).officer is None
    catalog.close()


def test_a_catalog_without_the_register_is_of_another_version(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.db", reveal=lambda _: {})
    catalog.close()
    with sqlite3.connect(tmp_path / "catalog.db") as db:
        db.execute("DROP TABLE recorders")
        db.execute("UPDATE meta SET value = '2' WHERE key = 'version'")
    db.close()
    again = Catalog(tmp_path / "catalog.db", reveal=lambda _: {})
    assert again.rows("SELECT * FROM recorders") == []
    again.close()
