"""The units: systemd takes them, they expose little, and they start what the program has where it will be."""

import fnmatch
import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bodycam_custody.clearing.service import CLEAR_SOCKET
from bodycam_custody.runtime import PROBE_SOCKET
from config.settings import PathSettings
from docking.mount_helper import Places
from docking.usb_devices import parse_interfaces, read_usb_devices
from docking.usb_errors import UsbInterfaceRefusedError
from docking.usb_policy import judge_usb_device
from tests.docking.usb_tree import CONTROL, KEYBOARD, STORAGE, STORAGE_UAS, Claims, Triple, UsbTree, descriptors
from tests.docs.program import check_command
from tests.docs.reading import ROOT

FOLDER = ROOT / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".service", ".socket", ".timer"})
SERVICES = [name for name in UNITS if name.endswith(".service")]
# Tenths, as systemd-analyze counts: SAFE is below 2, and 10 is a service without any protection.
HIGHEST_EXPOSURE = dict.fromkeys(["bodycam-custody.service", "custody-probe@.service", "custody-sweep.service"], 10)
HIGHEST_EXPOSURE_OF_A_ROOT_HELPER = 26
PREFIX = "/opt/bodycam-custody/bin/"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze (Debian package systemd)"
)


def text(unit: str) -> str:
    """Return a unit as it stands."""
    return (FOLDER / unit).read_text(encoding="utf-8").replace("\\\n", " ")


def settings(unit: str, name: str) -> list[str]:
    """Return every value of a setting."""
    return [str(value) for value in re.findall(rf"^{name}=(.*)$", text(unit), re.M)]


