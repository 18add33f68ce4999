"""What the installed daemon may do, tried as the daemon: its namespaces, its user, no capabilities."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests.station.cards import make_card, recordings
from tests.station.station import STORES, Station

# Somebody at the door of this machine; the second line knocks.
_LISTEN = "systemd-run --quiet --unit=door python3 -m http.server --bind 127.0.0.1 8000"
_KNOCK = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8000))'"


@pytest.mark.parametrize(
    ("attempt", "before"),
    [
        pytest.param(_KNOCK, f"{_LISTEN}; until {_KNOCK} 2>/dev/null; do sleep 0.2; done", id="reach a network"),
        pytest.param("test -b /dev/vda", "test -b /dev/vda", id="see a disk"),
        pytest.param("test -d /dev/bus/usb", "test -d /dev/bus/usb", id="see a usb device"),
        pytest.param("touch /usr/new", "true", id="change the system"),
        pytest.param("touch /etc/bodycam-custody/conf.d", "true", id="change its configuration"),
        pytest.param("cat /var/lib/bodycam-custody/keys/*", "cat /var/lib/bodycam-custody/keys/*", id="read the keys"),
        pytest.param("touch /run/bodycam-custody/docked/new", "true", id="announce a card"),
        pytest.param("mount -t tmpfs none /tmp", "true", id="mount"),
    ],
)
def test_the_daemon_cannot(station: Station, attempt: str, before: str) -> None:
    assert station.as_daemon(f"ls {STORES[0]}/custody-store.json").code == 0
    # Root can do it on this machine: it is not simply absent.
    station.machine.shell(before)
    assert station.as_daemon(attempt).code != 0


def _is_immutable(station: Station, folder: str) -> bool:
    return "i" in station.machine.run("lsattr", "-d", folder).split()[0]


def test_the_daemon_can_neither_change_nor_remove_a_sealed_bag(station: Station, tmp_path: Path) -> None:
    card = make_card(station.machine, tmp_path / "card.img", recordings(station.now(), device="DSJ0001", count=1))
    station.machine.plug(card, "card", serial="DSJ0001")
    station.wait_until_closed("DSJ0001")
    for store in STORES:
        bag = station.machine.run("find", f"{store}/clips", "-name", "bagit.txt").strip().removesuffix("/bagit.txt")
        # Sealing comes first; making the bag immutable follows when the keeper's turn comes.
        station.wait_for("immutable bag", partial(_is_immutable, station, bag))
        for attempt in (f"rm -f {bag}/bagit.txt", f"chmod u+w {bag}/bagit.txt", f"mv {bag} {bag}-away"):
            assert station.as_daemon(attempt).code != 0, attempt
    assert station.verify().code == 0


def test_doctor_finds_nothing_but_the_clock_that_nobody_sets_here(station: Station) -> None:
    # A machine without network has no time server in reach.
    report = json.loads(station.machine.ask("custody", "doctor", "--json").out)
    assert {finding["code"] for finding in report["findings"]} == {"D030"}, report
