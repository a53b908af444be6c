"""Holds the pace against what runs: what the user chose, what is done in its place, and why."""

import dataclasses
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from humanseg_desktop.pace import LOWER_S, Pace, Work, steps_of

if TYPE_CHECKING:
    from humanseg.matting.options import MattingOptions
    from humanseg_desktop.session import Session
    from humanseg_desktop.settings import Input, Look, Settings

QUICKEST = 60
"""Frames a second that are worked for at most, whatever a source calls its rate."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the user wants done."""

    work: Work
    engine: str
    model: str
    may_lower: bool

    def asks(self, wanted: "Input") -> bool:
        """Whether the network of this input is the one that is meant here."""
        return (wanted.preset, wanted.engine, wanted.model) == (self.work.preset, self.engine, self.model)


class Pacer(QObject):
    """Says what is done to each frame. The user's settings stay what they are; another choice begins at it again.

    All methods belong to the window's thread, but for `network_of`.
    """

    changed = Signal()
    """Other work is to be done from now on."""

    def __init__(self, settings: "Settings") -> None:
        super().__init__()
        self._chosen, self._blurs = _chosen(settings), settings.look.background == "blur"
        self._pace = Pace()
        self._now = (self._chosen, self._chosen.work)  # as one, for the opener's thread
        self._since = 0.0
        self._waiting = self._stuck = False
        self._times = (0.0, 0.0)

    @property
    def work(self) -> Work:
        """What is done now."""
        return self._now[1]

    @property
    def level(self) -> int:
        """How many steps less than what was chosen that is."""
        return self._pace.level

    def network_of(self, wanted: "Input") -> "Input":
        """The input with the preset that is in use in place of the chosen one. Any thread."""
        chosen, work = self._now
        # What was chosen a moment ago gets its try first.
        return dataclasses.replace(wanted, preset=work.preset) if chosen.asks(wanted) else wanted

    def options_of(self, options: "MattingOptions") -> "MattingOptions":
        """The options with those that are in use in place of the chosen ones."""
        work = self.work
        return dataclasses.replace(options, skip_still=work.skip_still, carry=work.carry, refine=work.refine)

    def look_of(self, look: "Look") -> "Look":
        """The look as it is composited now, in place of the chosen one."""
        clean = self.work.clean or look.background != "blur"
        return look if clean else dataclasses.replace(look, decontaminate=False)

    def follow(self, settings: "Settings") -> None:
        """Hold to these settings from now on."""
        chosen, self._blurs = _chosen(settings), settings.look.background == "blur"
        if chosen != self._chosen:
            self._chosen = chosen
            self._pace, self._stuck = Pace(), False
            self._apply()

    def look(self, session: "Session") -> None:
        """See how long the frames take that were done since the last change, and take a step if it is time for one."""
        if self._waiting or self._stuck or not self._chosen.may_lower:
            return
        now = perf_counter()
        work_s, budget_s = session.work_s(max(self._since, now - LOWER_S)), _budget_s(session)
        before, steps = self._pace.level, steps_of(self._chosen.work)
        if self._pace.look(now, work_s, budget_s, len(steps) - 1):
            step, seen = self._pace.level - before, [self._seen(work) for work in steps]
            # A step that changes nothing before this background would only cost the seconds until the next one.
            if seen[self._pace.level] == seen[before] and 0 < self._pace.level < len(steps) - 1:
                self._pace.level += step
            if step > 0:
                self._times = (work_s or 0.0, budget_s)
            self._apply()

    def wait(self) -> None:
        """The network for it is being opened: what frames take meanwhile tells nothing."""
        self._waiting = True

    def settled(self) -> None:
        """It is done now as it is wanted."""
        self._waiting = False
        self._pace.begin()
        self._since = perf_counter()

    def give_up(self, preset: str) -> None:
        """The network for it cannot be had: that of `preset` goes on, until the user chooses anew."""
        self.settled()
        self._stuck = True
        steps = steps_of(self._chosen.work)
        self._pace.level = next((level for level, work in enumerate(steps) if work.preset == preset), 0)
        self._apply()

    @property
    def told(self) -> str:
        """What is done in place of what was chosen, and why, in a line; empty where nothing is."""
        chosen, work = self._now
        words = [f"to {work.preset}"] if work.preset != chosen.work.preset else []
        words += ["fine edges off"] if work.refine != chosen.work.refine else []
        words += ["clean outline off with blur"] if self._blurs and work.clean != chosen.work.clean else []
        if not words and work.carry != chosen.work.carry:
            words = ["network on every other frame"]
        if not words and work != chosen.work:
            words = ["rests while nothing moves"]
        if not words:
            return ""
        took, budget = (f"{1000 * seconds:.0f}" for seconds in self._times)
        return f"Lowered: {', '.join(words)} (a frame takes {took} ms, there are {budget})"

    def _seen(self, work: Work) -> Work:
        """The work as far as it matters before this background."""
        return dataclasses.replace(work, clean=work.clean or not self._blurs)

    def _apply(self) -> None:
        self._now = (self._chosen, steps_of(self._chosen.work)[self._pace.level])
        self._since = perf_counter()
        self.changed.emit()


def _chosen(settings: "Settings") -> Chosen:
    look, wanted = settings.look, settings.input
    work = Work(
        skip_still=look.skip_still,
        carry=look.carry,
        clean=look.decontaminate,
        preset=wanted.preset,
        refine=look.refine,
    )
    return Chosen(work=work, engine=wanted.engine, model=wanted.model, may_lower=settings.lower_work)


def _budget_s(session: "Session") -> float:
    return 1 / min(QUICKEST, float(session.info.rate))
