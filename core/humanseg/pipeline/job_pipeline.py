"""The pipeline of a job: from the video through matter, looks and GPU into the segments of its outputs."""

from collections.abc import Callable, Sequence
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.looks import Look, look_of
from humanseg.pipeline.gpu_frames import GpuFrames, GpuPlanes, open_gpu_frames, open_gpu_planes
from humanseg.pipeline.pipeline import Pipeline
from humanseg.pipeline.segments import SegmentedMatter, SegmentedSource
from humanseg.pipeline.several import KeepMatte, LookSink
from humanseg.pipeline.whole_looks import WholeLook, sole_compositor
from humanseg.sinks.segmented import SegmentSink
from humanseg.sources.opening import open_changed

if TYPE_CHECKING:
    from humanseg.frames import LookName, StreamInfo
    from humanseg.matting import Matter
    from humanseg.pipeline.job import VideoJob
    from humanseg.pipeline.target import Target


class JobPipeline:
    """Makes segments of all targets at once. Leaving it releases the GPU; the pipeline itself is the user's to run."""

    def __init__(
        self,
        job: "VideoJob",
        matter: "Matter",
        targets: Sequence["Target"],
        done: Sequence[int],
        *,
        last: int | None = None,
        stop: Event | None = None,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        """Put it together, and wait until the GPU is ready where there is one.

        Args:
            job: What to make.
            matter: Computes the mattes; stays the caller's.
            targets: The outputs.
            done: How many segments of each target are not to be made, from the first one on.
            last: The number of the last segment, None for all to the end.
            stop: Set it from any thread to give up waiting.
            on_notice: Called with a sentence for people when the GPU takes over or is given up.

        Raises:
            SourceError: the video cannot be read.
        """
        self._job, self._matter, self._on_notice = job, matter, on_notice
        self._gpu: GpuFrames | GpuPlanes | None = None
        segments, first = job.segments, min(done)
        self._sinks = [self._sink(target, finished) for target, finished in zip(targets, done, strict=True)]
        source = open_changed(job.source, job.changes, skip=segments.first_frame(first))
        self.source = SegmentedSource(source, segments, first=first, last=last)
        """Where the frames come from."""
        sinks = [LookSink(self._look(target.look), sink) for target, sink in zip(targets, self._sinks, strict=True)]
        whole = self._whole([sink.look for sink in sinks], targets[0], source.info, stop)
        self.pipeline = Pipeline(self.source, SegmentedMatter(matter), KeepMatte(), sinks, whole=whole)
        """Not started yet."""

    @property
    def written(self) -> int:
        """How many frames every output has by now, those of former runs included."""
        return min(sink.written for sink in self._sinks)

    def __enter__(self) -> "JobPipeline":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._gpu is not None:
            self._gpu.close()

    def _whole(
        self, looks: Sequence[Look], target: "Target", info: "StreamInfo", stop: Event | None
    ) -> WholeLook | None:
        """Whole frames on the GPU from the first one on: a run that goes on must not depend on when one was ready."""
        compositor = sole_compositor(looks)
        if compositor is None:
            return None
        weights = target.destination.plane_weights(info)
        if weights is not None:
            self._gpu = open_gpu_planes(self._matter, weights, on_notice=self._on_notice)
        else:
            self._gpu = open_gpu_frames(self._matter, on_notice=self._on_notice)
        if self._gpu is None:
            return None
        self._gpu.prepare((info.width, info.height), compositor, stop)
        return WholeLook(self._gpu, compositor)

    def _look(self, name: "LookName") -> Look:
        job, behind = self._job, parse_background(self._job.background)
        if name == "composite":
            return Compositor(behind, light_wrap=job.light_wrap, decontaminate=job.decontaminate)
        return look_of(name, behind)

    def _sink(self, target: "Target", finished: int) -> SegmentSink:
        return SegmentSink(
            target.destination.place,
            lambda number, info: target.destination.begin(target.journal, number, info),
            length=self._job.segments.length,
            first=finished,
        )
