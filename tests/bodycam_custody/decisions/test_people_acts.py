"""From asking to the entry: people are appointed, end, and get other keys only by signatures made elsewhere."""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bodycam_custody.decisions.errors import DecisionRequestError, SignatureMissingError, SignersError
from bodycam_custody.entries import PersonId
from bodycam_custody.errors import OutOfOfficeError
from bodycam_custody.handlers import answer
from bodycam_custody.operations import Caller
from bodycam_custody.runtime import Runtime
from hashing.errors import SignatureError
from hashing.namespaces import Namespace
from hashing.ssh_keys import SigningKey
from hashing.sshsig import sign
from tests.bodycam_custody.stations import LiveStation, live_station

Ask = Callable[..., Any]
KEYS = {
    name: SigningKey.from_seed(bytes([number]) * 32) for number, name in enumerate(("custodian-1", "supervisor-1"), 1)
}
BY = "custodian-1 supervisor-1"
NEW = SigningKey.from_seed(bytes([77]) * 32)


@pytest.fixture
def runtime(live: LiveStation) -> Iterator[Runtime]:
    runtime = Runtime(live.station, mode="in-process")
    yield runtime
    runtime.close()


@pytest.fixture
def ask(runtime: Runtime) -> Ask:
    def asked(name: str, **params: object) -> Any:
        return answer(runtime, f"people.{name}", params, Caller(uid=os.geteuid()))

    return asked


def signed(asked: Mapping[str, Any], keys: Mapping[str, SigningKey]) -> dict[str, str]:
    """Sign as each person does on their own machine: from the text, with the namespace it names."""
    text, namespace = asked["text"].encode(), Namespace(asked["namespace"])
    return {name: sign(text, key, namespace).decode() for name, key in keys.items()}


def decide(ask: Ask, asked: Mapping[str, Any], keys: Mapping[str, SigningKey] = KEYS) -> Any:
    return ask("hand_in", request=str(asked["request"]), signatures=signed(asked, keys))


def test_two_appoint_a_third_who_is_in_office_from_then_on(live: LiveStation, ask: Ask) -> None:
    # R39
    asked = ask("appoint", person="custodian-2", role="custodian", by=BY, key=NEW.public.text, uid="1002")
    assert asked["signers"] == ["custodian-1", "supervisor-1"]
    assert "custodian-2" not in [one["person"] for one in ask("list")["items"]]
    decide(ask, asked)
    shown = ask("show", person="custodian-2")
    assert (shown["roles"], shown["uid"], shown["fingerprint"]) == (["custodian"], 1002, NEW.public.fingerprint)
    (entry,) = live.entries("person.appointed")
    assert [one["person"] for one in entry.facts["signatures"]] == ["custodian-1", "supervisor-1"]  # type: ignore[union-attr,index,call-overload]


def test_a_deputy_may_act_while_the_dates_last_and_not_a_day_longer(
    live: LiveStation, ask: Ask, runtime: Runtime
) -> None:
    decide(
        ask,
        ask(
            "appoint",
            person="deputy-1",
            role="custodian",
            by="officer-1 supervisor-1",
            key=NEW.public.text,
            deputy_for="custodian-1",
            until="2026-11-21",
        ),
        {"supervisor-1": KEYS["supervisor-1"], "officer-1": SigningKey.from_seed(bytes([3]) * 32)},
    )
    wanted = {"recorder_id": "usb:4255:0001:X", "by": "deputy-1"}
    answer(runtime, "recorders.add", wanted, Caller(uid=os.geteuid()))
    live.clock.advance(timedelta(days=1))
    with pytest.raises(OutOfOfficeError) as refused:
        answer(runtime, "recorders.add", {**wanted, "recorder_id": "usb:4255:0001:Y"}, Caller(uid=os.geteuid()))
    assert str(refused.value) == ("deputy-1 holds no office today; the rules reserve this to a custodian (A3 art. 3)")


