"""The second half of the worker: frames that were looked at are finished, one at a time and in order."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter
from typing import Self

from humanseg.frames import Frame, Matte


@dataclass(frozen=True, kw_only=True, eq=False)
class LookedOne:
    """A frame between the first half of its matte and its composite."""

    frame: Frame
    looked: Callable[[], Matte] | Exception
    """The second half of this very frame's matte, or why there is none."""
    began: float
    """When the worker took it up (`perf_counter` seconds, as all of these)."""
    half: float
    """When the first half was done."""
    beside: bool
    """Whether it is finished while the next one is looked at."""
    resumed: float = 0.0
    """When the second half began."""
    matted: float = 0.0
    """When its matte was there."""


class Finisher:
    """Finishes frames in the caller's thread, or on one beside it; never two at a time. One thread only calls it.

    Left by `with`, it waits for the last one.
    """

    def __init__(self, finish: Callable[[LookedOne], None]) -> None:
        """Prepare; a thread is started when there is something for it.

        Args:
            finish: makes a frame's matte and composite, and hands it on.
        """
        self._finish = finish
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="humanseg-composite")
        self._last: Future[None] | None = None
        self._began = self._took_s = 0.0

    def finish(self, one: LookedOne) -> None:
        """Finish a frame, after the one before; beside the caller where the frame says so, else it is done on return.

        Raises:
            Exception: what was raised for the frame before, or, where it is not done beside, for this one.
        """
        self.wait()
        if one.beside:
            self._began = perf_counter()
            self._last = self._pool.submit(self._timed, one)
        else:
            self._timed(one)

    def wait(self) -> None:
        """Wait until nothing is under way.

        Raises:
            Exception: what was raised for the frame that was.
        """
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def wait_until_near(self, left_s: float) -> None:
        """Wait until what is under way is over, or has `left_s` seconds to go if it takes as long as the one before."""
        if self._last is not None:
            wait([self._last], timeout=max(0.0, self._began + self._took_s - left_s - perf_counter()))

    def _timed(self, one: LookedOne) -> None:
        began = perf_counter()
        self._finish(one)
        self._took_s = perf_counter() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.wait()
        finally:
            self._pool.shutdown()
