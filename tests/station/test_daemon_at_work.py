"""The installed daemon under real systemd, with a folder in place of a card."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.station.cards import make_card, recordings
from tests.station.station import DAEMON, Station

_ROOT = "/run/folder-card"
_SLIP = "/run/bodycam-custody/docked/folder.json"


def _announce_folder(station: Station, image: Path, *, serial: str, docked_at: datetime) -> None:
    """Mount a card as a plain folder and say so in a slip, as the demonstration does."""
    machine = station.machine
    machine.plug_disk(image, "card")
    slip = dict.fromkeys(("device", "diskseq", "port_path", "slot", "clock_offset_ms", "clock_offset_uncertainty_ms"))
    facts = {"v": 1, "vendor_id": "4255", "product_id": "0001", "serial": serial, "filesystem": "folder"}
    text = json.dumps(slip | facts | {"mount_point": _ROOT, "docked_at": docked_at.strftime("%Y-%m-%dT%H:%M:%SZ")})
    machine.shell(f"""
        printf '[docking]\\nfolder_cards = true\\n' > /etc/bodycam-custody/conf.d/folder-cards.toml
        systemctl restart {DAEMON}
        mkdir {_ROOT}
        mount -o ro,gid=custody,umask=0227 /dev/disk/by-id/virtio-card {_ROOT}
        umask 0027
        printf %s '{text}' > {_SLIP}.new
        chgrp custody {_SLIP}.new
        mv {_SLIP}.new {_SLIP}
    """)


def test_a_folder_card_becomes_safe_on_two_disks_without_any_remark(station: Station, tmp_path: Path) -> None:
    now = station.now()
    card = make_card(station.machine, tmp_path / "card.img", recordings(now, device="DSJ0001"))
    _announce_folder(station, card, serial="S1", docked_at=now)

    docking = station.wait_until_closed("S1")
    assert (docking["safe_to_take_away"], docking["remarks"], docking["problems"]) == ("yes", [], [])
    assert docking["handover"] == {"on-time": 3, "late": 0, "undeterminable": 0}
    clips = station.clips_of(docking)
    assert [(clip["state"], clip["remarks"], len(clip["copies"])) for clip in clips] == [("safe", [], 2)] * 3
    assert station.verify().code == 0


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param("ls /sys/class/net | grep -vx lo", id="see a network"),
        pytest.param("ls /dev/vda", id="see a disk"),
        pytest.param("ls /dev/bus/usb", id="see a usb device"),
        pytest.param("touch /usr/new", id="change the system"),
        pytest.param("touch /run/bodycam-custody/cards/new", id="change where cards are mounted"),
        pytest.param("cat /root/custodian", id="read what is root's"),
        pytest.param("mount -t tmpfs none /tmp", id="mount"),
    ],
)
def test_the_daemon_cannot(station: Station, attempt: str) -> None:
    """What the daemon may is what a process in its namespaces, with its user and without capabilities, may."""
    process = station.machine.run("systemctl", "show", "-P", "MainPID", DAEMON).strip()
    inside = ["nsenter", "--target", process, "--all", "setpriv", "--reuid=custody", "--regid=custody"]
    inside += ["--init-groups", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "bash", "-c"]
    assert station.machine.ask(*inside, "ls /srv/custody/primary/clips").code == 0
    assert station.machine.ask(*inside, attempt).code != 0
