"""A virtual machine: started, asked, plugged, saved, cut off from power. Each is one process, ended by its id."""

import itertools
import json
import shlex
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.station.agent import PORT_NAME
from tests.station.qmp import Qmp

QEMU = "qemu-system-x86_64"
MEMORY_MIB = 1024
# From power on to the first answer: 25 to 45 s on an idle machine, several times that on a busy one.
UP_WITHIN_S = 600.0
ANSWER_WITHIN_S = 600.0
_SAVED_WITHIN_S = 600.0
_POLL_S = 0.2
_KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off systemd.show_status=no"


class MachineError(Exception):
    """The machine did not do what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What is booted without a boot loader."""

    vmlinuz: Path
    initrd: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Disks:
    """The disks of one machine in one folder, as qcow2 files: the system, the primary store, the backup."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def files(self) -> dict[str, Path]:
        """Each disk by its serial number."""
        return {name: self.folder / f"{name}.qcow2" for name in ("root", "primary", "backup")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command in the machine did."""

    code: int
    out: str
    err: str


class Machine:
    """One running machine. As a context manager it ends with the block, whatever happened."""

    def __init__(
        self, disks: Disks, kernel: Kernel, *, memory: Path | None = None, delivery: Path | None = None
    ) -> None:
        """Switch it on, or wake it from what `save_memory` wrote; `delivery` is one more disk, read-only."""
        self._console = disks.folder / "console.log"
        self._numbers = itertools.count(1)
        self._plugged: dict[str, list[str]] = {}
        monitor, its_monitor = socket.socketpair()
        self._port, its_port = socket.socketpair()
        try:
            command = _command(disks, kernel, self._console, its_monitor.fileno(), its_port.fileno(), delivery)
            if memory is not None:
                command += ["-incoming", "defer"]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(its_monitor.fileno(), its_port.fileno()),
            )
        finally:
            its_monitor.close()
            its_port.close()
        self._answers = self._port.makefile("rb")
        try:
            self.qmp = Qmp(monitor)
            if memory is not None:
                self._wake(memory)
        except BaseException as err:
            monitor.close()
            said = self._end()
            raise MachineError(f"qemu did not start: {said}") from err

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *_: object) -> None:
        self.cut_power()

    def ask(self, *argv: str, text: str = "", timeout_s: float = ANSWER_WITHIN_S) -> Answer:
        """Run a command as root in the machine and return what it did, also when it failed.

        Raises:
            MachineError: the machine did not answer.
        """
        number = next(self._numbers)
        request = {"id": number, "argv": argv, "input": text, "timeout_s": timeout_s}
        self._port.settimeout(timeout_s + ANSWER_WITHIN_S)
        try:
            self._port.sendall(json.dumps(request).encode("ascii") + b"\n")
            answer = json.loads(self._answers.readline())
        except (OSError, ValueError) as err:
            raise MachineError(f"no answer to {shlex.join(argv)}: {err}\n{self.console_tail()}") from err
        if answer["id"] != number:
            raise MachineError(f"answer {answer['id']} to request {number}")
        return Answer(code=answer["code"], out=answer["out"], err=answer["err"])

    def run(self, *argv: str, text: str = "", timeout_s: float = ANSWER_WITHIN_S) -> str:
        """Run a command as root in the machine and return what it printed.

        Raises:
            MachineError: it failed; the error says how.
        """
        answer = self.ask(*argv, text=text, timeout_s=timeout_s)
        if answer.code != 0:
            raise MachineError(f"{shlex.join(argv)} ended with {answer.code}:\n{answer.out}{answer.err}")
        return answer.out

    def shell(self, script: str, *, timeout_s: float = ANSWER_WITHIN_S) -> str:
        """Run lines of shell as root in the machine and return what they printed; the first that fails is an error."""
        return self.run("bash", "-euo", "pipefail", "-s", text=script, timeout_s=timeout_s)

    def wait_until_up(self) -> None:
        """Wait until the machine answers and systemd has nothing left to start."""
        self.ask("true", timeout_s=UP_WITHIN_S)
        self.ask("systemctl", "is-system-running", "--wait", timeout_s=UP_WITHIN_S)

    def plug_disk(self, image: Path, name: str) -> None:
        """Attach a raw image as a virtio disk, which is no USB device and so no card."""
        self._add_node(name, image)
        self._add_device(name, driver="virtio-blk-pci", serial=name)

    def plug(
        self, image: Path, name: str, *, serial: str, port: int | None = None, bytes_per_s: int | None = None
    ) -> None:
        """Put a raw image into a USB port as a storage device; with `bytes_per_s` it is read no faster than that."""
        node = self._add_node(name, image)
        if bytes_per_s is not None:
            group = f"slow-{name}"
            # Bursts would let the first seconds through at full speed.
            limits = {"bps-read": bytes_per_s, "bps-read-max": bytes_per_s}
            self.qmp("object-add", qom_type="throttle-group", id=group, limits=limits)
            node = f"{name}-slow"
            self.qmp("blockdev-add", driver="throttle", node_name=node, throttle_group=group, file=f"{name}-file")
            self._plugged[name].append(node)
        place = {} if port is None else {"port": str(port)}
        self._add_device(name, node=node, driver="usb-storage", bus="xhci.0", serial=serial, **place)

    def pull(self, name: str) -> None:
        """Take a device out, whatever is being done with it."""
        self.qmp("device_del", id=name)
        self.qmp.wait_for("DEVICE_DELETED", device=name)
        for node in reversed(self._plugged.pop(name)):
            self.qmp("blockdev-del", node_name=node)
            if node == f"{name}-slow":
                self.qmp("object-del", id=f"slow-{name}")

    def save_memory(self, file: Path) -> None:
        """Write what the machine is doing to `file` and end it; its disks stay as they are at this moment."""
        # It stands still meanwhile: what emulated processors write while their memory is read may be missed.
        self.qmp("stop")
        self.qmp("migrate-set-parameters", max_bandwidth=8 * 1024**3)
        self.qmp("migrate", uri=f"exec:cat > {shlex.quote(str(file))}")
        deadline = time.monotonic() + _SAVED_WITHIN_S
        while (status := self.qmp("query-migrate")["status"]) != "completed":
            if status in {"failed", "cancelled"} or time.monotonic() > deadline:
                raise MachineError(f"the machine's memory was not saved: {status}")
            time.sleep(_POLL_S)
        self.qmp("quit")
        self._end()

    def switch_off(self) -> None:
        """Shut it down in order."""
        self.ask("systemctl", "poweroff", "--no-block")
        try:
            self._process.wait(timeout=UP_WITHIN_S)
        except subprocess.TimeoutExpired as err:
            raise MachineError(f"the machine did not switch off\n{self.console_tail()}") from err
        self._end()

    def cut_power(self) -> None:
        """End it at once, as a power cut does: what its disks had not flushed is gone. Does nothing a second time."""
        if self._process.poll() is None:
            self._process.kill()
        self._end()

    def has_panicked(self) -> bool:
        """Return whether the machine's own kernel said that it cannot go on."""
        return "Kernel panic" in self._console.read_text(errors="replace")

    def console_tail(self) -> str:
        """Return the last lines of its console."""
        return "\n".join(self._console.read_text(errors="replace").splitlines()[-30:])

    def _end(self) -> str:
        said = self._process.communicate(timeout=60)[1] if self._process.stderr else b""
        self._answers.close()
        self._port.close()
        if hasattr(self, "qmp"):
            self.qmp.close()
        return said.decode(errors="replace").strip() if said else ""

    def _wake(self, memory: Path) -> None:
        self.qmp("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
        self.qmp("migrate-incoming", uri=f"exec:cat {shlex.quote(str(memory))}")
        self.qmp.wait_for("MIGRATION", status="completed")
        self.qmp("cont")

    def _add_node(self, name: str, image: Path) -> str:
        node = f"{name}-file"
        self.qmp("blockdev-add", driver="raw", node_name=node, file={"driver": "file", "filename": str(image)})
        self._plugged[name] = [node]
        return node

    def _add_device(self, name: str, *, node: str | None = None, **properties: Any) -> None:
        self.qmp("device_add", id=name, drive=node or f"{name}-file", **properties)


def _command(disks: Disks, kernel: Kernel, console: Path, monitor: int, port: int, delivery: Path | None) -> list[str]:
    # The parent's death ends it too, so that not even a killed test leaves a machine behind.
    command = ["setpriv", "--pdeathsig", "KILL", QEMU, "-no-user-config", "-nodefaults", "-display", "none"]
    command += ["-machine", "pc,usb=off", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]
    command += ["-m", str(MEMORY_MIB), "-no-reboot", "-rtc", "base=utc", "-device", "virtio-rng-pci"]
    command += ["-kernel", str(kernel.vmlinuz), "-initrd", str(kernel.initrd), "-append", _KERNEL_LINE]
    command += ["-chardev", f"file,id=console,path={console},append=on", "-serial", "chardev:console"]
    command += ["-chardev", f"socket,id=monitor,fd={monitor}", "-mon", "chardev=monitor,mode=control"]
    command += ["-device", "virtio-serial-pci", "-chardev", f"socket,id=port,fd={port}"]
    command += ["-device", f"virtserialport,chardev=port,name={PORT_NAME}"]
    # Ten ports of each speed: more than a desk has.
    command += ["-device", "qemu-xhci,id=xhci,p2=10,p3=10"]
    for name, file in disks.files.items():
        command += ["-blockdev", f"qcow2,node-name={name},file.driver=file,file.filename={file}"]
        command += ["-device", f"virtio-blk-pci,drive={name},serial={name}"]
    if delivery is not None:
        command += ["-blockdev", f"raw,node-name=delivery,read-only=on,file.driver=file,file.filename={delivery}"]
        command += ["-device", "virtio-blk-pci,drive=delivery,serial=delivery"]
    return command
