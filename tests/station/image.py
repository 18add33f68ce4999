"""The system disk before anything of ours is on it: a plain Debian 12, made once and kept in build/station."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docs.reading import code_blocks, section
from tests.station import agent
from tests.station.machine import QEMU, Kernel

_SUITE = "bookworm"
_MIRROR = "http://deb.debian.org/debian"
PAGE = "docs/installation.md"
# A bare machine, ...
_BARE = ("systemd", "systemd-sysv", "dbus", "kmod", "linux-image-amd64")
# ... and what formats the cards of the tests.
_FOR_CARDS = ("exfatprogs", "dosfstools")
_DISK_SIZE = "6G"
_AGENT = "/usr/local/lib/station-agent.py"
_PORT = f"/dev/virtio-ports/{agent.PORT_NAME}"
_UNIT = f"""\
[Unit]
Description=Carries out what the tests ask for
DefaultDependencies=no
After=dev-virtio\\x2dports-{agent.PORT_NAME}.device systemd-tmpfiles-setup.service
Wants=dev-virtio\\x2dports-{agent.PORT_NAME}.device

[Service]
ExecStart=/usr/bin/python3 -I {_AGENT} {_PORT}
Environment=HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WorkingDirectory=/root
Restart=always

[Install]
WantedBy=multi-user.target
"""

_TOOLS = {
    QEMU: "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "debootstrap": "debootstrap",
    "mke2fs": "e2fsprogs",
    "setpriv": "util-linux",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A system disk and the kernel that boots it."""

    disk: Path
    kernel: Kernel
    key: str


def why_impossible(*, is_root: bool) -> str | None:
    """Return why no machine can be made here, or None."""
    missing = sorted({package for tool, package in _TOOLS.items() if shutil.which(tool) is None})
    if missing:
        return f"the station in a box needs the packages {' '.join(missing)}"
    if not is_root:
        return "the station in a box is made as root: debootstrap needs it"
    # debootstrap enters the system it makes and mounts in it, which not every container lets its root do.
    tried = subprocess.run(["unshare", "--mount", "chroot", "/", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"the station in a box needs a root that may mount and chroot: {tried.stderr.strip()}"
    return None


def plain_image(folder: Path, say: Callable[[str], None]) -> Image:
    """Return the image in `folder`, made now if it is not there: some minutes and 2 GB of disk."""
    packages = [*_BARE, *_FOR_CARDS, *_packages_of_the_page()]
    # A new image is made whenever another one would come of it.
    recipe = "\n".join((*packages, _SUITE, _DISK_SIZE, _UNIT, Path(agent.__file__).read_text(encoding="utf-8")))
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    place = folder / f"debian-{key}"
    if not place.is_dir():
        for older in folder.glob("debian-*"):
            shutil.rmtree(older)
        say("making a plain Debian 12: some minutes")
        with made_whole(place) as unfinished:
            _make(unfinished, packages)
    kernel = Kernel(vmlinuz=place / "vmlinuz", initrd=place / "initrd.img")
    return Image(disk=place / "root.img", kernel=kernel, key=key)


@contextmanager
def made_whole(place: Path) -> Iterator[Path]:
    """Yield a folder that becomes `place` when the block ends well, and is removed when it does not."""
    unfinished = place.with_name(f"{place.name}.unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        unfinished.rename(place)
    finally:
        if unfinished.exists():
            shutil.rmtree(unfinished)


def _packages_of_the_page() -> list[str]:
    (commands,) = code_blocks(section(PAGE, "1. What the machine needs"), "sh")
    (line,) = [line for line in commands.splitlines() if line.startswith("apt-get install ")]
    return [word for word in line.split()[2:] if not word.startswith("-")]


def _make(folder: Path, packages: Sequence[str]) -> None:
    tree = folder / "tree"
    include = f"--include={','.join(packages)}"
    # What it mounts is mounted in a namespace of its own, and so is gone when it ends in whatever way.
    command = ["unshare", "--mount", "debootstrap", "--variant=minbase", include, _SUITE, str(tree), _MIRROR]
    with (folder / "debootstrap.log").open("wb") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log)
    _settle(tree)
    for name in ("vmlinuz", "initrd.img"):
        (found,) = (tree / "boot").glob(f"{name}-*")
        shutil.copy(found, folder / name)
    disk = folder / "root.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", str(tree), str(disk), _DISK_SIZE], check=True)
    shutil.rmtree(tree)


def _settle(tree: Path) -> None:
    for package in (tree / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    (tree / "etc/hostname").write_text("station-1\n")
    (tree / "etc/fstab").write_text("LABEL=root / ext4 errors=remount-ro 0 1\n")
    # An empty one would be filled at the first start, as for a machine that was never set up.
    (tree / "etc/machine-id").write_text(hashlib.sha256(b"station-1").hexdigest()[:32] + "\n")
    (tree / _AGENT.lstrip("/")).write_text(Path(agent.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    unit = tree / "etc/systemd/system/station-agent.service"
    unit.write_text(_UNIT)
    wanted = tree / "etc/systemd/system/multi-user.target.wants" / unit.name
    wanted.parent.mkdir(exist_ok=True)
    wanted.symlink_to(f"../{unit.name}")
