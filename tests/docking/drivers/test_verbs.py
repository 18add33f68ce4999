import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docking.drivers.channel import Channel
from docking.drivers.secret import Secret, is_password
from docking.drivers.verbs import Command, DriverName, ValueKind, Verb
from tests.docking.drivers.fake_recorders import BcPlusFirmware, Wire

FORBIDDEN = ["BC+MKFS", "BC+FRESET", "MKFS", "FRESET", "BC+MKFS=1", "@Fmt", "Rst"]
ON_THE_WIRE = re.compile(
    rb"@(Ver|Gdv|ATH);\d{1,2};[^;#@=\s]{1,64};#|@Sdt;8;\d{8};#|@Stm;6;\d{6};#"
    rb"|BC\+LOGIN=[^;#@=\s]{1,64}\r\n|BC\+UDISKEN=1\r\n|BC\+BATVAL\?\r\n|BC\+SYSTIME\?\r\n"
)
texts = st.one_of(st.none(), st.text(max_size=20), st.from_regex(r"[0-9]{6}([0-9]{2})?", fullmatch=True))
secrets = st.binary(max_size=80).filter(is_password).map(Secret)


def test_the_allow_list_is_these_nine_and_no_more() -> None:
    assert {(verb.family.value, verb.word.decode()) for verb in Verb} == {
        ("ambarella", "Ver"),
        ("ambarella", "Gdv"),
        ("ambarella", "ATH"),
        ("ambarella", "Sdt"),
        ("ambarella", "Stm"),
        ("bc-plus", "LOGIN="),
        ("bc-plus", "UDISKEN=1"),
        ("bc-plus", "BATVAL?"),
        ("bc-plus", "SYSTIME?"),
    }


@pytest.mark.parametrize("word", FORBIDDEN)
def test_formatting_and_resetting_are_no_verbs(word: str) -> None:
    with pytest.raises(ValueError, match="is not a valid Verb"):
        Verb(word)
    with pytest.raises(ValueError, match="not a verb that may be sent"):
        Command(verb=word)  # type: ignore[arg-type]  # what a caller without types could try


def test_nobody_adds_a_verb_elsewhere() -> None:
    with pytest.raises(TypeError, match="cannot extend"):

        class Wider(Verb):  # type: ignore[misc]  # what mypy refuses too
            FORMAT = (DriverName.BC_PLUS, b"MKFS", ValueKind.NOTHING)


@pytest.mark.parametrize("word", FORBIDDEN)
def test_a_channel_sends_nothing_but_commands(word: str) -> None:
    firmware = BcPlusFirmware()
    wire = Wire(firmware)
    for attempt in (word, word.encode() + b"\r\n"):
        with pytest.raises(ValueError, match="allow-list only"):
            Channel(wire).exchange(attempt, lambda data: data)  # type: ignore[arg-type]  # the point
    assert wire.sent == []
    assert not firmware.is_formatted


def test_a_command_that_pretends_to_be_one_is_not_sent() -> None:
    class Forged(Command):
        def encoded(self) -> bytes:
            return b"BC+MKFS\r\n"

    wire = Wire(BcPlusFirmware())
    with pytest.raises(ValueError, match="allow-list only"):
        Channel(wire).exchange(Forged(verb=Verb.BC_READ_BATTERY), lambda data: data)
    assert wire.sent == []


@pytest.mark.parametrize(
    "password",
    [
        b"",
        b"x\r\nBC+MKFS",
        b"x;#@Fmt;1;1",
        b"x\0",
        b"a b",
        b"x" * 65,
        "密码".encode(),
        b"x\n",
    ],
)
def test_a_password_that_would_start_another_command_is_none(password: bytes) -> None:
    assert not is_password(password)
    with pytest.raises(ValueError, match=r"^not a password a recorder can be sent$"):
        Secret(password)


@given(verb=st.sampled_from(Verb), value=st.one_of(texts, secrets))
def test_whatever_the_value_only_one_command_of_the_list_is_encoded(verb: Verb, value: Secret | str | None) -> None:
    try:
        encoded = Command(verb=verb, value=value).encoded()
    except ValueError:
        return
    assert ON_THE_WIRE.fullmatch(encoded)
    assert encoded.count(b"\r\n") <= 1
    assert encoded.count(b"#") <= 1


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>20}".format, lambda one: repr([one])])
def test_a_password_shows_in_no_text(show: object) -> None:
    secret = Secret(b"hush-hush")
    command = Command(verb=Verb.BC_LOG_IN, value=secret)
    assert callable(show)
    for text in (show(secret), show(command)):
        assert "hush" not in text
    assert not hasattr(secret, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_wrong_value_is_refused_without_being_quoted() -> None:
    with pytest.raises(ValueError, match="BC_READ_BATTERY does not take this value; it takes: nothing") as caught:
        Command(verb=Verb.BC_READ_BATTERY, value="hush")
    assert "hush" not in str(caught.value)


def test_factory_passwords_are_known_by_their_digests() -> None:
    assert Secret(b"00000000").is_factory_password()
    assert Secret(b"12345678").is_factory_password()
    assert not Secret(b"s3cret-word").is_factory_password()
