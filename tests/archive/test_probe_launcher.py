"""ffprobe reaches nothing but the one file, ends in time with everything it started, and is told apart honestly."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.probe_launcher import EXIT_CODES, EXIT_NO_INPUT, EXIT_USAGE, OPEN_FILES, OUTPUT_BYTES, ProbeOutcome
from tests.archive.probe_tools import BUBBLEWRAP_TOOLS, make_launcher, needs_bubblewrap

ARGUMENTS = ["-show_format", "-show_streams", "-of", "json", "-custody_timeout_s"]
SANDBOXES = {"bubblewrap": ("bwrap", "prlimit"), "rlimits": ()}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "main.mp4"
    path.write_bytes(b"evidence\n")
    path.chmod(0o440)
    return path


@pytest.fixture(params=list(SANDBOXES))
def sandbox(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if name == "bubblewrap":
        needs_bubblewrap()
    return name


def _launch(launcher: Path, clip: Path | str, *, timeout_s: str = "20") -> subprocess.CompletedProcess[str]:
    return subprocess.run([launcher, *ARGUMENTS, timeout_s, clip], capture_output=True, text=True, check=False)


def _saying(script: str) -> str:
    """Return a stand-in for ffprobe that answers like it, with what `script` prints as the format's name."""
    return f"""said=$({script})
printf '{{"program_version": {{"version": "fake"}}, "streams": [{{}}], "format": {{"format_name": "%s"}}}}' "$said" """


def _ask(folder: Path, clip: Path, sandbox: str, script: str) -> str:
    launcher = make_launcher(folder, *SANDBOXES[sandbox], fake_ffprobe=_saying(script))
    done = _launch(launcher, clip)
    answer = json.loads(done.stdout)
    assert answer["custody_probe"] == {"outcome": "parsed", "sandbox": sandbox, "reason": ""}, done.stderr
    return str(answer["format"]["format_name"])


