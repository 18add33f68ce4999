"""How far a docking has come: what the ledger does not need to know and people want to see."""

import threading

from hashing.errors import StatedError


class Progress:
    """Counts of one docking, written by its thread and read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes_done = 0
        self._problems: list[StatedError] = []
        self.is_waiting = False
        """Whether the card is listed and waits for its turn to be copied."""

    @property
    def bytes_done(self) -> int:
        """Bytes of the card that were read so far."""
        return self._bytes_done

    @property
    def problems(self) -> tuple[StatedError, ...]:
        """What went wrong, in order."""
        with self._lock:
            return tuple(self._problems)

    def add_bytes(self, count: int) -> None:
        """Count bytes of the card as read."""
        if count:
            with self._lock:
                self._bytes_done += count

    def add_problem(self, problem: StatedError) -> None:
        """Keep a problem for whoever looks."""
        with self._lock:
            self._problems.append(problem)
