"""The doctor finds each thing that is wrong with an installation, and nothing where nothing is."""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.answers import Answer
from bodycam_custody.clearing.service import CLEAR_SOCKET
from bodycam_custody.clock import Clock
from bodycam_custody.genesis import create_station
from bodycam_custody.installation.diagnosis import TEMPLATES, Diagnosis, Sign, overall, untold, wrong
from bodycam_custody.installation.doctor import Machine, examine, installed_place
from bodycam_custody.keeping import KEEP_SOCKET
from config.settings import Clearing, Settings
from tests.bodycam_custody.stations import people, write_settings
from tests.docs.reading import ROOT

# What depends on the machine that runs the tests and is looked at by itself.
OF_THE_MACHINE = {
    Sign.PROGRAM_UNKNOWN,
    Sign.PROGRAM_CHANGED,
    Sign.STORES_SHARE_DISK,
    Sign.DISKS_UNKNOWN,
    Sign.STORE_PLAIN,
    Sign.STORE_CIPHER_UNKNOWN,
    Sign.STORE_CHANGEABLE,
    Sign.CLOCK_FREE,
    Sign.CLOCK_UNKNOWN,
    Sign.PROBE_MISSING,
    Sign.PROBE_OPEN,
}


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    if os.geteuid() != 0:
        pytest.skip("an installed station has keys of root's")
    settings = write_settings(tmp_path / "s")
    create_station(settings, people(), Clock())
    for folder in (settings.paths.slips, settings.paths.refused, settings.paths.unlocked):
        folder.chmod(0o750)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as keeper:
        keeper.bind(str(settings.paths.socket.with_name(KEEP_SOCKET)))
        yield settings


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An installation as `make install` leaves it."""
    machine = Machine(root=tmp_path / "root", prefix=tmp_path / "prefix")
    shutil.copytree(ROOT / "systemd", machine.shipped)
    for shipped in machine.shipped.iterdir():
        place = installed_place(shipped.name, machine.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped, place)
    # As `systemctl enable` leaves it.
    enabled = machine.root / "etc/systemd/system/timers.target.wants/custody-sweep.timer"
    enabled.parent.mkdir(parents=True)
    enabled.symlink_to("/usr/local/lib/systemd/system/custody-sweep.timer")
    return machine


def found(settings: Settings, machine: Machine) -> list[Diagnosis]:
    return [one for one in examine(settings, machine) if one.sign not in OF_THE_MACHINE]


def only(settings: Settings, machine: Machine) -> Diagnosis:
    (one,) = found(settings, machine)
    return one


def test_nothing_is_found_where_nothing_is_wrong(settings: Settings, machine: Machine) -> None:
    assert found(settings, machine) == []


def test_a_missing_and_a_changed_unit_are_named(settings: Settings, machine: Machine) -> None:
    gone = installed_place("custody-mount@.service", machine.root)
    gone.unlink()
    changed = installed_place("70-bodycam-custody.rules", machine.root)
    changed.write_text("# nothing\n", encoding="utf-8")
    assert found(settings, machine) == [
        wrong(Sign.UNIT_CHANGED, name=changed.name, path=str(changed)),
        wrong(Sign.UNIT_MISSING, name=gone.name, path=str(gone.parent)),
    ]


def test_a_timer_that_nobody_enabled_is_found(settings: Settings, machine: Machine) -> None:
    link = machine.root / "etc/systemd/system/timers.target.wants/custody-sweep.timer"
    link.unlink()
    assert only(settings, machine) == wrong(Sign.SWEEP_OFF, path=str(link))


def test_a_keeper_that_does_not_listen_is_found(settings: Settings, machine: Machine) -> None:
    place = settings.paths.socket.with_name(KEEP_SOCKET)
    place.unlink()
    assert only(settings, machine) == wrong(Sign.KEEP_MISSING, path=str(place))


def test_a_store_on_a_filesystem_without_the_flag_is_found(settings: Settings, machine: Machine) -> None:
    # R43: sysfs has no such flag, as vfat and exfat have none
    backup = settings.stores[1].path
    backup.rename(backup.with_name("moved"))
    backup.symlink_to("/sys/kernel")
    signs = [one for one in examine(settings, machine) if one.sign is Sign.STORE_CHANGEABLE]
    assert [one.facts["store"] for one in signs] == [settings.stores[1].id]


def test_a_program_that_brought_no_units_cannot_be_compared(settings: Settings, tmp_path: Path) -> None:
    machine = Machine(prefix=tmp_path / "elsewhere")
    assert only(settings, machine) == untold(Sign.UNITS_UNKNOWN, path=str(machine.shipped))


def test_a_state_folder_others_can_reach_is_found(settings: Settings, machine: Machine) -> None:
    settings.paths.state.chmod(0o755)
    assert only(settings, machine) == wrong(Sign.STATE_OPEN, path=str(settings.paths.state), mode="0755")


def test_a_station_that_was_never_made_is_found(settings: Settings, machine: Machine) -> None:
    shutil.rmtree(settings.paths.state)
    signs = {one.sign for one in found(settings, machine)}
    assert {Sign.STATE_MISSING, Sign.KEYS_UNUSABLE} <= signs


def test_a_key_others_can_read_is_found_with_what_to_do(settings: Settings, machine: Machine) -> None:
    key = settings.paths.keys / "bag.key"
    key.chmod(0o644)
    one = only(settings, machine)
    assert one.sign is Sign.KEYS_UNUSABLE
    reason = one.facts["reason"]
    assert isinstance(reason, dict)
    assert isinstance(reason["facts"], dict)
    assert str(reason["template"]).format(**reason["facts"]).endswith(f"run: chmod 600 {key}")


def test_keys_that_belong_to_the_daemon_are_found(settings: Settings, machine: Machine) -> None:
    os.chown(settings.paths.keys, 54321, -1)
    assert only(settings, machine) == wrong(Sign.KEYS_NOT_ROOTS, path=str(settings.paths.keys), uid=54321)


def test_a_slip_folder_that_is_missing_or_open_is_found(settings: Settings, machine: Machine) -> None:
    settings.paths.slips.chmod(0o770)
    one = only(settings, machine)
    assert (one.sign, one.facts["mode"]) == (Sign.SLIPS_OPEN, "0770")
    settings.paths.slips.rmdir()
    assert only(settings, machine) == wrong(Sign.SLIPS_MISSING, path=str(settings.paths.slips))


@pytest.mark.parametrize("name", ["refused", "unlocked"])
def test_a_folder_of_notes_that_is_missing_or_open_is_found(settings: Settings, machine: Machine, name: str) -> None:
    folder = settings.paths.slips.with_name(name)
    folder.chmod(0o770)
    one = only(settings, machine)
    assert (one.sign, one.facts["path"], one.facts["mode"]) == (Sign.NOTES_OPEN, str(folder), "0770")
    folder.rmdir()
    assert only(settings, machine) == wrong(Sign.NOTES_MISSING, path=str(folder))


def test_a_configuration_that_others_can_change_is_found(settings: Settings, machine: Machine) -> None:
    drop_ins = settings.file.with_name("conf.d")
    drop_ins.mkdir()
    (drop_ins / "more.toml").write_text("", encoding="utf-8")
    for place in (settings.file, settings.file.parent, drop_ins, drop_ins / "more.toml"):
        os.chown(place, 65534, 0)
        one = only(settings, machine)
        assert (one.sign, one.facts["path"], one.facts["uid"]) == (Sign.CONFIG_OPEN, str(place), 65534)
        os.chown(place, 0, 0)
    settings.file.chmod(0o664)
    assert str(only(settings, machine).facts["mode"]) == "0664"


def test_a_list_of_families_that_is_open_or_unusable_is_found(settings: Settings, machine: Machine) -> None:
    families = settings.paths.families
    families.write_text('"1234:5678" = "bc-plus"\n', encoding="utf-8")
    families.chmod(0o644)
    assert found(settings, machine) == []
    families.chmod(0o664)
    assert only(settings, machine).sign is Sign.FAMILIES_OPEN
    families.chmod(0o644)
    families.write_text('"1234:5678" = "bc+"\n', encoding="utf-8")
    assert only(settings, machine).sign is Sign.FAMILIES_UNUSABLE


def test_a_store_that_is_missing_or_open_is_found(settings: Settings, machine: Machine) -> None:
    primary = settings.stores[0].path
    primary.chmod(0o755)
    one = only(settings, machine)
    assert (one.sign, one.facts["store"], one.facts["mode"]) == (Sign.STORE_OPEN, "primary", "0755")
    shutil.rmtree(primary)
    assert only(settings, machine) == wrong(Sign.STORE_MISSING, store="primary", path=str(primary))


def test_a_profile_that_cannot_be_used_is_found(settings: Settings, machine: Machine, tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "ours.toml").write_text("nonsense = 1\n", encoding="utf-8")
    with_profiles = write_settings(tmp_path / "s", {"paths.profiles": profiles})
    assert only(with_profiles, machine).sign is Sign.PROFILE_UNUSABLE


def test_stores_on_one_disk_are_always_said(settings: Settings, machine: Machine) -> None:
    signs = {one.sign for one in examine(settings, machine)}
    assert signs & {Sign.STORES_SHARE_DISK, Sign.DISKS_UNKNOWN}


def test_a_finding_that_something_is_wrong_outweighs_what_cannot_be_told() -> None:
    unknown, bad = untold(Sign.CLOCK_UNKNOWN), wrong(Sign.CLOCK_FREE)
    assert [overall(some) for some in ([], [unknown], [unknown, bad])] == [Answer.YES, Answer.CANNOT_TELL, Answer.NO]


def test_every_sign_has_a_sentence_and_a_code_of_its_own() -> None:
    assert set(TEMPLATES) == set(Sign)
    assert all(sign.value.startswith("D") and len(sign.value) == 4 for sign in Sign)


def test_nothing_is_changed_by_looking(settings: Settings, machine: Machine) -> None:
    root = settings.paths.state.parent

    def all_of_it() -> list[tuple[Path, int, int]]:
        return [(path, (of := path.lstat()).st_mtime_ns, stat.S_IMODE(of.st_mode)) for path in sorted(root.rglob("*"))]

    before = all_of_it()
    list(examine(settings, machine))
    assert all_of_it() == before


def test_a_unit_that_clears_needs_the_helper_that_clears(settings: Settings, machine: Machine, tmp_path: Path) -> None:
    clearing = write_settings(tmp_path / "s", {"rule_set.clearing": Clearing.CLEAR_AFTER_RECEIPT})
    place = clearing.paths.socket.with_name(CLEAR_SOCKET)
    assert only(clearing, machine) == wrong(Sign.CLEAR_MISSING, path=str(place))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        assert found(clearing, machine) == []
