"""The machine a run was made on, in one line each."""

import os
import platform
import sqlite3
import subprocess
from pathlib import Path

from archive.filesystem import filesystem_identity_of


def machine_text(folders: list[Path]) -> str:
    """Name processor, memory, kernel, Python and the file systems of `folders`."""
    lines = [
        f"machine: {_cpu_name()}, {os.cpu_count()} CPUs, {_memory_gib():.0f} GiB",
        f"system: {_system_name()}, Linux {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {_openssl()}",
        f"load before: {os.getloadavg()[0]:.1f}",
        *(f"{folder}: {filesystem_identity_of(folder).kind}" for folder in folders),
    ]
    return "\n".join(lines) + "\n"


def is_in_memory(folder: Path) -> bool:
    """Return whether `folder` lies on a file system without a disk."""
    return filesystem_identity_of(folder).kind in {"tmpfs", "ramfs"}


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system_name() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def _openssl() -> str:
    try:
        return subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.split(" (")[0]
    except FileNotFoundError:
        return "no openssl command"
