"""One video, from the source to its finished outputs: goes on where a former run was broken off."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from humanseg.errors import SourceError
from humanseg.matting import Matter, open_matter
from humanseg.pipeline.cluster import Crew, make_on_cluster
from humanseg.pipeline.job import Output, Progress, VideoJob
from humanseg.pipeline.making import Making
from humanseg.pipeline.segments import Segments
from humanseg.sources.changes import Changes

__all__ = ["Output", "Progress", "Result", "VideoJob", "process_video", "run_job"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of a video."""

    outputs: tuple[Path, ...]
    """What was made, or was there already."""

    frames: int | None = None
    """Frames in each; None if nothing was made."""

    made: int = 0
    """Frames that this run made itself: fewer than `frames` if it went on with a former one."""

    seconds: float = 0.0
    """How long it took."""

    skipped: bool = False
    """The outputs were there already, made by the very same job."""

    stopped: bool = False
    """It was asked to stop before the end; the segments that are finished are kept for the next run."""

    notes: tuple[str, ...] = ()
    """What could not be kept or had, in words."""


def process_video(
    source: str | Path,
    outputs: str | Path | Output | Sequence[Output],
    *,
    background: str = "blur",
    matter: Matter | None = None,
    segments: Segments | None = None,
    overwrite: bool = False,
    changes: Changes | None = None,
    copy_streams: bool = True,
    crew: Crew | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
    stop: Event | None = None,
) -> Result:
    """Matte a video and write what is asked for, whole or not at all.

    A run that was killed goes on when it is called again with the same arguments, and gives the same frames. Outputs
    that the very same job has made before are left as they are.

    Args:
        source: A video file, a folder of pictures, a pattern such as `frames/%05d.png`, or "demo".
        outputs: A file name for the composite, or one or more `Output`s, all made in one pass.
        background: For composites; see `humanseg.compositing.parse_background`.
        matter: Computes the mattes; stays the caller's. None opens the packaged one for this video.
        segments: How the work is cut; None for 300 frames each.
        overwrite: Whether outputs that are there already may be replaced.
        changes: A part of the video, another size or rate; None for all of it as it is.
        copy_streams: Whether sound, subtitles, chapters and tags go along.
        crew: How the cluster that was joined (`humanseg.pipeline.cluster.join_cluster`) works on it; None for this
            machine alone. `matter` then only tells which model and engine the machines use.
        on_progress: Called about ten times a second on this thread.
        on_notice: Called with a sentence for people when the GPU takes over or is given up, on a thread of the run.
        stop: Set by another thread to end early.

    Raises:
        SourceError: the video cannot be read; nothing is left.
        SinkError: an output cannot be written, or is there already, made by another job. What is finished of it stays
            for the next run.
        HumansegError: model, engine or background are not what they should be.
    """
    chosen = [Output(path=Path(outputs))] if isinstance(outputs, str | Path) else outputs
    job = VideoJob(
        source=source,
        outputs=(chosen,) if isinstance(chosen, Output) else tuple(chosen),
        background=background,
        segments=segments or Segments(),
        changes=changes or Changes(),
        copy_streams=copy_streams,
    )
    with contextlib.ExitStack() as stack:
        used = stack.enter_context(open_matter(on_notice=on_notice)) if matter is None else matter
        return run_job(
            job, used, crew=crew, overwrite=overwrite, on_progress=on_progress, on_notice=on_notice, stop=stop
        )


def run_job(
    job: VideoJob,
    matter: Matter,
    *,
    crew: Crew | None = None,
    overwrite: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
    stop: Event | None = None,
) -> Result:
    """`process_video` for a job; arguments, result and errors are the same."""
    began = time.perf_counter()
    making = Making(job, matter, on_notice)
    with contextlib.ExitStack() as stack:
        for target in making.targets:
            stack.enter_context(target.journal.held())
        if all(target.is_done for target in making.targets):
            for target in making.targets:
                target.journal.discard()
            return Result(outputs=making.places, skipped=True)
        if not overwrite:
            for target in making.targets:
                if not target.is_done:
                    target.refuse_existing()
        made = 0
        if not making.is_written:
            try:
                if crew is None:
                    made, ended = making.make(on_progress, stop)
                else:
                    before = min(target.journal.finished for target in making.targets) * job.segments.length
                    ended = make_on_cluster(job, making, crew, on_progress, stop)
                    made = max(0, (making.targets[0].journal.frames or 0) - before)
            except SourceError:
                # The same will happen next time: nothing here is worth keeping.
                for target in making.targets:
                    target.journal.discard()
                raise
            if not ended:
                return Result(outputs=(), made=made, seconds=time.perf_counter() - began, stopped=True)
        frames, notes = making.publish()
    seconds = time.perf_counter() - began
    return Result(outputs=making.places, frames=frames, made=made, seconds=seconds, notes=tuple(notes))
