"""Whether it gives more frames a second to composite one while the next is matted: that is tried."""

from statistics import median

TRIED = 12
"""Frames of each way that are compared."""

GAIN = 0.85
"""What a frame must take beside, of what it takes in turn, to be worth that each is finished later."""

AGAIN_S = 30.0
"""Seconds until both ways are tried again: other programs come and go."""


class Ways:
    """Tries both ways while frames wait for the worker, and keeps the better one for a while.

    In turn each frame has all cores to itself; where other programs, or the network's own threads, keep them busy,
    two at a time only hold each other up. Beside must win twice, the second time from the front, lest it was only that
    another program paused meanwhile. It has no clock of its own; times are seconds on any one clock.
    """

    def __init__(self) -> None:
        self.beside = False
        """Whether to composite the next frame that has another one waiting behind it beside that one."""
        self._times: list[float] = []
        self._other_s: float | None = None
        self._won = False
        self._until: float | None = None

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
        mine_s, other_s = median(self._times), self._other_s
        self._times.clear()
        if other_s is None:
            self._other_s, self.beside = mine_s, not self.beside
            return
        beside_s, in_turn_s = (mine_s, other_s) if self.beside else (other_s, mine_s)
        self._other_s = None
        wins = beside_s < GAIN * in_turn_s
        if wins and not self._won:
            self._won = True
            return
        self.beside, self._won, self._until = wins, False, now + AGAIN_S
