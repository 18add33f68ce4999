"""What may be done with a recorder, and the texts of what may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bodycam_custody.entries import EntryKind, PersonId
from bodycam_custody.recorders.errors import (
    ActInFutureError,
    ActOutOfOrderError,
    RecorderError,
    RecorderFaultyError,
    RecorderIssuedError,
    RecorderNotIssuedError,
    RecorderRegisteredError,
    RecorderRetiredError,
    RecorderUnregisteredError,
)
from bodycam_custody.recorders.rules import (
    Holding,
    RecorderAct,
    RecorderLife,
    RecorderState,
    after,
    reject_act,
    reject_registration,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ZONE: tzinfo = ZoneInfo("Asia/Shanghai")
RECORDER = "usb:4255:0001:0000017"
IN_STOCK = RecorderLife(recorder=RECORDER, registered_at=NOW - timedelta(days=9))
HELD = replace(
    IN_STOCK,
    holding=Holding(officer=PersonId("officer-1"), operator=PersonId("operator-1"), since=NOW - timedelta(days=2)),
    newest_act_at=NOW - timedelta(days=2),
)
FAULTY = replace(IN_STOCK, faulty_since=NOW - timedelta(days=1), newest_act_at=NOW - timedelta(days=1))
RETIRED = replace(IN_STOCK, retired_at=NOW - timedelta(hours=1), newest_act_at=NOW - timedelta(hours=1))


def act(kind: EntryKind, *, dated: datetime = NOW) -> RecorderAct:
    if kind is EntryKind.RECORDER_ISSUED:
        return RecorderAct(kind=kind, dated=dated, officer=PersonId("officer-2"), operator=PersonId("officer-2"))
    return RecorderAct(kind=kind, dated=dated)


ISSUE, RETURN = EntryKind.RECORDER_ISSUED, EntryKind.RECORDER_RETURNED
FAULT, RETIRE = EntryKind.RECORDER_FAULTED, EntryKind.RECORDER_RETIRED


@pytest.mark.parametrize(
    ("life", "kind", "error", "text"),
    [
        (
            None,
            ISSUE,
            RecorderUnregisteredError,
            f"recorder {RECORDER} is not in the register (A3 art. 3); a custodian registers it with: "
            "custody recorder add",
        ),
        (
            HELD,
            ISSUE,
            RecorderIssuedError,
            f"recorder {RECORDER} is issued to officer-1 since 2026-11-19 20:00:00 (Asia/Shanghai); one officer at a "
            "time answers for a recorder (HY, CZ): enter its return first",
        ),
        (
            IN_STOCK,
            RETURN,
            RecorderNotIssuedError,
            f"recorder {RECORDER} is neither issued nor faulty, so nothing can be returned (HY, CZ); it is in stock",
        ),
        *(
            (
                FAULTY,
                kind,
                RecorderFaultyError,
                f"recorder {RECORDER} is faulty since 2026-11-20 20:00:00 (Asia/Shanghai) (HY, CZ); enter its return "
                "from repair first",
            )
            for kind in (ISSUE, FAULT)
        ),
        *(
            (
                RETIRED,
                kind,
                RecorderRetiredError,
                f"recorder {RECORDER} was retired on 2026-11-21 19:00:00 (Asia/Shanghai) and takes no further acts "
                "(HY, CZ)",
            )
            for kind in (ISSUE, RETURN, FAULT, RETIRE)
        ),
    ],
)  # R68
def test_an_act_that_cannot_follow_is_refused_with_the_reason(
    life: RecorderLife | None, kind: EntryKind, error: type[RecorderError], text: str
) -> None:
    with pytest.raises(error) as refused:
        reject_act(RECORDER, life, act(kind), now=NOW, zone=ZONE)
    assert str(refused.value) == text


def test_a_recorder_is_registered_once_even_after_it_was_retired() -> None:
    reject_registration(None, ZONE)
    for life in (IN_STOCK, RETIRED):
        with pytest.raises(RecorderRegisteredError) as refused:
            reject_registration(life, ZONE)
        assert str(refused.value) == (
            f"recorder {RECORDER} is in the register since 2026-11-12 20:00:00 (Asia/Shanghai); a recorder is "
            "registered once (A3 art. 3)"
        )


def test_an_act_is_entered_when_it_has_happened() -> None:
    late = NOW + timedelta(microseconds=1)
    reject_act(RECORDER, IN_STOCK, act(ISSUE), now=NOW, zone=ZONE)
    with pytest.raises(ActInFutureError) as refused:
        reject_act(RECORDER, IN_STOCK, act(ISSUE, dated=late + timedelta(hours=1)), now=NOW, zone=ZONE)
    assert str(refused.value) == (
        f"recorder {RECORDER}: the act is dated 2026-11-21 21:00:00 (Asia/Shanghai), but it is 2026-11-21 20:00:00 "
        "(Asia/Shanghai) now; enter it when it has happened"
    )
    with pytest.raises(ActInFutureError):
        reject_act(RECORDER, IN_STOCK, act(ISSUE, dated=late), now=NOW, zone=ZONE)


def test_an_act_is_not_dated_before_the_newest_one() -> None:
    began = NOW - timedelta(days=2)
    reject_act(RECORDER, HELD, act(RETURN, dated=began), now=NOW, zone=ZONE)
    with pytest.raises(ActOutOfOrderError) as refused:
        reject_act(RECORDER, HELD, act(RETURN, dated=began - timedelta(microseconds=1)), now=NOW, zone=ZONE)
    assert str(refused.value) == (
        f"recorder {RECORDER}: the act is dated 2026-11-19 19:59:59 (Asia/Shanghai), before the newest act in the "
        "register, which is dated 2026-11-19 20:00:00 (Asia/Shanghai); two officers never answer for a recorder at one "
        "time (HY, CZ)"
    )


def test_a_fault_does_not_end_the_officers_answering_for_the_recorder() -> None:
    # R68: the officer brings it back, then it comes back from repair
    faulty = after(HELD, act(FAULT))
    assert (faulty.state, faulty.holding) == (RecorderState.FAULTY, HELD.holding)
    in_repair = after(faulty, act(RETURN))
    assert (in_repair.state, in_repair.holding, in_repair.faulty_since) == (RecorderState.FAULTY, None, NOW)
    assert after(in_repair, act(RETURN)).state is RecorderState.IN_STOCK


def test_retiring_a_lost_recorder_ends_the_officers_answering_for_it() -> None:
    retired = after(HELD, act(RETIRE))
    assert (retired.state, retired.holding, retired.retired_at) == (RecorderState.RETIRED, None, NOW)


def test_only_an_issue_names_people_and_every_issue_does() -> None:
    with pytest.raises(ValueError, match=r"recorder\.returned with officer officer-1"):
        RecorderAct(kind=RETURN, dated=NOW, officer=PersonId("officer-1"), operator=PersonId("officer-1"))
    with pytest.raises(ValueError, match=r"recorder\.issued with officer officer-1 and operator None"):
        RecorderAct(kind=ISSUE, dated=NOW, officer=PersonId("officer-1"))
    with pytest.raises(ValueError, match="naive"):
        RecorderAct(kind=RETURN, dated=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="not an act on a registered recorder"):
        after(IN_STOCK, RecorderAct(kind=EntryKind.RECORDER_REGISTERED, dated=NOW))
