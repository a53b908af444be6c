"""One video and its outputs, as work that can be broken off and gone on with."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any

import av

from humanseg.compositing import Compositor, parse_background
from humanseg.compositing.backgrounds import background_file
from humanseg.compositing.looks import Look, look_of
from humanseg.errors import SinkError, SourceError
from humanseg.frames import LookName, StreamInfo
from humanseg.matting import Matter
from humanseg.pipeline.gpu_frames import GpuFrames, open_gpu_frames
from humanseg.pipeline.pipeline import Pipeline
from humanseg.pipeline.record import Record, file_identity, job_hash
from humanseg.pipeline.segments import SegmentedMatter, SegmentedSource, Segments
from humanseg.pipeline.several import KeepMatte, LookSink
from humanseg.pipeline.stats import Stats
from humanseg.pipeline.whole_looks import WholeLook, sole_compositor
from humanseg.sinks.coding import DEFAULT_QUALITY
from humanseg.sinks.copies import StreamCopies
from humanseg.sinks.destination import Destination, PicturesDestination, VideoDestination
from humanseg.sinks.journal import Journal
from humanseg.sinks.pictures import is_sequence
from humanseg.sinks.segmented import SegmentSink
from humanseg.sinks.whole import writing
from humanseg.sources.changes import Changes
from humanseg.sources.opening import open_changed
from humanseg.sources.pictures import is_pictures, pictures_of

_LOOK_S = 0.1
"""Seconds between two reports of progress."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One file, or folder of pictures, to make of a video."""

    path: Path
    """Its ending says the container; a name like `frames/%05d.png` means pictures."""

    look: LookName = "composite"
    """What it shows: see `humanseg.compositing.looks`."""

    codec: str | None = None
    """h264, hevc, av1, vp9, prores or ffv1; None is the usual one of the container."""

    quality: int = DEFAULT_QUALITY
    """0 (best) to 51 (worst), as x264's CRF."""

    hardware: bool = False
    """Whether to encode on the graphics card, where there is one that can."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a video is."""

    frames: int
    """Frames written, those of a former run included."""

    total: int | None
    """How many there will be, where the source knows."""

    stats: Stats
    """The pipeline's own figures."""


@dataclass(frozen=True, kw_only=True)
class VideoJob:
    """A video, what shall be made of it, and how."""

    source: str | Path
    """A video file, or "demo"."""

    outputs: tuple[Output, ...]
    """What shall be made; at least one."""

    background: str = "blur"
    """For composites; see `parse_background`."""

    light_wrap: float = 0.0
    """For composites; see `Compositor`."""

    decontaminate: bool = True
    """For composites; see `Compositor`."""

    segments: Segments = field(default_factory=Segments)
    """How the work is cut."""

    changes: Changes = field(default_factory=Changes)
    """What shall be different from the source."""

    copy_streams: bool = True
    """Whether sound, subtitles, chapters and tags go along."""


class Target:
    """One output of a job."""

    def __init__(self, output: Output, info: StreamInfo, facts: dict[str, Any]) -> None:
        """Find out where it goes, how it is coded, and what a former run left of it.

        Args:
            output: What is asked for.
            info: The stream.
            facts: Everything else that makes the output what it is.

        Raises:
            SinkError: no such output can be written.
        """
        self.look = output.look
        alpha, grey = output.look == "transparent", output.look == "alpha"
        self.destination: Destination
        self.notes: list[str] = []
        if is_sequence(output.path):
            self.destination = PicturesDestination(output.path, alpha=alpha, grey=grey)
        else:
            self.destination = video = VideoDestination(
                output.path,
                info,
                alpha=alpha,
                grey=grey,
                codec=output.codec,
                quality=output.quality,
                hardware=output.hardware,
            )
            if video.lacks_hardware:
                self.notes.append("no encoder of a graphics card works here: encoded on the CPU")
        self.hash = job_hash({**facts, "look": output.look, "coding": self.destination.coding})
        self.journal = Journal(self.destination.place, self.hash)
        self._record = Record(self.destination.place)

    @property
    def is_done(self) -> bool:
        """Whether the output is there, made by this very job."""
        return self._record.job == self.hash

    def refuse_existing(self) -> None:
        """Make sure that nothing is in the way.

        Raises:
            SinkError: something is.
        """
        place = self.destination.place
        if place.exists() and (place.is_file() or any(place.iterdir())):
            raise SinkError(
                f"{place} is there already, made with other settings.", "Add --overwrite, or choose another."
            )

    def note(self, written: Path) -> None:
        """Note that this job's output is complete and is about to get its name."""
        self._record.note(self.hash, written)


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
        self._gpu: GpuFrames | None = None
        parse_background(job.background)
        source = open_changed(job.source, job.changes)
        self._info = source.info
        source.close()
        facts = _facts(job, matter)
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
        self._gpu = open_gpu_frames(self._matter, on_notice=self._on_notice) if compositor is not None else None
        if compositor is None or self._gpu is None:
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


def _identity(source: Path) -> list[Any]:
    if is_pictures(source):
        return [[path.name, *file_identity(path)] for path in pictures_of(source)]
    return file_identity(source)


def _facts(job: VideoJob, matter: Matter) -> dict[str, Any]:
    """Everything but look and coding that makes an output what it is."""
    try:
        source = [job.source] if job.source == "demo" else _identity(Path(job.source))
        behind = background_file(job.background)
        background = [job.background, file_identity(behind) if behind else None]
    except OSError as error:
        raise SourceError(f"{job.source} cannot be read: {error.strerror}.", "Check the path.") from error
    return {
        "source": source,
        "background": [*background, job.light_wrap, job.decontaminate],
        "model": [matter.model.sha256, matter.model.int8_sha256],
        "engine": matter.engine.name,
        "pixels": matter.model.pixels,
        "matting": repr(matter.options),
        "segments": [job.segments.length, job.segments.warm_up],
        "changes": repr(job.changes),
        "copies": job.copy_streams,
        "versions": [version("humanseg"), av.__version__],
    }
