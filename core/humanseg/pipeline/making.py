"""The work on one job: it can be broken off, and gone on with."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.looks import Look, look_of
from humanseg.errors import SourceError
from humanseg.frames import LookName
from humanseg.matting import Matter
from humanseg.pipeline.facts import facts_of
from humanseg.pipeline.gpu_frames import GpuFrames, GpuPlanes, open_gpu_frames, open_gpu_planes
from humanseg.pipeline.job import Progress, VideoJob
from humanseg.pipeline.pipeline import Pipeline
from humanseg.pipeline.segments import SegmentedMatter, SegmentedSource
from humanseg.pipeline.several import KeepMatte, LookSink
from humanseg.pipeline.target import Target
from humanseg.pipeline.whole_looks import WholeLook, sole_compositor
from humanseg.sinks.copies import StreamCopies
from humanseg.sinks.segmented import SegmentSink
from humanseg.sinks.whole import writing
from humanseg.sources.opening import open_changed
from humanseg.sources.pictures import is_pictures

_LOOK_S = 0.1
"""Seconds between two reports of progress."""


class Making:
    """The work on one job: its targets, and the way from frames to outputs."""

    def __init__(self, job: VideoJob, matter: Matter, on_notice: Callable[[str], None] | None = None) -> None:
        """Look at the source and at what former runs left.

        Args:
            job: What to make.
            matter: Computes the mattes; stays the caller's.
            on_notice: Called with a sentence for people when the GPU takes over or is given up.

        Raises:
            SourceError: the video cannot be read.
            SinkError: an output cannot be written.
            SettingsError: the background is none.
        """
        self._job = job
        self._matter = matter
        self._on_notice = on_notice
        self._gpu: GpuFrames | GpuPlanes | None = None
        parse_background(job.background)
        source = open_changed(job.source, job.changes)
        self._info = source.info
        source.close()
        facts = facts_of(job, matter)
        self.targets = [Target(output, self._info, facts) for output in job.outputs]
        self._check_copies()

    @property
    def places(self) -> tuple[Path, ...]:
        """Where the outputs will be."""
        return tuple(target.destination.place for target in self.targets)

    @property
    def total(self) -> int | None:
        """How many frames there will be, where the source knows."""
        return self._info.frames

    @property
    def is_written(self) -> bool:
        """Whether every segment is finished; then only the outputs are to be published."""
        return all(target.journal.frames is not None for target in self.targets)

    def make(self, on_progress: Callable[[Progress], None] | None, stop: Event | None) -> tuple[int, bool]:
        """Make the segments that are missing.

        Returns:
            How many frames were made, and whether that was all; False if `stop` was set before.

        Raises:
            HumansegError: the source, the matter or a sink failed.
        """
        done = [target.journal.finished for target in self.targets]
        made = self._make_after(done, on_progress, stop)
        if made is None:
            # A run was ended between its last segment and the note of it: made again, that segment tells the end.
            made = self._make_after([number - 1 for number in done], on_progress, stop)
        if made is None:
            raise SourceError("The video ends sooner than it did before.", "Run the same command again.")
        return made

    def _make_after(
        self, done: Sequence[int], on_progress: Callable[[Progress], None] | None, stop: Event | None
    ) -> tuple[int, bool] | None:
        """`make` after so many segments of each target; None if the video ends within them."""
        first, length = min(done), self._job.segments.length
        sinks = [self._sink(target, finished) for target, finished in zip(self.targets, done, strict=True)]
        pipeline, source = self._pipeline(sinks, first, None, stop)
        try:
            with self._gpu_released(), pipeline:
                while not pipeline.wait(_LOOK_S):
                    if stop is not None and stop.is_set():
                        return 0, False
                    if on_progress is not None:
                        on_progress(Progress(frames=_written(sinks), total=self.total, stats=pipeline.stats))
        except SourceError:
            if first and source.ended and not source.given:
                return None
            raise
        if self._job.segments.first_frame(first) + source.given < first * length:
            return None
        if on_progress is not None:
            on_progress(Progress(frames=_written(sinks), total=self.total, stats=pipeline.stats))
        self.note_end(_written(sinks))
        return _written(sinks) - first * length, True

    def make_span(self, first: int, last: int) -> int | None:
        """Make the segments from `first` to `last`, both included; those that are there are made again.

        Returns:
            How many frames the video has, if its end was reached; else None.

        Raises:
            HumansegError: the source, the matter or a sink failed.
        """
        sinks = [self._sink(target, first) for target in self.targets]
        pipeline, source = self._pipeline(sinks, first, last)
        try:
            with self._gpu_released():
                pipeline.run()
        except SourceError:
            if source.ended and not source.given:  # the video is shorter than it says
                return None
            raise
        return _written(sinks) if source.ended else None

    def note_end(self, frames: int) -> None:
        """Note that all segments are finished, and how many frames they have.

        Raises:
            SinkError: the disk is full or gone.
        """
        for target in self.targets:
            with writing(target.destination.place):
                target.journal.note_end(frames)

    def _pipeline(
        self, sinks: Sequence[SegmentSink], first: int, last: int | None, stop: Event | None = None
    ) -> tuple[Pipeline, SegmentedSource]:
        segments = self._job.segments
        source = open_changed(self._job.source, self._job.changes, skip=segments.first_frame(first))
        segmented = SegmentedSource(source, segments, first=first, last=last)
        looks = [LookSink(self._look(target.look), sink) for target, sink in zip(self.targets, sinks, strict=True)]
        whole = self._whole([look.look for look in looks], stop)
        return Pipeline(segmented, SegmentedMatter(self._matter), KeepMatte(), looks, whole=whole), segmented

    def _whole(self, looks: Sequence[Look], stop: Event | None) -> WholeLook | None:
        """Whole frames on the GPU from the first one on: a run that goes on must not depend on when one was ready."""
        compositor = sole_compositor(looks)
        if compositor is None:
            return None
        weights = self.targets[0].destination.plane_weights(self._info)
        if weights is not None:
            self._gpu = open_gpu_planes(self._matter, weights, on_notice=self._on_notice)
        else:
            self._gpu = open_gpu_frames(self._matter, on_notice=self._on_notice)
        if self._gpu is None:
            return None
        self._gpu.prepare((self._info.width, self._info.height), compositor, stop)
        return WholeLook(self._gpu, compositor)

    @contextlib.contextmanager
    def _gpu_released(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._gpu is not None:
                self._gpu.close()

    def publish(self) -> tuple[int, list[str]]:
        """Turn the finished segments into the outputs.

        Returns:
            How many frames they have, and what could not be kept.

        Raises:
            SinkError: an output cannot be written.
        """
        notes: list[str] = []
        frames = 0
        for target in self.targets:
            frames = target.journal.frames or 0
            if not target.is_done:
                with writing(target.destination.place):
                    left_out = target.destination.publish(target.journal, self._info, self._copies(), target.note)
                notes += [f"{target.destination.place} cannot hold {what}" for what in left_out]
            notes += target.notes
        for target in self.targets:
            target.journal.discard()
        return frames, notes

    def _look(self, name: LookName) -> Look:
        job = self._job
        if name == "composite":
            behind = parse_background(job.background)
            return Compositor(behind, light_wrap=job.light_wrap, decontaminate=job.decontaminate)
        return look_of(name, parse_background(job.background))

    def _sink(self, target: Target, finished: int) -> SegmentSink:
        return SegmentSink(
            target.destination.place,
            lambda number, info: target.destination.begin(target.journal, number, info),
            length=self._job.segments.length,
            first=finished,
        )

    def _check_copies(self) -> None:
        """Now, and not when all frames are made."""
        if (open_copies := self._copies()) is None:
            return
        with contextlib.closing(open_copies()) as copies:
            for target in self.targets:
                target.destination.check(copies)

    def _copies(self) -> Callable[[], StreamCopies] | None:
        source, changes = self._job.source, self._job.changes
        if not self._job.copy_streams or source == "demo" or is_pictures(Path(source)):
            return None
        return lambda: StreamCopies(Path(source), start=changes.start, end=changes.end)


def _written(sinks: Sequence[SegmentSink]) -> int:
    return min(sink.written for sink in sinks)
