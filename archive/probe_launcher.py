"""The program `custody-probe`: runs ffprobe on one file where a hostile file can do the least harm.

It stands in for `ffprobe` (ffmpeg-python calls it as its command) and takes that library's arguments, but builds
ffprobe's own command itself. Bubblewrap is used when it works here; resource limits and a real timeout always are.
Standard library only: it starts once for every clip.
"""

import contextlib
import ctypes
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# Whatever else can name other files (hls, concat, image2, sdp …) or is only text is never parsed.
FORMAT_WHITELIST = (
    "mov,mp4,m4a,3gp,3g2,mj2,avi,mpegts,mpeg,matroska,webm,asf,dhav,"
    "wav,mp3,aac,amr,flac,ogg,jpeg_pipe,png_pipe,bmp_pipe"
)

# ffprobe needs 300 MB of address space for the largest of our samples, most of it shared libraries.
ADDRESS_SPACE_BYTES = 1024 * 1024 * 1024
# What ffprobe says of a clip is a few kB; a file made to be talkative is stopped here.
OUTPUT_BYTES = 4 * 1024 * 1024
OPEN_FILES = 64
# A number of seconds, nothing more.
MAX_QUESTION_BYTES = 32
# Inside bubblewrap, where only the sandbox's own processes count.
SANDBOX_PROCESSES = 16

_FFMPEG_PYTHON_ARGUMENTS = ["-show_format", "-show_streams", "-of", "json", "-custody_timeout_s"]
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_LIBRARY_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# A demuxer that recognised the file and then failed names itself: "[mov,mp4,… @ 0x55…] moov atom not found".
_DEMUXER_SPOKE = re.compile(rb"^\[[a-z0-9_,]+ @ 0x[0-9a-f]+\]", re.MULTILINE)


class ProbeOutcome(StrEnum):
    """How looking into a file ended."""

    PARSED = "parsed"
    UNPARSEABLE = "unparseable"
    TIMED_OUT = "timed-out"
    NOT_MEDIA = "not-media"
    TOOL_MISSING = "tool-missing"


class Sandbox(StrEnum):
    """What stood between ffprobe and this machine."""

    SERVICE = "service"
    BUBBLEWRAP = "bubblewrap"
    RLIMITS = "rlimits"
    NONE = "none"


# sysexits.h and timeout(1).
EXIT_CODES: Mapping[ProbeOutcome, int] = {
    ProbeOutcome.PARSED: 0,
    ProbeOutcome.UNPARSEABLE: 1,
    ProbeOutcome.NOT_MEDIA: 1,
    ProbeOutcome.TIMED_OUT: 124,
    ProbeOutcome.TOOL_MISSING: 127,
}
EXIT_USAGE = 64
EXIT_NO_INPUT = 66


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One process that ended or was killed; `returncode` is negative for a signal."""

    returncode: int
    is_timed_out: bool
    stdout: bytes
    stderr: bytes


def main(argv: Sequence[str] | None = None) -> int:
    """Run as `custody-probe -show_format -show_streams -of json -custody_timeout_s N FILE`.

    Prints one JSON object: what ffprobe says, and under `custody_probe` the outcome, the sandbox and the reason.
    Nothing of the arguments but the number and the file reaches ffprobe.

    Run as `custody-probe --socket` by systemd, with one connection as its standard input, it is handed the open file
    and the number there (see `archive.probe_service`), and answers there.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--socket"]:
        return _serve(sys.stdin.fileno())
    if arguments[:-2] != _FFMPEG_PYTHON_ARGUMENTS or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", arguments[-2]):
        return _refuse(EXIT_USAGE, f"usage: custody-probe {' '.join(_FFMPEG_PYTHON_ARGUMENTS)} SECONDS FILE")
    path = Path(arguments[-1])
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as err:
        return _refuse(EXIT_NO_INPUT, err.strerror or str(err))
    if not stat.S_ISREG(os.fstat(fd).st_mode) or not path.is_absolute():
        return _refuse(EXIT_NO_INPUT, "not the absolute path of a regular file")
    return _probe(path, fd, float(arguments[-2]))


