"""Card workers are forked from one process: each is alone with its card, and whatever happens to one, others start."""

import base64
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bodycam_custody.copying.nursery import Nursery, Worker


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()


def start(nursery: Nursery, card: Path, *locks: Path) -> Worker:
    return nursery.start([base64.b64encode(os.fsencode(card)).decode("ascii"), "1", *map(str, locks)])


def listing(worker: Worker) -> list[str]:
    """Ask a worker for its card's files."""
    worker.requests.write(b'{"op": "inventory", "n": -1}\n')
    worker.requests.flush()
    lines = b""
    while b'"done"' not in lines:
        received = os.read(worker.answers.fileno(), 1 << 16)
        assert received, "the worker ended"
        lines += received
    answers = [json.loads(line) for line in lines.splitlines()]
    return [os.fsdecode(base64.b64decode(row[0])) for answer in answers for row in answer.get("files", ())]


def end(worker: Worker) -> int | None:
    worker.requests.close()
    code = worker.wait(10)
    worker.answers.close()
    return code


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def process_state(pid: int) -> str | None:
    """Return the state letter of a process, None where there is none of that number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None


def test_workers_of_one_nursery_read_each_their_own_card(nursery: Nursery, quick_path: Path) -> None:
    for name in ("one", "two"):
        (quick_path / name).mkdir()
        (quick_path / name / f"{name}.mp4").touch()
    workers = [start(nursery, quick_path / name) for name in ("one", "two")]
    assert [listing(worker) for worker in workers] == [["one.mp4"], ["two.mp4"]]
    assert len({worker.pid for worker in workers} | {os.getpid()}) == 3
    assert [end(worker) for worker in workers] == [0, 0]


def test_a_worker_ends_when_its_own_requests_end_whatever_others_do(nursery: Nursery, quick_path: Path) -> None:
    # No worker holds the pipes of another.
    first, second = start(nursery, quick_path), start(nursery, quick_path)
    listing(first), listing(second)
    assert end(first) == 0
    assert second.wait(0) is None
    assert end(second) == 0


def test_a_worker_that_is_killed_says_so_and_harms_no_other(nursery: Nursery, quick_path: Path) -> None:
    first, second = start(nursery, quick_path), start(nursery, quick_path)
    listing(first)
    first.kill()
    # Nobody else holds its pipe, so its end is heard at once.
    assert select.select([first.answers], [], [], 10)[0]
    assert os.read(first.answers.fileno(), 1) == b""
    assert end(first) == -signal.SIGKILL
    first.kill()  # it is over; killing it again kills nobody
    assert listing(second) == []
    assert end(second) == 0


def test_a_worker_with_a_mistake_ends_with_its_exit_code(
    nursery: Nursery, quick_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    worker = start(nursery, quick_path, quick_path / "no.lock")
    assert end(worker) == 1
    assert "no.lock" in capfd.readouterr().err


def test_an_abandoned_worker_is_buried_when_it_ends(nursery: Nursery, quick_path: Path) -> None:
    worker = start(nursery, quick_path)
    listing(worker)
    worker.abandon()
    worker.requests.close()
    wait_for(lambda: process_state(worker.pid) == "Z")
    assert end(start(nursery, quick_path)) == 0
    assert process_state(worker.pid) is None
    worker.answers.close()


def test_a_nursery_that_was_killed_is_replaced_and_its_workers_go_on(nursery: Nursery, quick_path: Path) -> None:
    (quick_path / "a.mp4").touch()
    worker = start(nursery, quick_path)
    listing(worker)
    assert nursery._process is not None
    os.kill(nursery._process.pid, signal.SIGKILL)
    second = start(nursery, quick_path)
    assert listing(second) == ["a.mp4"]
    assert listing(worker) == ["a.mp4"]
    # How it ends nobody can tell any more, and nobody guesses.
    assert end(worker) is None
    assert end(second) == 0


def test_a_nursery_that_is_stuck_is_replaced(
    nursery: Nursery, quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bodycam_custody.copying.nursery.ANSWER_S", 2)
    nursery.warm_up()
    assert nursery._process is not None
    stuck = nursery._process.pid
    os.kill(stuck, signal.SIGSTOP)
    worker = start(nursery, quick_path)
    assert nursery._process.pid != stuck
    assert end(worker) == 0


def test_many_threads_may_start_workers_at_once(nursery: Nursery, quick_path: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        workers = list(pool.map(lambda _: start(nursery, quick_path), range(20)))
        assert len({worker.pid for worker in workers}) == 20
        assert set(pool.map(end, workers)) == {0}


def test_the_nursery_ends_with_the_daemon_however_that_ends(nursery: Nursery, quick_path: Path) -> None:
    nursery.warm_up()
    assert nursery._process is not None
    process, control = nursery._process._popen, nursery._process._control
    control.close()
    assert process.wait(10) == 0
