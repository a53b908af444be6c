"""Whether it gives more frames a second to composite one while the next is matted: that is tried."""

from statistics import median

BEGINS_S = 1.0
"""Seconds from the first frame that waited to the first trial: at the start a program has other work too."""

TURN = 8
"""Frames for which one way is kept in a trial."""

KEEPS_UP = 3 * TURN
"""Frames done beside of which fewer than `TURN` had another one waiting behind it: so they are quick enough."""

SHORT, LONG = 2, 4
"""Turns of each way after which a trial ends if the better one is clear, and after which it ends anyway.

The machine's own speed changes within a second by more than the ways differ, so they take turns.
"""

CLEAR = 1.2
"""How many times as long the quickest turn of the worse way takes as the slowest of the better where that is clear."""

GAIN = 0.92
"""What a frame must take beside, of what it takes in turn, to be worth that each is finished later."""

AGAIN_S = 30.0
"""Seconds until both ways are tried again: other programs come and go."""

LONGEST_S = 240.0
"""What that grows to, twofold each time the same way is the better one: trying the worse one drops frames."""


class Ways:
    """Tries both ways while frames wait for the worker, and keeps the better one for a while.

    In turn each frame has all cores to itself; where other programs, or the network's own threads, keep them busy,
    two at a time only hold each other up. It has no clock of its own; times are seconds on any one clock.
    """

    def __init__(self) -> None:
        self.beside = False
        """Whether to finish the next frame beside the one after it."""
        self._turn: list[float] = []
        self._frames = 0  # in this turn, whether another one waited or not
        self._turns: dict[bool, list[float]] = {False: [], True: []}
        self._until: float | None = None
        self._wait_s = AGAIN_S
        self._kept: bool | None = None

    def note(self, now: float, frame_s: float | None) -> None:
        """Learn how long a frame took.

        Args:
            now: when this is.
            frame_s: seconds between the taking of the one and the other; None if no other one waited behind it.
        """
        if self._until is None and frame_s is not None:
            self._until = now + BEGINS_S
        if self._until is None or now < self._until:
            return
        self._frames += 1
        if frame_s is not None:
            self._turn.append(frame_s)
        if len(self._turn) < TURN:
            if self.beside and self._frames == KEEPS_UP:
                self._keep(True, now)  # the other way would drop frames for nothing
            return
        self._turns[self.beside].append(median(self._turn))
        self._begin_turn()
        in_turn, beside = self._turns[False], self._turns[True]
        if len(in_turn) != len(beside):
            # One, the other, the other, the one: the second time begins with the way that the first one ended with.
            self.beside = not self.beside
        elif len(beside) == LONG or (len(beside) == SHORT and _is_clear(in_turn, beside)):
            self._keep(median(beside) < GAIN * median(in_turn), now)

    def _keep(self, beside: bool, now: float) -> None:
        """End a trial."""
        self.beside = beside
        self._begin_turn()
        for turns in self._turns.values():
            turns.clear()
        self._wait_s = min(2 * self._wait_s, LONGEST_S) if beside == self._kept else AGAIN_S
        self._kept, self._until = beside, now + self._wait_s

    def _begin_turn(self) -> None:
        self._turn.clear()
        self._frames = 0


def _is_clear(one: list[float], other: list[float]) -> bool:
    return max(one) * CLEAR < min(other) or max(other) * CLEAR < min(one)
