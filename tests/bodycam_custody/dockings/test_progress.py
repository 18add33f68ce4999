"""How far a docking is, written by its thread and read by any."""

from concurrent.futures import ThreadPoolExecutor

from bodycam_custody.copying.errors import CardReaderFailedError, CardSilentError
from bodycam_custody.dockings.progress import Progress


def test_bytes_are_counted_from_several_threads() -> None:
    progress = Progress()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2_000):
            pool.submit(progress.add_bytes, 3)
    assert progress.bytes_done == 6_000


def test_problems_are_kept_in_order() -> None:
    first, second = CardSilentError(silence_s=1, path="a"), CardReaderFailedError(exit_code=1, path="b")
    progress = Progress()
    progress.add_problem(first)
    progress.add_problem(second)
    assert progress.problems == (first, second)
