"""Pace: how much work is put into a frame, so that a machine that is too slow for all of it keeps up."""

from dataclasses import dataclass, replace
from typing import Literal

Detail = Literal["light", "live", "balanced", "quality"]

LOWER_S = 4.0
"""Seconds that frames must take too long before a step is taken down: a moment's load is none of ours."""

RAISE_S = 30.0
"""Seconds that there must be room before a step is taken up again, at first."""

LONGEST_S = 600.0
"""What that grows to, where steps up were followed by steps down."""

ROOM = 0.9
"""Part of the time there is that a frame may take after a step up, as far as that is known."""

DEAREST = 1.5
"""Times as long that a frame takes after a step up, where it was not seen what the step down spared, and at most."""

LESS: dict[Detail, Detail] = {"quality": "balanced", "balanced": "live", "live": "light"}
"""The next preset down."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is done to each frame, as far as it can be less."""

    skip_still: bool
    """Whether the last outline is kept while nothing moves."""

    carry: bool
    """Whether the network is spared every other frame whose outline the last one's gives, moved along."""

    clean: bool
    """Whether the room's colour is taken out of the outline before the blurred room too, where it shows least."""

    preset: Detail
    """How much of a frame the network gets to see."""

    refine: bool
    """Whether the outline is drawn along the edges of the camera's picture."""


def steps_of(chosen: Work) -> tuple[Work, ...]:
    """The work that was chosen, and in order what is done in its place: each step less than the one before.

    First what costs nothing to see (rest while nothing moves) and next to nothing (spare every other frame, leave the
    room's own colour in the outline before the blurred room), then detail, one preset at a time, then fine edges: less
    detail costs an outline less than going without those does, and saves more (benchmarks/README.md).
    """
    steps = [chosen]
    if not chosen.skip_still:
        steps.append(replace(steps[-1], skip_still=True))
    if not chosen.carry:
        steps.append(replace(steps[-1], carry=True))
    if chosen.clean:
        steps.append(replace(steps[-1], clean=False))
    while steps[-1].preset in LESS:
        steps.append(replace(steps[-1], preset=LESS[steps[-1].preset]))
    if chosen.refine:
        steps.append(replace(steps[-1], refine=False))
    return tuple(steps)


class Pace:
    """Decides when a step is taken. It has no clock of its own; times are seconds on any one clock.

    A step up is taken where there is room for what the step down had spared. One that is followed by a step down before
    it has held as long as was waited for it doubles the wait; one that holds puts the wait back.
    """

    def __init__(self) -> None:
        self.level = 0
        """How many steps down; 0 is all of the work."""
        self._wait_s = RAISE_S
        self._over: float | None = None
        self._room: float | None = None
        self._raised: float | None = None
        self._began: float | None = None
        self._left_s: float | None = (
            None  # what a frame took before a step down, until it is seen what it takes after it
        )
        self._dearer: dict[int, float] = {}  # by level: how many times as long a frame took one step further up

    def look(self, now: float, work_s: float | None, budget_s: float, lowest: int) -> bool:
        """Take a step if it is time for one.

        Args:
            now: when this is.
            work_s: seconds that a frame takes now; None where none was worked on.
            budget_s: seconds that there are for a frame.
            lowest: the last level there is.

        Returns:
            Whether `level` has changed.
        """
        if self._raised is not None and now - self._raised > self._wait_s:
            self._raised, self._wait_s = None, RAISE_S
        if work_s is None:
            self.begin()
            return False
        self._learn(now, work_s)
        above_s = work_s * self._dearer.get(self.level, DEAREST)
        self._over = _since(self._over, now, true=work_s > budget_s)
        self._room = _since(self._room, now, true=above_s < ROOM * budget_s)
        if self._over is not None and now - self._over >= LOWER_S and self.level < lowest:
            self._step(1)
            self._left_s = work_s
            if self._raised is not None:
                self._wait_s = min(2 * self._wait_s, LONGEST_S)
                self._raised = None
            return True
        if self._room is not None and now - self._room >= self._wait_s and self.level > 0:
            self._step(-1)
            self._raised, self._left_s = now, None
            return True
        return False

    def begin(self) -> None:
        """What was seen so far does not count any more: other work is done now, or none."""
        self._over = self._room = self._began = None

    def _learn(self, now: float, work_s: float) -> None:
        """What the step down has spared, once as much was seen of this level as led to it."""
        if self._began is None:
            self._began = now
        if self._left_s is not None and now - self._began >= LOWER_S:
            self._dearer[self.level], self._left_s = min(max(1.0, self._left_s / work_s), DEAREST), None

    def _step(self, by: int) -> None:
        self.level += by
        self.begin()


def _since(before: float | None, now: float, *, true: bool) -> float | None:
    """Since when something has been true."""
    if not true:
        return None
    return now if before is None else before
