"""A slot through a recorder's life: locked, unlocked, read, safe, gone; and what counts as one arrival."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from docking.slot_state import (
    REENUMERATION_S,
    Appeared,
    BecameSafe,
    CardFound,
    Event,
    LetGo,
    Mounted,
    ReadingBegan,
    Released,
    Seen,
    Slot,
    SlotPhase,
    StorageAsked,
    TimePassed,
    Unmounted,
    Vanished,
    advance,
)

SERIAL = "0000017"
LOCKED = Appeared(kind=Seen.CONTROL, address=(1, 5), serial=None)
UNLOCKED = Appeared(kind=Seen.STORAGE, address=(1, 6), serial=SERIAL)
KEYBOARD = Appeared(kind=Seen.REFUSED, address=(1, 7), serial=None)


def after(*events: Event | tuple[float, Event]) -> Slot:
    """Return an empty slot after `events`; a number in front is how many seconds after the one before it happens."""
    slot, at_s = Slot(), 1000.0
    for event in events:
        waited_s, happened = event if isinstance(event, tuple) else (0.5, event)
        at_s += waited_s
        slot = advance(slot, happened, at_s)
    return slot


def test_a_locked_recorder_is_one_arrival_from_password_to_release() -> None:
    seen = [
        after(*events).phase
        for events in (
            [LOCKED],
            [LOCKED, StorageAsked()],
            [LOCKED, StorageAsked(), Vanished(address=(1, 5))],
            [LOCKED, StorageAsked(), Vanished(address=(1, 5)), UNLOCKED],
        )
    ]
    assert seen == [SlotPhase.PRESENT_LOCKED, SlotPhase.UNLOCKING, SlotPhase.UNLOCKING, SlotPhase.STORAGE]
    done = after(
        LOCKED,
        StorageAsked(),
        Vanished(address=(1, 5)),
        UNLOCKED,
        Mounted(serial=SERIAL),
        ReadingBegan(),
        BecameSafe(),
        Released(),
    )
    assert (done.phase, done.arrivals, done.serial) == (SlotPhase.RELEASED, 1, SERIAL)


def test_storage_that_comes_before_the_control_device_was_seen_leaving_is_the_same_arrival() -> None:
    slot = after(LOCKED, StorageAsked(), UNLOCKED)
    assert (slot.phase, slot.arrivals) == (SlotPhase.STORAGE, 1)
    assert after(LOCKED, StorageAsked(), UNLOCKED, Vanished(address=(1, 5))) == slot


def test_storage_just_in_time_is_the_same_arrival_and_just_too_late_is_another() -> None:
    gone = (LOCKED, StorageAsked(), Vanished(address=(1, 5)))
    assert after(*gone, (REENUMERATION_S, UNLOCKED)).arrivals == 1
    late = after(*gone, (REENUMERATION_S + 0.001, UNLOCKED))
    assert (late.phase, late.arrivals) == (SlotPhase.STORAGE, 2)


def test_a_locked_recorder_that_never_comes_back_is_gone_early() -> None:
    gone = after(LOCKED, StorageAsked(), Vanished(address=(1, 5)), (REENUMERATION_S + 1, TimePassed()))
    assert (gone.phase, gone.is_occupied) == (SlotPhase.GONE_EARLY, False)


def test_another_recorder_in_the_same_moment_is_another_arrival() -> None:
    locked = Appeared(kind=Seen.CONTROL, address=(1, 5), serial="A1")
    slot = after(locked, Vanished(address=(1, 5)), UNLOCKED)
    assert (slot.arrivals, slot.serial) == (2, SERIAL)


def test_a_card_pulled_while_it_is_read_is_gone_early_and_back_with_the_same_serial() -> None:
    pulled = (UNLOCKED, Mounted(serial=SERIAL), ReadingBegan(), Vanished(address=(1, 6)))
    assert after(*pulled).phase is SlotPhase.GONE_EARLY
    back = after(*pulled, Appeared(kind=Seen.STORAGE, address=(1, 9), serial=SERIAL))
    assert (back.phase, back.arrivals) == (SlotPhase.STORAGE, 1)


def test_a_card_without_serial_is_never_taken_for_the_one_before() -> None:
    nameless = Appeared(kind=Seen.STORAGE, address=(1, 6), serial=None)
    again = Appeared(kind=Seen.STORAGE, address=(1, 9), serial=None)
    assert after(nameless, Vanished(address=(1, 6)), again).arrivals == 2


def test_a_safe_recorder_leaves_the_slot_empty() -> None:
    taken = after(UNLOCKED, Mounted(serial=SERIAL), ReadingBegan(), BecameSafe(), Vanished(address=(1, 6)))
    assert taken == Slot(arrivals=1)


def test_nothing_makes_a_refused_device_a_card() -> None:
    slot = after(KEYBOARD, StorageAsked(), Mounted(serial=SERIAL), ReadingBegan(), BecameSafe(), Released())
    assert slot.phase is SlotPhase.REFUSED
    assert after(KEYBOARD, Vanished(address=(1, 7))).phase is SlotPhase.EMPTY


def test_a_locked_recorder_that_comes_back_as_a_keyboard_is_refused() -> None:
    assert after(LOCKED, StorageAsked(), Vanished(address=(1, 5)), KEYBOARD).phase is SlotPhase.REFUSED


def test_a_folder_for_a_card_needs_no_device() -> None:
    mounted = after(Mounted(serial=None), ReadingBegan())
    assert (mounted.phase, mounted.arrivals) == (SlotPhase.READING, 1)
    assert after(Mounted(serial=None), ReadingBegan(), BecameSafe(), Unmounted()).phase is SlotPhase.EMPTY
    assert after(Mounted(serial=None), ReadingBegan(), Unmounted()).phase is SlotPhase.GONE_EARLY


def test_a_slip_that_is_seen_before_its_device_is_one_arrival() -> None:
    slot = after(Mounted(serial=SERIAL), UNLOCKED)
    assert (slot.phase, slot.arrivals, slot.address) == (SlotPhase.MOUNTED, 1, (1, 6))


def test_a_slip_taken_back_while_the_device_stays_shows_storage() -> None:
    assert after(UNLOCKED, Mounted(serial=SERIAL), ReadingBegan(), Unmounted()).phase is SlotPhase.STORAGE


DONE = (UNLOCKED, Mounted(serial=SERIAL), ReadingBegan(), BecameSafe())


@pytest.mark.parametrize("done", [DONE, (*DONE, Released())], ids=["safe", "released"])
def test_another_card_of_a_recorder_that_was_safe_is_to_be_read_too(done: tuple[Event, ...]) -> None:
    assert after(*done, Mounted(serial=SERIAL)).phase is SlotPhase.MOUNTED
    assert after(*done, CardFound()).phase is SlotPhase.MOUNTED
    assert after(*done, Unmounted(), CardFound()).phase is SlotPhase.STORAGE
    assert after(*done, CardFound(), Vanished(address=(1, 6))).phase is SlotPhase.GONE_EARLY
    assert after(*done, CardFound(), ReadingBegan(), BecameSafe()).phase is SlotPhase.SAFE


def test_another_card_changes_nothing_while_one_is_read_or_where_the_recorder_was_let_go() -> None:
    reading = after(UNLOCKED, Mounted(serial=SERIAL), ReadingBegan())
    let_go = advance(reading, LetGo(phase=SlotPhase.WITHDRAWN), 1.0)
    for slot in (reading, let_go, after(LOCKED), after(KEYBOARD)):
        assert advance(slot, CardFound(), 1.0) == slot
    for slot in (reading, let_go, after(KEYBOARD)):
        assert advance(slot, Mounted(serial=SERIAL), 1.0) == slot


class SlotLife(RuleBasedStateMachine):
    """Any order of events, late and repeated ones included."""

    @initialize()
    def start(self) -> None:
        self.slot = Slot()
        self.at_s = 0.0
        self.number = 0
        self.present: Appeared | None = None
        self.read_since_arrival = False

    def step(self, event: Event) -> Slot:
        before, self.slot = self.slot, advance(self.slot, event, self.at_s)
        assert self.slot.arrivals - before.arrivals in {0, 1}
        if self.slot.arrivals != before.arrivals:
            assert isinstance(event, Appeared | Mounted)
            self.read_since_arrival = False
            assert self.slot.phase not in {SlotPhase.SAFE, SlotPhase.RELEASED}, "nothing new is safe"
        return before

    @rule(seconds=st.floats(min_value=0, max_value=2 * REENUMERATION_S))
    def wait(self, seconds: float) -> None:
        self.at_s += seconds
        self.step(TimePassed())

    @rule(kind=st.sampled_from(Seen), serial=st.sampled_from([None, "A1", "B2"]))
    def appear(self, kind: Seen, serial: str | None) -> None:
        self.number += 1
        event = Appeared(kind=kind, address=(1, self.number), serial=serial)
        before = self.step(event)
        self.present = event
        if before.serial and serial and before.serial != serial:
            assert self.slot.arrivals == before.arrivals + 1 or before.has_slip, "another serial is another recorder"

    @precondition(lambda self: self.present is not None)
    @rule()
    def appear_again(self) -> None:
        assert self.present is not None
        before = self.step(self.present)
        assert self.slot == before

    @precondition(lambda self: self.present is not None)
    @rule()
    def vanish(self) -> None:
        assert self.present is not None
        self.step(Vanished(address=self.present.address))
        self.present = None
        assert self.slot.phase not in {SlotPhase.SAFE, SlotPhase.RELEASED, SlotPhase.READING, SlotPhase.REFUSED}

    @rule(back=st.integers(min_value=1, max_value=5))
    def vanish_late(self, back: int) -> None:
        if self.present is None or self.number - back == self.present.address[1]:
            return
        before = advance(self.slot, TimePassed(), self.at_s)
        self.step(Vanished(address=(1, self.number - back)))
        assert self.slot == before

    @rule(serial=st.sampled_from([None, "A1", "B2"]))
    def mount(self, serial: str | None) -> None:
        self.step(Mounted(serial=serial))
        assert self.slot.phase not in {SlotPhase.SAFE, SlotPhase.RELEASED}, "a card nobody read yet is not safe"

    @rule()
    def find_card(self) -> None:
        self.step(CardFound())
        assert self.slot.phase not in {SlotPhase.SAFE, SlotPhase.RELEASED}, "a card nobody read yet is not safe"

    @rule()
    def unmount(self) -> None:
        self.step(Unmounted())

    @rule()
    def unlock(self) -> None:
        self.step(StorageAsked())

    @rule()
    def read(self) -> None:
        self.step(ReadingBegan())
        self.read_since_arrival |= self.slot.phase is SlotPhase.READING

    @rule()
    def become_safe(self) -> None:
        self.step(BecameSafe())

    @rule()
    def release(self) -> None:
        before = self.step(Released())
        assert (self.slot.phase is SlotPhase.RELEASED) == (before.phase in {SlotPhase.SAFE, SlotPhase.RELEASED})

    @invariant()
    def what_is_safe_was_read_in_this_arrival(self) -> None:
        if self.slot.phase in {SlotPhase.SAFE, SlotPhase.RELEASED}:
            assert self.read_since_arrival

    @invariant()
    def a_present_device_shows(self) -> None:
        if self.present is not None:
            assert self.slot.is_occupied
            assert self.slot.address == self.present.address

    @invariant()
    def a_refused_device_stays_refused(self) -> None:
        if self.present is not None:
            assert (self.slot.phase is SlotPhase.REFUSED) == (self.present.kind is Seen.REFUSED)

    @invariant()
    def what_left_comes_back_in_time_or_not_at_all(self) -> None:
        if self.slot.left_s is not None:
            assert self.slot.address is None


TestSlotLife = SlotLife.TestCase
TestSlotLife.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("phase", [SlotPhase.WITHDRAWN, SlotPhase.RELEASED_UNCLEARED])
@pytest.mark.parametrize(
    "before", [one for one in SlotPhase if one not in {SlotPhase.WITHDRAWN, SlotPhase.RELEASED_UNCLEARED}]
)
def test_whatever_stands_there_and_is_not_safe_may_be_let_go(before: SlotPhase, phase: SlotPhase) -> None:
    slot = Slot(phase=before, arrivals=3, serial="1", address=(1, 7), has_slip=True)
    settled = {SlotPhase.EMPTY, SlotPhase.GONE_EARLY, SlotPhase.SAFE, SlotPhase.RELEASED}
    after = advance(slot, LetGo(phase=phase), 1.0)
    assert after.phase is (before if before in settled else phase)
    assert after.arrivals == 3


def test_what_was_let_go_stays_so_until_it_leaves_and_its_leaving_is_not_too_early() -> None:
    slot = Slot(phase=SlotPhase.READING, arrivals=1, serial="1", address=(1, 7), has_slip=True)
    slot = advance(slot, LetGo(phase=SlotPhase.WITHDRAWN), 1.0)
    assert advance(slot, ReadingBegan(), 2.0) == slot
    assert advance(slot, BecameSafe(), 2.0) == slot
    assert advance(slot, LetGo(phase=SlotPhase.RELEASED_UNCLEARED), 2.0).phase is SlotPhase.RELEASED_UNCLEARED
    assert advance(slot, Vanished(address=(1, 7)), 2.0).phase is SlotPhase.EMPTY
    released = advance(slot, LetGo(phase=SlotPhase.RELEASED_UNCLEARED), 2.0)
    assert advance(released, LetGo(phase=SlotPhase.WITHDRAWN), 3.0) == released


def test_letting_go_leads_to_no_other_phase() -> None:
    with pytest.raises(ValueError, match="not a way to let go: safe"):
        LetGo(phase=SlotPhase.SAFE)
