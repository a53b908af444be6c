"""A thread of a pipeline."""

from collections.abc import Callable
from threading import Event, Thread
from time import perf_counter

# Ctrl-C reaches a waiting main thread on Windows only between two waits.
_WAIT_S = 0.2


class Part(Thread):
    """A thread whose end can be waited for while Ctrl-C may come.

    A `Thread.join` that is interrupted takes the thread for ended though it runs (seen in CPython 3.11): then the
    process could end before a sink has cleared its partial file away.
    """

    def __init__(self, target: Callable[[], None], name: str) -> None:
        super().__init__(target=target, name=name)
        self.ended = Event()

    def run(self) -> None:
        """Run the target, and set `ended`."""
        try:
            super().run()
        finally:
            self.ended.set()

    def ends_by(self, until: float | None) -> bool:
        """True when it has ended, or never began, by a moment (`perf_counter` seconds; None: however long)."""
        if self.ident is None:
            return True
        while not self.ended.is_set():
            left = _WAIT_S if until is None else min(_WAIT_S, until - perf_counter())
            if left <= 0:
                return False
            self.ended.wait(left)
        self.join()
        return True