def _running(token: str) -> list[int]:
    """Return the processes that have `token` among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and token.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def _gone(token: str) -> bool:
    """Wait until no process with `token` is left: a killed process stays visible until it is reaped."""
    deadline = time.monotonic() + 5
    while _running(token) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _running(token)


@pytest.fixture
def sleeper() -> Iterator[str]:
    """A number of seconds that no other process sleeps; whatever still sleeps it afterwards is ended."""
    token = f"{os.getpid()}.{time.monotonic_ns()}"
    yield token
    for pid in _running(token):
        os.kill(pid, signal.SIGKILL)


def test_the_sandbox_shows_the_file_at_a_neutral_name_and_nobodys_home(clip: Path, tmp_path: Path) -> None:
    needs_bubblewrap()
    looks = f"ls -d {clip} /home /root /etc/passwd /tmp /proc /sys 2>/dev/null; echo $(ls / | grep -c clip)"
    assert _ask(tmp_path, clip, "bubblewrap", looks) == "1"


def test_the_sandbox_has_no_network(clip: Path, tmp_path: Path) -> None:
    needs_bubblewrap()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        tries = f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached' 2>/dev/null"
        assert subprocess.run(tries, shell=True, capture_output=True).stdout == b"reached\n"  # noqa: S602  # fixed text
        assert _ask(tmp_path, clip, "bubblewrap", tries) == ""


def test_the_file_cannot_be_changed_from_inside_the_sandbox(clip: Path, tmp_path: Path) -> None:
    needs_bubblewrap()
    tries = "cat /clip; (echo x >> /clip) 2>/dev/null && echo changed; chmod 777 /clip 2>/dev/null && echo opened"
    assert _ask(tmp_path, clip, "bubblewrap", tries) == "evidence"
    assert clip.read_bytes() == b"evidence\n"
    assert clip.stat().st_mode & 0o777 == 0o440


def test_limits_hold_in_every_sandbox(clip: Path, tmp_path: Path, sandbox: str) -> None:
    told = _ask(tmp_path, clip, sandbox, "echo $(ulimit -v) $(ulimit -t) $(ulimit -f) $(ulimit -n) $(ulimit -c)")
    assert told == f"{1024 * 1024} 22 {OUTPUT_BYTES // 512} {OPEN_FILES} 0"


def test_no_new_process_without_a_sandbox_around_it(clip: Path, tmp_path: Path) -> None:
    # A shell that may not fork cannot use $(…), so this stand-in answers without.
    answer = 'ulimit -p | { read n; printf \'{"streams": [{}], "format": {"format_name": "%s"}}\' "$n"; }'
    if os.geteuid() != 0:
        answer = 'ulimit -p >&2; printf \'{"streams": [{}], "format": {"format_name": "0"}}\''
    done = _launch(make_launcher(tmp_path, fake_ffprobe=answer), clip)
    assert json.loads(done.stdout)["format"]["format_name"] == "0"


def test_ffprobe_gets_none_of_our_environment(
    clip: Path, tmp_path: Path, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTODY_SECRET", "seen")
    assert _ask(tmp_path, clip, sandbox, 'echo "$CUSTODY_SECRET"') == ""


@pytest.mark.timeout(30)
def test_a_probe_that_hangs_ends_in_time_with_everything_it_started(
    clip: Path, tmp_path: Path, sandbox: str, sleeper: str
) -> None:
    hang = f"sleep {sleeper} & exec sleep {sleeper}"
    launcher = make_launcher(tmp_path, *SANDBOXES[sandbox], fake_ffprobe=hang)
    begun = time.monotonic()
    done = _launch(launcher, clip, timeout_s="0.5")
    assert 0.5 <= time.monotonic() - begun < 5
    assert done.returncode == 124
    assert json.loads(done.stdout) == {
        "custody_probe": {"outcome": "timed-out", "sandbox": sandbox, "reason": "no answer in time"}
    }
    assert _gone(sleeper)


@pytest.mark.timeout(30)
def test_a_killed_launcher_leaves_no_probe_behind(clip: Path, tmp_path: Path, sandbox: str, sleeper: str) -> None:
    launcher = make_launcher(tmp_path, *SANDBOXES[sandbox], fake_ffprobe=f"exec sleep {sleeper}")
    with subprocess.Popen([launcher, *ARGUMENTS, "20", clip], stdout=subprocess.DEVNULL) as process:
        while not _running(sleeper):
            time.sleep(0.01)
        process.kill()
    assert _gone(sleeper)


@pytest.mark.timeout(30)
def test_a_probe_that_talks_without_end_is_stopped(clip: Path, tmp_path: Path, sandbox: str) -> None:
    launcher = make_launcher(tmp_path, *SANDBOXES[sandbox], fake_ffprobe="exec yes")
    done = _launch(launcher, clip)
    answer = json.loads(done.stdout)["custody_probe"]
    assert (answer["outcome"], answer["sandbox"]) == ("unparseable", sandbox)
    assert len(done.stdout) < 1000


def test_a_file_that_crashes_ffprobe_gets_no_second_chance_in_a_weaker_sandbox(
    clip: Path, tmp_path: Path, sandbox: str
) -> None:
    launcher = make_launcher(tmp_path, *SANDBOXES[sandbox], fake_ffprobe="kill -SEGV $$")
    done = _launch(launcher, clip)
    answer = json.loads(done.stdout)["custody_probe"]
    assert (answer["outcome"], answer["sandbox"]) == ("unparseable", sandbox)
    assert done.returncode == 1


def test_where_bubblewrap_does_not_work_limits_alone_are_used_and_said(clip: Path, tmp_path: Path) -> None:
    broken = "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"
    launcher = make_launcher(tmp_path, "prlimit", fake_ffprobe=_saying("echo fine"), fake_bwrap=broken)
    answer = json.loads(_launch(launcher, clip).stdout)
    assert answer["custody_probe"]["sandbox"] == "rlimits"
    assert answer["format"]["format_name"] == "fine"


def test_an_ffprobe_that_cannot_start_in_the_sandbox_is_a_missing_tool(clip: Path, tmp_path: Path) -> None:
    needs_bubblewrap()
    launcher = make_launcher(tmp_path, "bwrap", "prlimit", fake_ffprobe="exit 0")
    (tmp_path / "bin" / "ffprobe").write_text("#!/nowhere/interpreter\n")
    done = _launch(launcher, clip)
    assert done.returncode == 127
    assert json.loads(done.stdout)["custody_probe"]["outcome"] == "tool-missing"


def test_a_machine_without_ffprobe_is_told_apart(clip: Path, tmp_path: Path) -> None:
    done = _launch(make_launcher(tmp_path), clip)
    assert done.returncode == 127
    assert json.loads(done.stdout) == {
        "custody_probe": {"outcome": "tool-missing", "sandbox": "none", "reason": "ffprobe is not installed"}
    }


def test_what_ffprobe_says_cannot_pass_for_what_the_launcher_says(clip: Path, tmp_path: Path) -> None:
    claims = """printf '{"streams": [{}], "custody_probe": {"sandbox": "perfect"}}'"""
    done = _launch(make_launcher(tmp_path, fake_ffprobe=claims), clip)
    assert json.loads(done.stdout)["custody_probe"]["sandbox"] == "rlimits"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "absent", "relative"])
def test_only_a_regular_file_is_ever_looked_into(clip: Path, tmp_path: Path, kind: str) -> None:
    path: Path | str = tmp_path / kind
    if kind == "link":
        Path(path).symlink_to(clip)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        Path(path).mkdir()
    elif kind == "relative":
        path = os.path.relpath(clip)
    done = _launch(make_launcher(tmp_path, fake_ffprobe="exit 1"), path)
    assert done.returncode == EXIT_NO_INPUT
    assert done.stderr.startswith("custody-probe: ")
    assert done.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [*ARGUMENTS, "20"],
        [*ARGUMENTS, "-1", "/x"],
        [*ARGUMENTS, "inf", "/x"],
        ["-i", "/etc/passwd", *ARGUMENTS, "20", "/x"],
    ],
)
def test_other_arguments_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    launcher = make_launcher(tmp_path, fake_ffprobe="exit 0")
    done = subprocess.run([launcher, *arguments], capture_output=True, text=True)
    assert done.returncode == EXIT_USAGE
    assert done.stderr.startswith("custody-probe: usage: ")


def test_every_outcome_has_an_exit_code_and_only_success_is_0() -> None:
    assert set(EXIT_CODES) == set(ProbeOutcome)
    assert [outcome for outcome, code in EXIT_CODES.items() if code == 0] == [ProbeOutcome.PARSED]


def test_the_real_tools_work_together(clip: Path, tmp_path: Path, sandbox: str) -> None:
    tools = BUBBLEWRAP_TOOLS if sandbox == "bubblewrap" else ("ffprobe",)
    done = _launch(make_launcher(tmp_path, *tools), clip)
    answer = json.loads(done.stdout)
    assert answer["custody_probe"]["outcome"] == "not-media"
    assert answer["custody_probe"]["sandbox"] == sandbox
    assert answer["program_version"]["version"]
