"""The middle of a pipeline: frames become composites."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter

from humanseg.frames import Frame, Matte
from humanseg.pipeline.branches import Branches
from humanseg.pipeline.guard import Guard
from humanseg.pipeline.handoff import Handoff
from humanseg.pipeline.parts import SupportsComposite, SupportsMatte, SupportsWhole
from humanseg.pipeline.stats import Meter
from humanseg.sources.source import CanBeLost, Source

SILENT_S = 0.5
"""How long nothing may come before it is looked whether the source is lost."""


class Worker:
    """Composites each frame with its own matte, in order. One thread only."""

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

    def run(self) -> None:
        """Work until the inlet ends."""
        if self._guard is None:
            self._matter.reset()
        if self._whole is not None:
            self._whole.reset()
        if self._guard is None and self._whole is None and not self._source.info.live:
            self._overlap()
            return
        for frame in self._incoming():
            self._branches.hand_on(self._composite(frame))

    def _overlap(self) -> None:
        """Composite each frame on a thread of its own while the next one is matted: more frames a second.

        For files, whose faults end the run: nothing has to be covered by a slate.
        """
        last: Future[None] | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="humanseg-composite") as pool:
            try:
                for frame in self._incoming():
                    began, compositor = perf_counter(), self._compositor()
                    matte = self._matter.matte(frame)
                    before, last = last, None
                    if before is not None:
                        before.result()
                    last = pool.submit(self._finish, frame, matte, compositor, began, perf_counter())
            finally:  # the last frame, and the one before a fault
                if last is not None:
                    last.result()

    def _finish(self, frame: Frame, matte: Matte, compositor: SupportsComposite, began: float, matted: float) -> None:
        self._branches.hand_on(self._blend(frame, matte, compositor, began, matted))

    def _incoming(self) -> Iterator[Frame]:
        """The frames. While a source is lost, the slate goes to those who show the newest picture."""
        source, guard = self._source, self._guard
        if guard is None or not isinstance(source, CanBeLost):
            yield from self._inlet
            return
        slate = guard.slate.frame()
        while True:
            while not self._inlet.ready(SILENT_S):
                if source.lost:
                    self._branches.hand_on(slate, newest_only=True)
            frame = next(self._inlet, None)
            if frame is None:
                return
            slate = guard.slate.frame(frame)
            yield frame

    def _composite(self, frame: Frame) -> Frame:
        began = perf_counter()
        compositor = self._compositor()
        done = self._whole.composite(frame, compositor) if self._whole is not None else None
        if done is not None:
            if self._guard is not None:
                done = self._guard.accept(frame, done)
                if self._guard.fault is not None:
                    return done
            self._meter.add(born=frame.born, began=began, matted=began, done=perf_counter())
            return done
        if self._guard is not None:
            composite, matted, spent = self._guard.composite(frame, self._matter, compositor)
            if self._guard.fault is not None:
                return composite
        else:
            matte = self._matter.matte(frame)
            return self._blend(frame, matte, compositor, began, perf_counter())
        self._meter.add(born=frame.born, began=began, matted=matted, done=perf_counter(), spent=spent)
        return composite

    def _blend(self, frame: Frame, matte: Matte, compositor: SupportsComposite, began: float, matted: float) -> Frame:
        composite = compositor.composite(frame, matte)
        self._meter.add(born=frame.born, began=began, matted=matted, done=perf_counter(), spent=matte.spent)
        return composite
