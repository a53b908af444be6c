"""The clock of live sources: when a frame arrived, on a scale that files can keep."""

from fractions import Fraction

TICK = Fraction(1, 90_000)
"""Seconds; what video streams have always counted in, and every container can."""


class LiveClock:
    """Turns moments of arrival into frame times: from 0 on, always later than the one before."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._last = -1

    def time(self, born: float) -> Fraction:
        """The time of a frame that arrived at `born` (`time.perf_counter`, seconds)."""
        if self._began is None:
            self._began = born
        self._last = max(round((born - self._began) / TICK), self._last + 1)
        return self._last * TICK