def _refuse(code: int, reason: str) -> int:
    sys.stderr.write(f"custody-probe: {reason}\n")
    return code


def _probe(path: Path, fd: int, timeout_s: float) -> int:
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        answer, code = _answer(ProbeOutcome.TOOL_MISSING, Sandbox.NONE, "ffprobe is not installed", {})
    else:
        _limit_resources(timeout_s)
        deadline = time.monotonic() + timeout_s
        sandbox, run = Sandbox.BUBBLEWRAP, _run_in_bubblewrap(ffprobe, path, deadline)
        if run is None:
            sandbox, run = Sandbox.RLIMITS, _run_limited(ffprobe, fd, deadline)
        answer, code = _look(run, fd, sandbox)
    sys.stdout.write(answer)
    return code


def _look(run: _Run, fd: int, sandbox: Sandbox) -> tuple[str, int]:
    """Return the answer and the exit code for what ffprobe did with the file."""
    said = _parse(run.stdout)
    outcome, reason = _judge(run, said, size_bytes=os.fstat(fd).st_size)
    return _answer(outcome, sandbox, reason, said)


def _serve(connection: int) -> int:
    """Answer the one question of a connection; the service around this process is the sandbox."""
    with socket.socket(fileno=connection) as peer:
        said, descriptors, _, _ = socket.recv_fds(peer, MAX_QUESTION_BYTES, 1)
        if len(descriptors) != 1 or not re.fullmatch(rb"[0-9]+(\.[0-9]+)?", said):
            return _refuse(EXIT_USAGE, "expected one open file and a number of seconds")
        (fd,) = descriptors
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return _refuse(EXIT_NO_INPUT, "not a regular file")
        ffprobe = shutil.which("ffprobe")
        if ffprobe is None:
            answer, code = _answer(ProbeOutcome.TOOL_MISSING, Sandbox.NONE, "ffprobe is not installed", {})
        else:
            timeout_s = float(said)
            _limit_resources(timeout_s)
            answer, code = _look(_run_limited(ffprobe, fd, time.monotonic() + timeout_s), fd, _service_sandbox())
        peer.sendall(answer.encode())
        return code


def _service_sandbox() -> Sandbox:
    # systemd.exec(5): set for every process of a service; without one, nothing is around this process.
    return Sandbox.SERVICE if "INVOCATION_ID" in os.environ else Sandbox.RLIMITS


def _answer(outcome: ProbeOutcome, sandbox: Sandbox, reason: str, said: Mapping[str, object]) -> tuple[str, int]:
    # Ours comes last, so that nothing ffprobe says can take its place.
    answer = json.dumps({**said, "custody_probe": {"outcome": outcome, "sandbox": sandbox, "reason": reason}})
    return answer, EXIT_CODES[outcome]


def _limit_resources(timeout_s: float) -> None:
    """Limit this process and with it every process it starts; nobody below can raise them again."""
    cpu_s = int(timeout_s) + 2
    limits = {
        resource.RLIMIT_AS: ADDRESS_SPACE_BYTES,
        resource.RLIMIT_CPU: cpu_s,
        resource.RLIMIT_FSIZE: OUTPUT_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in limits.items():
        hard = resource.getrlimit(kind)[1]
        lowered = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (lowered, lowered))


def _ffprobe_arguments(file: str) -> list[str]:
    # One thread: then no process ever needs another. ffprobe knows no -nostdin; its standard input is /dev/null.
    return [
        *("-v", "error", "-threads", "1", "-protocol_whitelist", "file", "-format_whitelist", FORMAT_WHITELIST),
        *("-show_program_version", "-show_error", "-show_format", "-show_streams", "-of", "json", "-i", f"file:{file}"),
    ]


