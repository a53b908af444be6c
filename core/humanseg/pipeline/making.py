"""The work on one job: it can be broken off, and gone on with."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from humanseg.compositing import parse_background
from humanseg.errors import SourceError
from humanseg.matting import Matter
from humanseg.pipeline.facts import facts_of
from humanseg.pipeline.job import Progress, VideoJob
from humanseg.pipeline.job_pipeline import JobPipeline
from humanseg.pipeline.target import Target
from humanseg.sinks.copies import StreamCopies
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
        run = JobPipeline(self._job, self._matter, self.targets, done, stop=stop, on_notice=self._on_notice)
        pipeline, source = run.pipeline, run.source
        try:
            with run, pipeline:
                while not pipeline.wait(_LOOK_S):
                    if stop is not None and stop.is_set():
                        return 0, False
                    if on_progress is not None:
                        on_progress(Progress(frames=run.written, total=self.total, stats=pipeline.stats))
        except SourceError:
            if first and source.ended and not source.given:
                return None
            raise
        if self._job.segments.first_frame(first) + source.given < first * length:
            return None
        if on_progress is not None:
            on_progress(Progress(frames=run.written, total=self.total, stats=pipeline.stats))
        self.note_end(run.written)
        return run.written - first * length, True

    def make_span(self, first: int, last: int) -> int | None:
        """Make the segments from `first` to `last`, both included; those that are there are made again.

        Returns:
            How many frames the video has, if its end was reached; else None.

        Raises:
            HumansegError: the source, the matter or a sink failed.
        """
        done = [first] * len(self.targets)
        run = JobPipeline(self._job, self._matter, self.targets, done, last=last, on_notice=self._on_notice)
        try:
            with run:
                run.pipeline.run()
        except SourceError:
            if run.source.ended and not run.source.given:  # the video is shorter than it says
                return None
            raise
        return run.written if run.source.ended else None

    def note_end(self, frames: int) -> None:
        """Note that all segments are finished, and how many frames they have.

        Raises:
            SinkError: the disk is full or gone.
        """
        for target in self.targets:
            with writing(target.destination.place):
                target.journal.note_end(frames)

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
