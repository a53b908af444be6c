"""Showing pictures when they are due, by the clock on the wall."""

import threading
from fractions import Fraction
from time import perf_counter

_FAR_S = 1.0
"""A picture that is due this much earlier or later than the one before has jumped: the pace begins anew with it."""


class Pace:
    """Waits until each picture is due. One that is late is let through at once, and does not hurry those after it."""

    def __init__(self) -> None:
        self._zero: float | None = None

    def restart(self) -> None:
        """The next picture is due when it comes: after a pause or a jump."""
        self._zero = None

    def wait(self, time: Fraction, ended: threading.Event) -> bool:
        """Wait until a picture of this time (seconds on the stream's clock) is due, or until `ended` is set.

        Returns:
            False when it was ended.
        """
        now = perf_counter()
        due = now if self._zero is None else self._zero + float(time)
        if self._zero is None or abs(due - now) > _FAR_S:
            self._zero, due = now - float(time), now
        return not ended.wait(max(0.0, due - now))