def _run_in_bubblewrap(ffprobe: str, path: Path, deadline: float) -> _Run | None:
    """Run ffprobe with nothing in reach but the system's libraries and the one file, read-only, at a neutral name.

    None means that bubblewrap is not there or could not set the sandbox up, so nothing has read the file yet. A
    crash inside the sandbox is an answer: the file gets no second chance in a weaker one.
    """
    bwrap, prlimit = shutil.which("bwrap"), shutil.which("prlimit")
    if bwrap is None or prlimit is None:
        return None
    status, status_end = os.pipe()
    command = [bwrap, "--json-status-fd", str(status_end), "--unshare-all", "--die-with-parent", "--new-session"]
    command += ["--cap-drop", "ALL", "--chdir", "/", "--dev", "/dev", *_system_folders()]
    command += ["--ro-bind", os.path.realpath(prlimit), "/prlimit", "--ro-bind", os.path.realpath(ffprobe), "/ffprobe"]
    command += ["--ro-bind", str(path), "/clip", "--", "/prlimit", f"--nproc={SANDBOX_PROCESSES}:{SANDBOX_PROCESSES}"]
    command += ["/ffprobe", *_ffprobe_arguments("/clip")]
    try:
        run = _run(command, deadline, pass_fds=(status_end,))
        os.close(status_end)
        # bwrap writes the exit code of what it ran, and writes none where it ran nothing.
        has_run = run.is_timed_out or b'"exit-code"' in os.read(status, 4096)
    finally:
        os.close(status)
    return run if has_run else None


def _system_folders() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in _LIBRARY_FOLDERS:
        folder = Path("/", name)
        if folder.is_symlink():
            arguments += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            arguments += ["--ro-bind", str(folder), str(folder)]
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        arguments += ["--ro-bind-try", name, name]
    return arguments


def _run_limited(ffprobe: str, fd: int, deadline: float) -> _Run:
    """Run ffprobe with resource limits only: it can still see what this user can see."""
    libc = ctypes.CDLL(None, use_errno=True)

    def confine() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))

    return _run([ffprobe, *_ffprobe_arguments(f"/dev/fd/{fd}")], deadline, pass_fds=(fd,), confine=confine)


def _run(
    command: Sequence[str], deadline: float, *, pass_fds: Sequence[int], confine: Callable[[], None] | None = None
) -> _Run:
    """Run to the end or to the deadline, then kill the whole process group."""
    # Files in memory, not pipes: RLIMIT_FSIZE bounds them and nobody has to keep reading.
    with os.fdopen(os.memfd_create("stdout"), "w+b") as stdout, os.fdopen(os.memfd_create("stderr"), "w+b") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd="/",
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath},
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=confine,  # this program has one thread
        )
        is_timed_out = not _wait(process.pid, deadline)
        # Whatever the first process left behind goes with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        returncode = process.wait()
        stdout.seek(0)
        stderr.seek(0)
        return _Run(returncode=returncode, is_timed_out=is_timed_out, stdout=stdout.read(), stderr=stderr.read())


def _wait(pid: int, deadline: float) -> bool:
    """Return whether the process ended before the deadline, without polling."""
    pidfd = os.pidfd_open(pid)
    try:
        return bool(select.select([pidfd], [], [], max(0.0, deadline - time.monotonic()))[0])
    finally:
        os.close(pidfd)


def _parse(stdout: bytes) -> dict[str, object]:
    try:
        said = json.loads(stdout.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _judge(run: _Run, said: Mapping[str, object], *, size_bytes: int) -> tuple[ProbeOutcome, str]:
    error = said.get("error")
    reason = str(error.get("string", "")) if isinstance(error, dict) else ""
    if run.is_timed_out:
        return ProbeOutcome.TIMED_OUT, "no answer in time"
    if run.stderr.startswith(b"prlimit: failed to execute"):
        return ProbeOutcome.TOOL_MISSING, "ffprobe cannot start in the sandbox"
    if run.returncode == 0 and said.get("streams"):
        return ProbeOutcome.PARSED, ""
    if b"Format not on whitelist" in run.stderr:
        return ProbeOutcome.NOT_MEDIA, "a format that is never parsed"
    if isinstance(error, dict) and size_bytes and not _DEMUXER_SPOKE.search(run.stderr):
        return ProbeOutcome.NOT_MEDIA, reason
    return ProbeOutcome.UNPARSEABLE, reason or f"ffprobe ended with {run.returncode}"


if __name__ == "__main__":
    sys.exit(main())
