"""Cards of recorders as disk images: what is on them is made here, the filesystem by the machine's own tools."""

import hashlib
import io
import random
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from tests.bodycam_custody.recordings import BEIJING, recorded_name, sound
from tests.station.machine import Machine

FOLDER = "DCIM/100MEDIA"
_CARD_BYTES = 64 * 1024 * 1024
_FORMAT = {"exfat": "mkfs.exfat", "vfat": "mkfs.vfat -F 32", "ext4": "mkfs.ext4 -q"}

Filesystem = Literal["exfat", "vfat", "ext4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFile:
    """A file and when its last byte was written."""

    data: bytes
    written_at: datetime


def recordings(now: datetime, *, device: str, count: int = 3, seconds: float = 60.0) -> dict[str, CardFile]:
    """Return recordings of one shift that ended an hour before `now`, one after the other, all of them different."""
    # Even seconds, so that FAT can hold them.
    began = now.replace(microsecond=0, second=0) - timedelta(hours=1) - count * timedelta(seconds=seconds)
    files = {}
    for number in range(count):
        starts = began + number * timedelta(seconds=seconds)
        name = f"{FOLDER}/{recorded_name(starts, number + 1, device=device)}"
        pitch = random.Random(f"{device} {number}").getrandbits(31)  # noqa: S311  # a content, no secret
        files[name] = CardFile(data=sound(seconds, pitch=pitch), written_at=starts + timedelta(seconds=seconds))
    return files


def long_recordings(now: datetime, *, device: str, count: int, size_bytes: int) -> dict[str, CardFile]:
    """Return recordings that take a while to copy. They are no media: nothing is asked of them but their bytes."""
    files = {}
    for name, file in recordings(now, device=device, count=count).items():
        noise = random.Random(f"{device} {name[-12:]}").randbytes(size_bytes)  # noqa: S311  # as above
        files[name] = CardFile(data=noise, written_at=file.written_at)
    return files


def digests(files: Mapping[str, CardFile]) -> set[str]:
    """Return the SHA-256 of every file."""
    return {hashlib.sha256(file.data).hexdigest() for file in files.values()}


def make_card(machine: Machine, image: Path, files: Mapping[str, CardFile], filesystem: Filesystem = "exfat") -> Path:
    """Return `image`, written as a card with these files; the machine that formats it has never seen it as a card."""
    with image.open("wb") as blank:
        blank.truncate(_CARD_BYTES)
    with _as_disk(machine, image) as disk:
        machine.shell(f"{_FORMAT[filesystem]} {disk} >/dev/null")
    add_to_card(machine, image, files, filesystem)
    return image


def add_to_card(machine: Machine, image: Path, files: Mapping[str, CardFile], filesystem: Filesystem = "exfat") -> None:
    """Write more files onto a card that is not docked."""
    archive = image.with_suffix(".tar")
    archive.write_bytes(_tar(files))
    options = "" if filesystem == "ext4" else "-o umask=0"
    with _as_disk(machine, image) as disk, _as_disk(machine, archive) as content:
        machine.shell(f"""
            mount -t {filesystem} {options} {disk} /mnt
            TZ=UTC tar -xf {content} -C /mnt --no-same-owner --no-same-permissions
            umount /mnt
        """)
    archive.unlink()


def read_card(machine: Machine, image: Path) -> dict[str, str]:
    """Return the name and SHA-256 of every file on an exFAT card that is not docked."""
    with _as_disk(machine, image) as disk:
        listed = machine.shell(f"""
            mount -t exfat -o ro {disk} /mnt
            cd /mnt; find . -type f -exec sha256sum {{}} +; cd /
            umount /mnt
        """)
    lines = [line.split("  ./", 1) for line in listed.splitlines()]
    return {name: digest for digest, name in lines}


@contextmanager
def _as_disk(machine: Machine, image: Path) -> Iterator[str]:
    """Yield where the machine has `image` as a disk, which is no USB device and so no card."""
    name = f"file-{image.suffix.removeprefix('.')}"
    node = f"/dev/disk/by-id/virtio-{name}"
    machine.plug_disk(image, name)
    try:
        machine.shell(f"until test -b {node}; do udevadm settle; sleep 0.1; done")
        yield node
    finally:
        machine.pull(name)


def _tar(files: Mapping[str, CardFile]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, file in files.items():
            member = tarfile.TarInfo(name)
            # A recorder writes the time on its own clock face, and the machine that fills the card lives in UTC.
            on_its_clock = file.written_at.astimezone(BEIJING).replace(tzinfo=UTC)
            member.size, member.mtime = len(file.data), int(on_its_clock.timestamp())
            archive.addfile(member, io.BytesIO(file.data))
    return written.getvalue()
