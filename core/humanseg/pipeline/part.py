"""A thread of a pipeline."""

from collections.abc import Callable
from threading import Event, Thread


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
