"""Recorders that show no card before their password: opened by the installed helper, read like any other."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docking.drivers.fake_recorders import BcPlusFirmware
from tests.station.cards import digests, make_card, recordings
from tests.station.gadget import plug_locked_recorder, pull_gadget
from tests.station.installation import Installation
from tests.station.locked_recorder import AHEAD
from tests.station.machine import MachineError
from tests.station.station import DAEMON, Station

_VENDOR, _PRODUCT, _PRODUCT_AS_CARD = "4255", "0010", "0011"  # no driver of the kernel takes these
_SERIAL = "BC-17"
_PASSWORD = BcPlusFirmware().password.decode()
_ATTEMPTS = 3

Scenario = Callable[[Station, Path], None]
Attempt = Callable[[Scenario], None]


def _dock(station: Station, image: Path) -> None:
    # As docs/recorder-drivers.md says: the ids of this family are the unit's to name.
    families = f'"{_VENDOR}:{_PRODUCT}" = "bc-plus"\n'
    station.machine.run("tee", "/etc/bodycam-custody/recorder-families.toml", text=families)
    station.machine.run("systemctl", "restart", DAEMON)
    plug_locked_recorder(
        station.machine,
        image,
        vendor=_VENDOR,
        product=_PRODUCT,
        product_as_card=_PRODUCT_AS_CARD,
        serial=_SERIAL,
    )


@pytest.fixture
def at_a_station(installation: Installation, tmp_path: Path) -> Attempt:
    """Run a scenario at a station that just woke; once more where the kernel that plays the recorder broke down.

    dummy_hcd, which joins the machine's two sides of USB, now and then corrupts its own lists when a device leaves and
    takes the whole kernel with it. That says nothing about the station: only such a panic is tried again, and told.
    """

    def attempt(scenario: Scenario) -> None:
        for number in range(_ATTEMPTS):
            folder = tmp_path / str(number)
            folder.mkdir()
            with installation.wake(folder / "disks") as machine:
                try:
                    scenario(Station(machine), folder)
                except MachineError:
                    if not machine.has_panicked() or number == _ATTEMPTS - 1:
                        raise
                    sys.stdout.write(f"attempt {number + 1}: {machine.console_tail()}\n")
                else:
                    return

    return attempt


def test_a_locked_recorder_is_opened_with_its_password_and_its_card_is_the_same_arrival(
    at_a_station: Attempt,
) -> None:
    at_a_station(_is_opened_with_its_password)


def test_a_locked_recorder_without_a_password_stands_there_locked_and_says_what_to_do(
    at_a_station: Attempt,
) -> None:
    at_a_station(_stands_there_locked)


def _is_opened_with_its_password(station: Station, tmp_path: Path) -> None:
    secret = ("install", "-D", "-m", "0600", "/dev/stdin", "/etc/credstore/unlock.bc-plus.log-in")
    station.machine.run(*secret, text=_PASSWORD)
    files = recordings(station.now(), device="DSJ0001", count=2)
    _dock(station, make_card(station.machine, tmp_path / "card.img", files))
    docking = station.wait_until_closed(_SERIAL)
    assert (docking["safe_to_take_away"], docking["problems"]) == ("yes", [])
    assert {clip["sha256"] for clip in station.clips_of(docking)} == digests(files)
    # R32: measured before it became a card.
    error_ms = abs(docking["clock_offset_ms"] - AHEAD.total_seconds() * 1000)
    assert error_ms <= docking["clock_offset_uncertainty_ms"]
    slot = station.slot_of(f"usb:{_VENDOR}:{_PRODUCT_AS_CARD}:{_SERIAL}")
    assert (slot["device"], slot["arrivals"]) == (f"{_VENDOR}:{_PRODUCT_AS_CARD}", 1)
    assert _PASSWORD not in station.machine.run("journalctl", "--no-pager", "-o", "cat")
    pull_gadget(station.machine)
    station.wait_for("folder of slips without one", lambda: not station.slips())


def _stands_there_locked(station: Station, tmp_path: Path) -> None:
    files = recordings(station.now(), device="DSJ0001", count=1)
    _dock(station, make_card(station.machine, tmp_path / "card.img", files))
    unlocking = ("journalctl", "--no-pager", "-o", "cat", "-u", "custody-unlock@*")
    station.wait_for("why it stays locked", lambda: "password-missing" in station.machine.ask(*unlocking).out)
    slot = station.slot_of(f"usb:{_VENDOR}:{_PRODUCT}:{_SERIAL}")
    assert (slot["phase"], slot["device"]) == ("present-locked", f"{_VENDOR}:{_PRODUCT}")
    credential = "unlock.bc-plus.log-in"
    station.require_told(f"Put it into the credential {credential}", f"请将密码写入凭据 {credential}")
    assert (station.slips(), station.dockings()) == ([], [])