def test_a_request_is_decided_once(ask: Ask) -> None:
    asked = ask("appoint", person="custodian-2", role="custodian", by=BY, key=NEW.public.text)
    decided = decide(ask, asked)
    with pytest.raises(DecisionRequestError) as refused:
        decide(ask, asked)
    assert str(refused.value).startswith(
        f"entry {asked['request']} cannot be decided: It was decided by entry {decided['entry']}."
    )


def test_what_nobody_asked_for_cannot_be_decided(ask: Ask) -> None:
    for request in ("0", "99", "none"):
        with pytest.raises(DecisionRequestError, match="It asks for nothing about people"):
            ask("hand_in", request=request, signatures={})


def test_a_signature_for_one_request_is_worth_nothing_for_another(ask: Ask) -> None:
    first = ask("appoint", person="custodian-2", role="custodian", by=BY, key=NEW.public.text)
    second = ask("appoint", person="custodian-2", role="custodian", by=BY, key=NEW.public.text)
    assert first["text"] != second["text"]
    with pytest.raises(SignatureError):
        ask("hand_in", request=str(second["request"]), signatures=signed(first, KEYS))


def test_nothing_is_entered_while_a_signature_is_missing(live: LiveStation, ask: Ask) -> None:
    asked = ask("end", person="officer-2", role="officer", by=BY)
    size = live.station.ledger.size
    with pytest.raises(SignatureMissingError):
        decide(ask, asked, {"custodian-1": KEYS["custodian-1"]})
    assert live.station.ledger.size == size
    decide(ask, asked)
    assert ask("show", person="officer-2")["roles"] == []


def test_who_left_office_in_between_decides_no_more(ask: Ask) -> None:
    asked = ask("end", person="officer-2", role="officer", by=BY)
    officers = {"officer-1": SigningKey.from_seed(bytes([3]) * 32), "supervisor-1": KEYS["supervisor-1"]}
    decide(ask, ask("end", person="custodian-1", role="custodian", by="officer-1 supervisor-1"), officers)
    with pytest.raises(SignersError, match="custodian-1 holds no office with a voice today"):
        decide(ask, asked)


def test_a_key_is_changed_with_the_old_the_new_and_two_people(ask: Ask) -> None:
    asked = ask("change_key", person="officer-1", key=NEW.public.text, by=BY)
    assert asked["signers"] == ["custodian-1", "new@officer-1", "officer-1", "supervisor-1"]
    keys = {**KEYS, "officer-1": SigningKey.from_seed(bytes([3]) * 32), "new@officer-1": NEW}
    for left_out in keys:
        with pytest.raises(SignatureMissingError, match=left_out):
            decide(ask, asked, {name: key for name, key in keys.items() if name != left_out})
    decide(ask, asked, keys)
    shown = ask("show", person="officer-1")
    assert shown["fingerprint"] == NEW.public.fingerprint
    assert [one["replaced_by"] is None for one in shown["keys"]] == [False, True]


def test_nobody_appoints_alone(live: LiveStation, ask: Ask) -> None:
    size = live.station.ledger.size
    with pytest.raises(SignersError, match="It takes two different ones"):
        ask("appoint", person=PersonId("x"), role="custodian", by="custodian-1", key=NEW.public.text)
    assert live.station.ledger.size == size


def test_two_recovery_keys_give_a_key_to_who_lost_theirs(quick_path: Path) -> None:
    recovery = {f"recovery@{number}": SigningKey.from_seed(bytes([100 + number]) * 32) for number in (1, 2, 3)}
    with live_station(quick_path / "station", recovery_keys=[key.public for key in recovery.values()]) as live:
        runtime = Runtime(live.station, mode="in-process")

        def ask(name: str, **params: object) -> Any:
            return answer(runtime, f"people.{name}", params, Caller(uid=os.geteuid()))

        asked = ask("change_key", person="supervisor-1", key=NEW.public.text, by="recovery@1 recovery@3")
        assert asked["signers"] == ["new@supervisor-1", "recovery@1", "recovery@3"]
        decide(ask, asked, {**recovery, "new@supervisor-1": NEW})
        assert ask("show", person="supervisor-1")["fingerprint"] == NEW.public.fingerprint
        assert len(ask("list")["recovery_keys"]) == 3
        runtime.close()
