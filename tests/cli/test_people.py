"""A person is appointed at a real station, with keys outside its folders and signatures of the stock tool."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hashing.ssh_keys import SigningKey
from tests.cli.conftest import Custody
from tests.cli.live import Dock, dock_of_a_live_station


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    with dock_of_a_live_station(tmp_path / "station-folder") as dock:
        yield dock


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where custodian and supervisor keep their keys, and somebody new got one."""
    folder = tmp_path / "desk"
    folder.mkdir()
    for number, name in enumerate(("custodian-1", "supervisor-1"), 1):
        (folder / name).write_bytes(SigningKey.from_seed(bytes([number]) * 32).to_openssh())
        (folder / name).chmod(0o600)
    (folder / "new.pub").write_text(SigningKey.from_seed(bytes([77]) * 32).public.text + " somebody\n")
    return folder


def sign(desk: Path, name: str, text: Path, namespace: str) -> Path:
    """Sign as people do on their own machine."""
    key = str(desk / name)
    done = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", key],
        input=text.read_bytes(), check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    signature = desk / f"{name}.sig"
    signature.write_bytes(done.stdout)
    return signature


def test_two_sign_elsewhere_and_a_third_is_in_office(dock: Dock, desk: Path, custody: Custody) -> None:
    # R39
    config = ["--config", str(dock.config)]
    text = desk / "appointment"
    asked = custody(
        *config, "people", "appoint", "custodian-2", "custodian", "--key", str(desk / "new.pub"), "--uid", "1002",
        "--by", "custodian-1", "--by", "supervisor-1", "--out", str(text), "--json",
    )  # fmt: skip
    request = json.loads(asked.out)
    assert text.read_text() == request["text"]
    signatures = [f"{name}={sign(desk, name, text, request['namespace'])}" for name in request["signers"]]
    decided = custody(
        *config, "people", "decide", str(request["request"]), "--signature", signatures[0], "--signature", signatures[1]
    )
    assert decided.code == 0
    assert decided.out == f"Decided: entry {request['request'] + 1} about custodian-2. It is in force from now on.\n"
    (found,) = [
        one for one in json.loads(custody(*config, "people", "list", "--json").out)["items"]
        if one["person"] == "custodian-2"
    ]  # fmt: skip
    assert (found["roles"], found["uid"]) == (["custodian"], 1002)
    shown = custody(*config, "people", "show", "custodian-2").out
    assert found["fingerprint"] in shown


def test_what_to_sign_and_how_is_said_to_the_one_who_asks(dock: Dock, custody: Custody, desk: Path) -> None:
    text = desk / "end"
    asked = custody(
        "--config", str(dock.config), "people", "end", "operator-1", "operator",
        "--by", "custodian-1", "--by", "supervisor-1", "--out", str(text),
    )  # fmt: skip
    assert f"  ssh-keygen -Y sign -n custody-people-end -f KEY {text}\n" in asked.out
    assert "--signature custodian-1=FILE --signature supervisor-1=FILE" in asked.out


def test_a_text_that_was_given_out_is_never_overwritten(dock: Dock, custody: Custody, desk: Path) -> None:
    before = dock.live.station.ledger.size
    taken = desk / "custodian-1"
    asked = custody(
        "--config", str(dock.config), "people", "end", "operator-1", "operator",
        "--by", "custodian-1", "--by", "supervisor-1", "--out", str(taken),
    )  # fmt: skip
    assert asked.code == 2
    assert "is there already; choose a new file" in " ".join(asked.err.split())
    assert dock.live.station.ledger.size == before


ABOUT_ONESELF = ("people", "end", "officer-1", "officer", "--by", "officer-1", "--by", "supervisor-1")


def test_who_decides_about_themselves_is_refused_with_the_article(dock: Dock, custody: Custody) -> None:
    refused = custody("--config", str(dock.config), *ABOUT_ONESELF)
    assert refused.code == 5
    assert " ".join(refused.err.split()) == (
        "custody: officer-1 supervisor-1 cannot decide this: Nobody decides about themselves: officer-1. It takes two "
        "who are in office and whom it does not concern, or two recovery keys (A3 art. 7)"
    )


@pytest.mark.usefixtures("in_chinese")
def test_the_refusal_is_said_in_chinese(dock: Dock, custody: Custody) -> None:
    refused = custody("--config", str(dock.config), *ABOUT_ONESELF)
    assert "".join(refused.err.split()) == (
        "custody：officer-1supervisor-1不能作出此决定：任何人不得决定与自己有关的事项：officer-1。"
        "须由两名在任且与此事无关的人员，或两把恢复密钥作出（A3第七条）"
    )
