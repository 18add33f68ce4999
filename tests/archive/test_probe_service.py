"""The probe as a service: it is handed one open file, and says the same as the program beside us would."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import ProbeFailedError
from archive.media import MediaFacts, ProbeOutcome, Sandbox, find_launcher, probe
from tests.archive.accepting_socket import AcceptingSocket
from tests.archive.probe_tools import needs

COMMAND = [sys.executable, "-m", "archive.probe_launcher", "--socket"]


class Service(AcceptingSocket):
    """The service, and how each of its processes ended and what it said."""

    def __init__(self, path: Path, environ: dict[str, str]) -> None:
        self.ended: list[tuple[int, str]] = []
        self._environ = environ
        super().__init__(path, self._look)

    def _look(self, connection: socket.socket) -> None:
        done = subprocess.run(COMMAND, stdin=connection.fileno(), capture_output=True, text=True, env=self._environ)
        self.ended.append((done.returncode, done.stderr))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    environ = {"PATH": os.environ["PATH"], "INVOCATION_ID": "0" * 32}
    service = Service(tmp_path / "probe", environ)
    yield service
    service.close()


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short MP4 with its index (moov) at the end: reading it takes going back and forth in the file."""
    needs("ffmpeg", "ffprobe")
    path = tmp_path_factory.mktemp("made") / "main.mp4"
    made = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1"]
    subprocess.run([*made, str(path)], check=True)
    return path


def look(path: Path, service: Path) -> MediaFacts:
    return probe(path, timeout_s=20, launcher=service)


def test_the_service_says_what_a_recording_is(service: Service, video: Path) -> None:
    media = look(video, service.path)
    assert (media.outcome, media.duration_ms, media.video_width) == (ProbeOutcome.PARSED, 1000, "64")
    assert media.sandbox is Sandbox.SERVICE


def test_a_process_that_no_service_is_around_does_not_claim_one(tmp_path: Path, video: Path) -> None:
    service = Service(tmp_path / "probe", {"PATH": os.environ["PATH"]})
    assert look(video, service.path).sandbox is Sandbox.RLIMITS
    service.close()


def test_a_file_that_is_no_recording_is_told_apart(service: Service, tmp_path: Path) -> None:
    needs("ffprobe")
    path = tmp_path / "main.mp4"
    path.write_bytes(b"no recording at all\n" * 100)
    assert look(path, service.path).outcome is ProbeOutcome.NOT_MEDIA


def test_a_file_that_is_not_there_is_not_looked_into(service: Service, tmp_path: Path) -> None:
    with pytest.raises(ProbeFailedError, match="No such file or directory"):
        look(tmp_path / "gone.mp4", service.path)


def test_something_else_than_a_regular_file_is_refused(service: Service, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "main.mp4")
    with pytest.raises(ProbeFailedError):
        look(tmp_path / "main.mp4", service.path)
    service_said = service.ended[0]
    assert service_said == (66, "custody-probe: not a regular file\n")


@pytest.mark.parametrize("said", [b"20", b"-1", b"20; rm", b"nan"])
def test_a_question_without_a_file_or_a_number_is_refused(service: Service, said: bytes, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(service.path))
        with (tmp_path / "file").open("w+b") as file:
            socket.send_fds(connection, [said], [] if said == b"20" else [file.fileno()])
        assert connection.recv(100) == b""
    assert service.ended == [(64, "custody-probe: expected one open file and a number of seconds\n")]


def test_the_service_is_missing_when_nobody_listens(tmp_path: Path, video: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gone:
        gone.bind(str(tmp_path / "probe"))
    assert look(video, tmp_path / "probe").outcome is ProbeOutcome.TOOL_MISSING


def test_the_socket_of_the_service_comes_before_the_program(service: Service, tmp_path: Path) -> None:
    assert find_launcher(service.path) == service.path
    assert find_launcher(tmp_path / "no such socket") == Path(sys.executable).parent / "custody-probe"
