"""The station as docs/installation.md has it set up on the plain system, asleep after its first start.

What is installed is what lies in the work tree. The result is kept in build/station until a file of it changes.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docs.reading import code_blocks, section
from tests.station.image import PAGE, Image, made_whole, plain_image
from tests.station.machine import Disks, Kernel, Machine

REPOSITORY = Path(__file__).parents[2]
_STORE_DISK_SIZE = "3G"
# pip on a machine that emulates every instruction.
_INSTALLED_WITHIN_S = 1800.0
_STARTED_WITHIN_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A station asleep: its disks, which nobody writes any more, and its memory."""

    folder: Path
    kernel: Kernel

    def wake(self, folder: Path) -> Machine:
        """Return it awake on disks of its own in `folder`."""
        disks = Disks(folder=folder)
        for name, file in Disks(folder=self.folder).files.items():
            _make_disk(disks.files[name], over=file, form="qcow2")
        return Machine(disks, self.kernel, memory=self.folder / "memory")

    def switch_on_again(self, folder: Path) -> Machine:
        """Return the station whose disks are in `folder`, starting as after a power cut."""
        return Machine(Disks(folder=folder), self.kernel)


def installed_station(folder: Path, say: Callable[[str], None]) -> Installation:
    """Return the station, installed and started now if it is not there; `say` hears of each step."""
    began = time.monotonic()
    with _held(folder):
        installation = _installed_station(folder, say)
    say(f"the station is there after {time.monotonic() - began:.0f} s")
    return installation


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep others from making the same things at the same time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _installed_station(folder: Path, say: Callable[[str], None]) -> Installation:
    image = plain_image(folder, say)
    files = _work_tree()
    place = folder / f"station-{_key(image, files)}"
    if not place.is_dir():
        for older in folder.glob("station-*"):
            shutil.rmtree(older)
        with made_whole(place) as unfinished:
            say("putting together what is installed")
            delivery = _make_delivery(unfinished, files)
            say("installing it in the machine")
            _install(unfinished, image, delivery)
            delivery.unlink()
            say("starting the station")
            _start_and_sleep(unfinished, image)
    return Installation(folder=place, kernel=image.kernel)


def _work_tree() -> dict[str, bytes]:
    # Who runs this as root need not be who cloned it.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    ).stdout.decode()
    names = sorted({name for name in listed.split("\0") if name and not name.startswith("tests/")})
    return {name: (REPOSITORY / name).read_bytes() for name in names if (REPOSITORY / name).is_file()}


def _key(image: Image, files: dict[str, bytes]) -> str:
    hashed = hashlib.sha256(image.key.encode() + Path(__file__).read_bytes())
    for name, data in files.items():
        hashed.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return hashed.hexdigest()[:12]


def _make_delivery(folder: Path, files: dict[str, bytes]) -> Path:
    """Return a disk with the sources and a wheelhouse: everything the machine, which has no network, is given."""
    content = folder / "delivery"
    for name, data in files.items():
        target = content / "bodycam-custody" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        shutil.copymode(REPOSITORY / name, target)
    # Beside the Makefile, as the page says.
    wheelhouse = content / "bodycam-custody" / "wheelhouse"
    _run_python("-m", "build", "--wheel", "--outdir", str(wheelhouse), str(content / "bodycam-custody"))
    _run_python("-m", "pip", *_download_options(), "--dest", str(wheelhouse), *map(str, wheelhouse.glob("*.whl")))
    disk = folder / "delivery.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(content), str(disk), "512M"], check=True)
    shutil.rmtree(content)
    return disk


def _download_options() -> list[str]:
    """Return what makes pip fetch wheels for the machine's Python, which need not be ours."""
    options = ["download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--implementation=cp"]
    options += ["--python-version=3.11", *(f"--abi={abi}" for abi in ("cp311", "abi3", "none"))]
    glibc = (34, 28, 17, 12, 5)  # Debian 12 has 2.36
    return options + [f"--platform=manylinux_2_{minor}_x86_64" for minor in glibc]


def _run_python(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(
            f"python {' '.join(arguments[:3])} … ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )


def _make_disk(file: Path, *, over: Path | None = None, form: str = "raw", size: str | None = None) -> None:
    below = ["-b", str(over), "-F", form] if over else []
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", *below, str(file), *([size] if size else [])], check=True
    )


def _install(folder: Path, image: Image, delivery: Path) -> None:
    disks = Disks(folder=folder)
    # Told relative to this disk, so that the work tree can move.
    _make_disk(disks.files["root"], over=Path(os.path.relpath(image.disk, folder)))
    for name in ("primary", "backup"):
        _make_disk(disks.files[name], size=_STORE_DISK_SIZE)
    with Machine(disks, image.kernel, delivery=delivery) as machine:
        machine.wait_until_up()
        machine.shell("""
            mount -o ro /dev/disk/by-id/virtio-delivery /mnt
            cp -a /mnt/bodycam-custody /root/
            umount /mnt
        """)
        machine.shell(_follow_the_page(), timeout_s=_INSTALLED_WITHIN_S)
        machine.switch_off()


def _follow_the_page() -> str:
    """Return the commands of the page in their order, with what it leaves to the reader filled in."""
    (_, without_network) = code_blocks(section(PAGE, "2. The program"), "sh")
    (store,) = code_blocks(section(PAGE, "3. The stores"), "sh")
    (station,) = code_blocks(section(PAGE, "4. The station"), "sh")
    assert "make install WHEELHOUSE=wheelhouse" in without_network
    lines = ["cd /root/bodycam-custody", "make install WHEELHOUSE=wheelhouse", _PASSPHRASE]
    for name in ("primary", "backup"):
        disk = f"/dev/disk/by-id/virtio-{name}"
        lines += [store.replace("/dev/sdb", disk).replace("primary", name)]
        lines += [f"echo custody-{name} {disk} /root/passphrase luks >> /etc/crypttab"]
        lines += [f"echo /dev/mapper/custody-{name} /srv/custody/{name} ext4 defaults 0 2 >> /etc/fstab"]
    lines += ["cd /root", "for person in p-1 p-2 p-3; do ssh-keygen -q -t ed25519 -N '' -f $person; done", station]
    return "\n".join([*lines, "systemctl enable --now bodycam-custody.service"])


# Nobody is there to type one; and what makes guessing slow would make the tests slow.
_PASSPHRASE = """
(umask 0077; head -c 32 /dev/urandom | base64 > /root/passphrase)
cryptsetup() {
    local fast=()
    [ "$1" != luksFormat ] || fast=(--pbkdf pbkdf2 --pbkdf-force-iterations 1000)
    command cryptsetup --batch-mode --key-file /root/passphrase "$@" "${fast[@]}"
}
"""


def _start_and_sleep(folder: Path, image: Image) -> None:
    """Start it as every morning, and put it to sleep when it is ready."""
    with Machine(Disks(folder=folder), image.kernel) as machine:
        machine.wait_until_up()
        machine.run("systemctl", "is-active", "bodycam-custody.service", timeout_s=_STARTED_WITHIN_S)
        machine.save_memory(folder / "memory")
