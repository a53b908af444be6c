"""One video on many machines: spans of segments over a Ray cluster, which all see the same files.

A span is made as a single run would make it: segments begin with a reset and their warm-up, encoders with a key frame.
So nobody can tell afterwards where a frame was made. A span whose machine is lost is made again elsewhere; segments
are finished one by one in the job's journal, and a driver that is killed goes on with what is missing there.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from humanseg.errors import EngineError, HumansegError, SinkError
from humanseg.matting import MattingOptions, open_matter
from humanseg.pipeline.job import Progress, VideoJob
from humanseg.pipeline.making import Making
from humanseg.pipeline.stats import Stats

_LOOK_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Crew:
    """How a cluster works on a video."""

    model: str | Path | None = None
    """As for `open_matter`; it must be found on every machine."""

    engine: str = "auto"
    """As for `open_matter`. All machines must come to the same one."""

    preset: str = "live"
    """As for `open_matter`."""

    options: MattingOptions = field(default_factory=MattingOptions)
    """As for `open_matter`."""

    threads: int = 2
    """CPU threads of an engine, and cores that a span asks the cluster for."""

    span: int = 4
    """Segments that are made in one go."""

    retries: int = 5
    """How often a span whose machine was lost is begun anew."""


def join_cluster(address: str) -> None:
    """Connect to a cluster.

    Args:
        address: "ray" (the cluster of RAY_ADDRESS, else one on this machine alone) or "ray://HOST:PORT".

    Raises:
        EngineError: Ray is not installed, or there is no such cluster.
    """
    try:
        import ray
    except ImportError as error:
        raise EngineError("Ray is not installed.", "Install it: pip install 'humanseg[cluster]'.") from error
    if ray.is_initialized():
        return
    try:
        ray.init(address=None if address == "ray" else address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        hint = "Start one with `ray start --head`, and give ray://HOST:10001."
        raise EngineError(f"There is no cluster at {address}: {error}.", hint) from error


def make_on_cluster(
    job: VideoJob,
    making: Making,
    crew: Crew,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Event | None = None,
) -> bool:
    """Make the missing segments of a job.

    Args:
        job: The job; its paths mean the same on every machine.
        making: The same, looked at here; its journals are held by the caller.
        crew: How to work.
        on_progress: Called now and then on this thread.
        stop: Set by another thread to end early.

    Returns:
        False if it was stopped.

    Raises:
        HumansegError: a span failed, or its machine was lost too often.
    """
    import ray

    remote: Any = ray.remote(num_cpus=crew.threads, max_retries=crew.retries)(_make_span)
    length = job.segments.length
    hashes = [target.hash for target in making.targets]
    count = -(-making.total // length) if making.total else crew.span
    frames: int | None = None
    begun: set[int] = set()
    while True:
        spans = [span for span in _spans(making, count, crew.span) if begun.isdisjoint(range(span[0], span[1] + 1))]
        waiting = [remote.remote(job, crew, hashes, first, last) for first, last in spans]
        for first, last in spans:
            begun.update(range(first, last + 1))
        while waiting:
            done, waiting = ray.wait(waiting, timeout=_LOOK_S)
            if stop is not None and stop.is_set():
                for task in waiting:
                    ray.cancel(task, force=True)
                return False
            for task in done:
                found = _result(task)
                frames = found if frames is None else frames
            if on_progress is not None:
                _tell(making, count, length, on_progress)
        if frames is None and making.targets[0].journal.finished < count:
            # The last segment was finished by a run that was killed before it could say so.
            frames = _make_last(remote, job, crew, hashes, making)
        if frames is not None:
            making.note_end(frames)
            return True
        count += crew.span  # the video is longer than it says, or says nothing


def _make_last(remote: Any, job: VideoJob, crew: Crew, hashes: list[str], making: Making) -> int:
    last = max(0, min(target.journal.finished for target in making.targets) - 1)
    frames = _result(remote.remote(job, crew, hashes, last, last + 1))
    if frames is None:
        raise SinkError(f"{making.places[0]} has gaps that cannot be made.", "Run the same command again.")
    return frames


def _make_span(job: VideoJob, crew: Crew, hashes: list[str], first: int, last: int) -> int | None:
    """Runs on some machine of the cluster."""
    with open_matter(crew.model, crew.engine, preset=crew.preset, threads=crew.threads, options=crew.options) as matter:
        making = Making(job, matter)
        if [target.hash for target in making.targets] != hashes:
            problem = "A machine of the cluster has another version of humanseg, of the model or of the video."
            raise EngineError(problem, "Install the same everywhere, and use folders that all machines share.")
        return making.make_span(first, last)


def _spans(making: Making, count: int, longest: int) -> Iterator[tuple[int, int]]:
    """First and last segment of each run of missing segments, cut to the longest that is made in one go."""
    missing = sorted({number for target in making.targets for number in target.journal.missing(count)})
    first = previous = None
    for number in missing:
        if first is None or previous is None or number != previous + 1 or number - first >= longest:
            if first is not None and previous is not None:
                yield first, previous
            first = number
        previous = number
    if first is not None and previous is not None:
        yield first, previous


def _result(task: Any) -> int | None:
    import ray

    try:
        found: int | None = ray.get(task)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, HumansegError):
            raise error.cause from error
        raise
    except ray.exceptions.RayError as error:
        raise EngineError(f"The cluster lost a part of the work: {error}.", "Run the same command again.") from error
    return found


def _tell(making: Making, count: int, length: int, on_progress: Callable[[Progress], None]) -> None:
    finished = min(count - len(target.journal.missing(count)) for target in making.targets)
    frames = finished * length if making.total is None else min(making.total, finished * length)
    on_progress(Progress(frames=frames, total=making.total, stats=Stats(frames=frames)))