def setting(unit: str, name: str) -> str:
    """Return the one value of a setting."""
    (value,) = settings(unit, name)
    return value


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in a folder, with a program that this machine has in place of ours."""
    for unit in UNITS:
        replaced = re.sub(rf"^(Exec\w+=){PREFIX}\S+", rf"\g<1>{shutil.which('true')}", text(unit), flags=re.M)
        (tmp_path / unit).write_text(replaced, encoding="utf-8")
    return tmp_path


@needs_systemd
def test_systemd_finds_nothing_wrong_with_them(installed: Path) -> None:
    paths = [installed / unit for unit in UNITS]
    checked = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_exposes_no_more_than_it_must(installed: Path, unit: str) -> None:
    limit = HIGHEST_EXPOSURE.get(unit, HIGHEST_EXPOSURE_OF_A_ROOT_HELPER)
    command: list[str | Path] = [
        "systemd-analyze",
        "security",
        "--offline=true",
        f"--threshold={limit}",
        "--no-pager",
        installed / unit,
    ]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_daemon_is_a_command_of_the_program_that_tells_when_it_is_ready_and_that_it_works() -> None:
    unit = "bodycam-custody.service"
    program, _, arguments = setting(unit, "ExecStart").partition(" ")
    assert program == f"{PREFIX}custody"
    check_command(f"custody {arguments}")
    assert (setting(unit, "Type"), setting(unit, "User"), setting(unit, "WatchdogSec")) == ("notify", "custody", "3min")


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_starts_a_program_that_is_installed(unit: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    commands = [value for name in ("ExecStart", "ExecStopPost") for value in settings(unit, name)]
    assert commands
    for command in commands:
        program = command.split()[0]
        assert program.startswith(PREFIX)
        assert Path(program).name in scripts


@pytest.mark.parametrize("unit", SERVICES)
def test_no_service_imports_from_where_it_is_started(unit: str) -> None:
    assert "PYTHONSAFEPATH=1" in settings(unit, "Environment")


def test_the_daemon_sees_the_uid_of_its_callers() -> None:
    names = set(re.findall(r"^(\w+)=", text("bodycam-custody.service"), re.M))
    assert not names & {"PrivateUsers", "DynamicUser"}


def test_the_daemon_has_no_capability_no_device_and_no_network() -> None:
    unit = "bodycam-custody.service"
    assert setting(unit, "CapabilityBoundingSet") == ""
    assert [setting(unit, name) for name in ("PrivateDevices", "PrivateNetwork")] == ["yes", "yes"]
    assert setting(unit, "RestrictAddressFamilies") == "AF_UNIX"


def test_its_keys_are_handed_over_by_the_names_the_station_looks_for() -> None:
    from bodycam_custody.station_keys import BAG_KEY, CHECKPOINT_KEY

    keys = f"/var/lib/{setting('bodycam-custody.service', 'StateDirectory')}/keys"
    expected = [f"{name}:{keys}/{name}" for name in (CHECKPOINT_KEY, BAG_KEY)]
    assert settings("bodycam-custody.service", "LoadCredential") == expected


def test_folders_and_sockets_are_those_the_configuration_expects() -> None:
    defaults = {field.name: str(field.default) for field in fields(PathSettings)}
    made = {line.split()[1]: line.split()[2:5] for line in text("tmpfiles.conf").splitlines() if line.startswith("d ")}
    assert made[defaults["state"]] == ["0700", "custody", "custody"]
    # Whoever could write here could announce a card.
    for folder in (defaults["slips"], defaults["refused"], defaults["unlocked"], str(Places().cards)):
        assert made[folder] == ["0750", "root", "custody"]
    assert (str(Places().slips), setting("bodycam-custody.socket", "ListenStream")) == (
        defaults["slips"],
        defaults["socket"],
    )
    sockets = {
        f"custody-{name}.socket": Path(defaults["socket"]).with_name(name)
        for name in (PROBE_SOCKET, "keep", CLEAR_SOCKET)
    }
    assert {unit: setting(unit, "ListenStream") for unit in sockets} == {
        unit: str(path) for unit, path in sockets.items()
    }


@pytest.mark.parametrize("unit", ["custody-probe.socket", "custody-keep.socket", "custody-clear.socket"])
def test_only_the_daemon_reaches_its_helpers(unit: str) -> None:
    assert (setting(unit, "SocketUser"), setting(unit, "SocketMode")) == ("custody", "0600")


def test_udev_starts_nothing_but_the_two_helpers_and_keeps_others_away() -> None:
    rules = [line for line in text("70-bodycam-custody.rules").splitlines() if line and not line.startswith("#")]
    unlock, mount = [rule for rule in rules if "SYSTEMD_WANTS" in rule]
    assert unlock.endswith('ENV{SYSTEMD_WANTS}+="custody-unlock@%k.service"')
    assert mount.endswith('ENV{SYSTEMD_WANTS}+="custody-mount@%k.service"')
    assert 'ENV{UDISKS_IGNORE}="1"' in rules
    assert not any(word in rule for rule in rules for word in ("RUN", "PROGRAM", "IMPORT"))


@pytest.mark.parametrize(
    ("facts", "is_asked"),
    [
        ({"DEVTYPE": "disk", "size": "1048576"}, True),
        ({"DEVTYPE": "disk", "size": "1048576", "ID_FS_USAGE": "filesystem"}, True),
        ({"DEVTYPE": "disk", "size": "1048576", "ID_FS_USAGE": "crypto"}, True),
        ({"DEVTYPE": "disk", "size": "1048576", "ID_FS_USAGE": "raid"}, True),
        ({"DEVTYPE": "disk", "size": "1048576", "ID_PART_TABLE_TYPE": "dos"}, True),
        ({"DEVTYPE": "partition", "size": "1048576"}, True),
        ({"DEVTYPE": "partition", "size": "2"}, True),
        ({"DEVTYPE": "disk", "size": "0"}, False),
        ({"DEVTYPE": "disk", "size": "1048576", "ID_BUS": "ata"}, False),
        ({"DEVTYPE": "disk", "size": "1048576", "ACTION": "remove"}, False),
    ],
)
def test_the_mount_helper_is_asked_for_whatever_may_be_a_card(facts: dict[str, str], is_asked: bool) -> None:
    """The rules of block devices, read as udev reads them: comparisons with alternatives, GOTO, and nothing else."""
    known = {"ACTION": "add", "SUBSYSTEM": "block", "ID_BUS": "usb", **facts}
    lines = [line for line in text("70-bodycam-custody.rules").splitlines() if line and not line.startswith("#")]
    lines = [line for line in lines if 'SUBSYSTEM=="usb"' not in line]
    asked = False
    for line in lines:
        matches = re.findall(r'(?:ENV|ATTR)?\{?(\w+)\}?(==|!=)"([^"]*)"', line)
        if not all(
            any(fnmatch.fnmatchcase(known.get(key, ""), one) for one in value.split("|")) is (operator == "==")
            for key, operator, value in matches
        ):
            continue
        if "GOTO=" in line:
            break
        asked |= "custody-mount@%k.service" in line
    assert asked is is_asked


def test_the_unlock_helper_gets_its_passwords_by_the_names_it_looks_for() -> None:
    unit = "custody-unlock@.service"
    assert set(settings(unit, "LoadCredential")) == {
        value
        for line in (ROOT / "docs/recorder-drivers.md").read_text(encoding="utf-8").splitlines()
        for value in re.findall(r"^\| `(unlock\.[a-z.-]+)` \|", line)
    }
    assert "password" not in setting(unit, "ExecStart")


def test_the_nightly_sweep_is_an_ordinary_command_and_made_up_for_after_a_night_without_power() -> None:
    program, _, arguments = setting("custody-sweep.service", "ExecStart").partition(" ")
    assert program == f"{PREFIX}custody"
    check_command(f"custody {arguments}")
    assert setting("custody-sweep.timer", "Persistent") == "true"
    # The station's owner may sweep; the kernel says who calls, so it is nobody made up for the moment.
    assert setting("custody-sweep.service", "User") == setting("bodycam-custody.service", "User")
    for name in ("Wants", "Also"):
        assert "custody-sweep.timer" in setting("bodycam-custody.service", name).split()


def test_the_mount_helper_gets_the_name_of_the_device_and_nothing_else() -> None:
    unit = "custody-mount@.service"
    assert setting(unit, "ExecStart") == f"{PREFIX}custody-mount dock %i"
    assert setting(unit, "ExecStopPost") == f"{PREFIX}custody-mount undock %i"
    assert setting(unit, "BindsTo") == "dev-%i.device"


@pytest.mark.parametrize(
    ("interfaces", "is_asked"),
    [
        (":ff0000:", True),
        (":ff0000:ff0102:", True),
        (":080650:", False),
        (":ff0000:080650:", False),
        (":080650:ff0000:", False),
        (":030101:ff0000:", False),
        (":fe0101:ff0000:", False),
        (":e00103:ff0000:", False),
        ("", False),
    ],
)
def test_only_what_offers_nothing_but_its_makers_own_protocol_is_asked_to_unlock(
    interfaces: str, is_asked: bool
) -> None:
    """As udev matches: fnmatch(3), alternatives with | (udev(7))."""
    (rule,) = [line for line in text("70-bodycam-custody.rules").splitlines() if "custody-unlock@" in line]
    matches = re.findall(r'ENV\{ID_USB_INTERFACES\}(==|!=)"([^"]*)"', rule)
    found = all(
        any(fnmatch.fnmatchcase(interfaces, one) for one in patterns.split("|")) is (operator == "==")
        for operator, patterns in matches
    )
    assert (len(matches), found) == (2, is_asked)


def is_switched_off(interfaces: Sequence[Triple]) -> bool:
    """Return whether udev has the kernel let go of a device with these interfaces, listed as its usb_id lists them."""
    (rule,) = [line for line in text("70-bodycam-custody.rules").splitlines() if 'ATTR{authorized}="0"' in line]
    assert 'ACTION=="add"' in rule
    assert 'ENV{DEVTYPE}=="usb_device"' in rule
    matches = re.findall(r'ENV\{ID_USB_INTERFACES\}(==|!=)"([^"]*)"', rule)
    assert [operator for operator, _ in matches] == ["==", "=="]
    listed = ":" + "".join(f"{one[0]:02x}{one[1]:02x}{one[2]:02x}:" for one in interfaces)
    return all(any(fnmatch.fnmatchcase(listed, one) for one in patterns.split("|")) for _, patterns in matches)


@pytest.mark.parametrize(
    ("interfaces", "is_off"),
    [
        ([STORAGE], False),
        ([STORAGE, STORAGE_UAS], False),
        ([STORAGE, CONTROL], False),
        ([CONTROL], False),
        ([KEYBOARD], False),  # the station's own
        ([STORAGE, KEYBOARD], True),
        ([KEYBOARD, STORAGE], True),
        ([STORAGE, CONTROL, KEYBOARD], True),
        ([(9, 0, 0)], False),
    ],
)
def test_a_device_that_is_storage_and_something_else_is_switched_off(interfaces: list[Triple], is_off: bool) -> None:
    assert is_switched_off(interfaces) is is_off


def test_storage_beside_any_other_class_is_switched_off_and_refused_by_the_station(tmp_path: Path) -> None:
    """Nothing that could be a recorder is switched off, and no storage with another class is left on."""
    tree = UsbTree(tmp_path)
    tree.plug("1-2")
    (device,) = read_usb_devices(tree.sysfs)
    for usb_class in range(256):
        interfaces = [STORAGE, (usb_class, 0x06, 0x50)]
        assert is_switched_off(interfaces) is (usb_class not in {0x08, 0xFF})
        assert not is_switched_off([(usb_class, 0x06, 0x50)])
        if is_switched_off(interfaces):
            claimed = replace(device, interfaces=parse_interfaces(descriptors(Claims(), interfaces)))
            with pytest.raises(UsbInterfaceRefusedError):
                judge_usb_device(claimed, {claimed.usb_id})


def test_daemon_and_helpers_read_the_same_list_of_families() -> None:
    families = PathSettings.__dataclass_fields__["families"].default
    command = setting("custody-unlock@.service", "ExecStart").split()
    assert families == Places().families == Path(command[command.index("--families") + 1])
    notes = PathSettings.__dataclass_fields__["unlocked"].default
    assert notes == Places().unlocked == Path(command[command.index("--report") + 1]).parent
    assert PathSettings.__dataclass_fields__["refused"].default == Places().refused
