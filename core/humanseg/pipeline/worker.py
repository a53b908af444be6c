"""The middle of a pipeline: frames become composites."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter

from humanseg.errors import EngineError
from humanseg.frames import Frame, Matte
from humanseg.matting.look_ahead import LookAhead
from humanseg.pipeline.branches import Branches
from humanseg.pipeline.finisher import Finisher, LookedOne
from humanseg.pipeline.guard import Guard
from humanseg.pipeline.handoff import Handoff
from humanseg.pipeline.parts import SupportsComposite, SupportsMatte, SupportsWhole, look
from humanseg.pipeline.stats import Meter
from humanseg.pipeline.ways import Ways
from humanseg.sources.source import CanBeLost, Source

SILENT_S = 0.5
"""How long nothing may come before it is looked whether the source is lost."""

HELD_S = 0.15
"""How long a live frame is held back where none follows it: a video is paused, a camera slow."""


class Worker:
    """Composites each frame with its own matte, in order, while the network sees the next one where that helps.

    One thread only, which is the network's; outlines and composites are made on it, or beside it.
    """

    def __init__(
        self,
        source: Source,
        inlet: Handoff[Frame],
        matter: SupportsMatte,
        compositor: Callable[[], SupportsComposite],
        branches: Branches,
        *,
        guard: Guard | None,
        meter: Meter,
        whole: SupportsWhole | None = None,
    ) -> None:
        """Put the parts together.

        Args:
            source: only asked whether it is live, and whether it is lost.
            inlet: where frames come from.
            matter: gives each frame its matte.
            compositor: asked once per frame which compositor to use.
            branches: where composites go.
            guard: covers faults with the slate; None lets them end the run.
            meter: told the times of each frame that was composited.
            whole: asked first for each frame's composite.
        """
        self._source = source
        self._inlet = inlet
        self._matter = matter
        self._compositor = compositor
        self._branches = branches
        self._guard = guard
        self._meter = meter
        self._whole = whole
        self._finisher = Finisher(self._finish)
        self._ahead: LookAhead[LookedOne] = LookAhead()
        self._ways = Ways()
        self._began: float | None = None  # when the last frame was taken up
        self._waits = False  # whether another one waited behind it
        self._looks_s: deque[float] = deque(maxlen=2)  # with `carry` the network rests on every other frame

    def run(self) -> None:
        """Work until the inlet ends."""
        if self._guard is None:
            self._matter.reset()
        if self._whole is not None:
            self._whole.reset()
        with self._finisher:
            for frame in self._incoming():
                if not self._do_whole(frame):
                    self._do(frame)
            self._release()

    def _do(self, frame: Frame) -> None:
        """Look at a frame, and have it finished when the one before is.

        Where that is done beside, the next frame is taken at once, but no sooner than it can be finished as soon as it
        was looked at. Until then a newer one may take its place: so what a live frame waits for once it was taken is
        only what finishing takes longer than for the one before. What else is later than with one frame after the other
        comes of two at a time on the same cores.
        """
        began = perf_counter()
        if self._began is not None:
            self._ways.note(began, began - self._began if self._waits else None)
        looked, half = self._look(frame), perf_counter()
        self._finisher.wait()
        if self._guard is not None and self._guard.upset:
            # The one before failed meanwhile: what was seen of this one may be spoilt.
            looked, half = self._look(frame), perf_counter()
        self._began, self._waits = began, len(self._inlet) > 0
        beside = self._is_done_beside()
        self._finisher.finish(LookedOne(frame=frame, looked=looked, began=began, half=half, beside=beside))
        if self._source.info.live:
            self._looks_s.append(half - began)
            self._finisher.wait_until_near(max(self._looks_s))

    def _look(self, frame: Frame) -> Callable[[], Matte] | Exception:
        return look(self._matter, frame) if self._guard is None else self._guard.look(frame, self._matter)

    def _is_done_beside(self) -> bool:
        """Whether to finish a frame on a thread of its own while the next one is looked at.

        A live frame only where that has been seen to give more frames a second: two at a time make each of them later.
        And none while a fault lasts: the next one would be looked at in vain.
        """
        if not self._source.info.live:
            return self._guard is None and self._whole is None
        lasts = self._guard is not None and self._guard.fault is not None
        return self._ways.beside and not lasts

    def _finish(self, one: LookedOne) -> None:
        """Make a frame's matte, and composite what is settled by it; on the worker's thread, or beside it."""
        resumed = perf_counter()
        matte = self._matte_of(one)
        one = replace(one, resumed=resumed, matted=perf_counter())
        if isinstance(matte, Matte):
            for settled, its_own in self._ahead.add(one, matte):
                self._composite(settled, its_own)
        else:
            self._composite_held()
            self._composite(one, matte)

    def _matte_of(self, one: LookedOne) -> Matte | Exception:
        if self._guard is not None:
            return self._guard.matte(one.frame, one.looked)
        if isinstance(one.looked, Exception):
            raise one.looked
        return one.looked()

    def _composite_held(self) -> None:
        for settled, matte in self._ahead.release():
            self._composite(settled, matte)

    def _release(self) -> None:
        """Finish what is held back: what follows does not count, or does not come."""
        self._finisher.wait()
        self._composite_held()

    def _composite(self, one: LookedOne, matte: Matte | Exception) -> None:
        """Composite a frame and hand it on."""
        compositor, began = self._compositor(), perf_counter()
        due = began if isinstance(matte, Matte) and matte.seen is not None and matte.seen.frames else None
        if isinstance(matte, Matte) and matte.seen is not None and matte.seen.index != one.frame.index:
            matte = EngineError(f"Frame {one.frame.index} met the matte of frame {matte.seen.index}.")
        if self._guard is not None:
            composite = self._guard.composite(one.frame, matte, compositor)
        elif isinstance(matte, Matte):
            composite = compositor.composite(one.frame, matte)
        else:
            raise matte
        if self._guard is None or self._guard.fault is None:
            self._meter.add(
                born=one.frame.born,
                began=one.began,
                half=one.half,
                resumed=one.resumed,
                matted=one.matted,
                due=due,
                done=perf_counter(),
                spent=matte.spent if isinstance(matte, Matte) else None,
                beside=one.beside,
            )
        self._branches.hand_on(composite)

    def _do_whole(self, frame: Frame) -> bool:
        """Hand on the composite of a frame that can be done in one go; False if it cannot."""
        if self._whole is None:
            return False
        began = perf_counter()
        done = self._whole.composite(frame, self._compositor())
        if done is None:
            return False
        self._began = None
        self._release()
        if self._guard is not None:
            done = self._guard.accept(frame, done)
        if self._guard is None or self._guard.fault is None:
            self._meter.add(born=frame.born, began=began, matted=began, done=perf_counter())
        self._branches.hand_on(done)
        return True

    def _incoming(self) -> Iterator[Frame]:
        """The frames. Where a live source gives none for a while, what is held back for them is shown.

        While a source is lost, the slate goes to those who show the newest picture.
        """
        source, guard = self._source, self._guard
        if not source.info.live:
            yield from self._inlet
            return
        slate = guard.slate.frame() if guard is not None else None
        while True:
            while not self._inlet.ready(HELD_S if self._ahead.holds else SILENT_S):
                self._release()
                if slate is not None and isinstance(source, CanBeLost) and source.lost:
                    self._branches.hand_on(slate, newest_only=True)
            frame = next(self._inlet, None)
            if frame is None:
                return
            if guard is not None:
                slate = guard.slate.frame(frame)
            yield frame
