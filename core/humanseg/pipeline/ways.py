"""Whether it gives more frames a second to composite one while the next is matted: that is tried."""

from statistics import median

TRIED = 12
"""Frames of each way that are compared."""

GAIN = 0.92
"""What a frame must take beside, of what it takes in turn, to be worth that each is finished later."""

AGAIN_S = 30.0
"""Seconds until both ways are tried again: other programs come and go."""

LONGEST_S = 240.0
"""What that grows to, twofold each time the same way is the better one: trying the worse one drops frames."""


class Ways:
    """Tries both ways while frames wait for the worker, and keeps the better one for a while.

    In turn each frame has all cores to itself; where other programs, or the network's own threads, keep them busy,
    two at a time only hold each other up. Both are tried twice, the other way round the second time, and beside must be
    quicker each time, lest it was only that another program paused meanwhile. It has no clock of its own; times are
    seconds on any one clock.
    """

    def __init__(self) -> None:
        self.beside = False
        """Whether to composite the next frame that has another one waiting behind it beside that one."""
        self._times: list[float] = []
        self._medians: dict[bool, list[float]] = {False: [], True: []}
        self._until: float | None = None
        self._wait_s = AGAIN_S
        self._kept: bool | None = None

    def note(self, now: float, frame_s: float) -> None:
        """Learn how long a frame took that had another one waiting behind it.

        Args:
            now: when this is.
            frame_s: seconds between the taking of the one and the other.
        """
        if self._until is not None and now < self._until:
            return
        self._times.append(frame_s)
        if len(self._times) < TRIED:
            return
        self._medians[self.beside].append(median(self._times))
        self._times.clear()
        in_turn, beside = self._medians[False], self._medians[True]
        if len(in_turn) != len(beside):
            self.beside = not self.beside
            return
        wins = beside[-1] < in_turn[-1]
        if wins and len(beside) == 1:
            return  # the second time begins with the way that the first one ended with
        self.beside = wins and sum(beside) < GAIN * sum(in_turn)
        in_turn.clear()
        beside.clear()
        self._wait_s = min(2 * self._wait_s, LONGEST_S) if self.beside == self._kept else AGAIN_S
        self._kept, self._until = self.beside, now + self._wait_s
