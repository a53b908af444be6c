"""One pipeline for the camera and for files: what differs is only which hand-off stands between the threads."""

import logging
from collections.abc import Sequence
from threading import Event, Lock
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from humanseg.errors import HumansegError, SourceError
from humanseg.pipeline.branch import FILE_DEPTH
from humanseg.pipeline.branches import Branches
from humanseg.pipeline.feeding import feed
from humanseg.pipeline.guard import Guard
from humanseg.pipeline.handoff import Handoff
from humanseg.pipeline.part import Part
from humanseg.pipeline.parts import SupportsComposite, SupportsMatte, SupportsWhole
from humanseg.pipeline.stats import Meter, Stats
from humanseg.pipeline.worker import Worker
from humanseg.sinks.sink import Sink
from humanseg.sources.source import Source

if TYPE_CHECKING:
    from humanseg.frames import Frame

logger = logging.getLogger(__name__)


class Pipeline:
    """Takes every frame of a source through matte and composite to all sinks, on threads of its own; runs once.

        source --> [humanseg-capture] --> [humanseg-worker] --> [humanseg-sink-0]
                                                            --> [humanseg-sink-1] ...

        hand-off           | live source              | file
        capture -> worker  | newest                   | every(4)
        matte -> composite | in turn, or as a file's  | one frame, on a thread beside the worker
                           | where that is quicker    |
        worker -> preview  | newest                   | every(4)
        worker -> recorder | every_or_end (256 MiB)   | every(4)        (a recorder: a sink that is `lossless`)

        new --start()--> running --the source ends--> draining --all is written--> finished
         |                 |                             |
         |                 +--stop()---------------------+--> stopping --threads end--> stopped
         |                 +--an error-------------------+--> failing ---threads end--> failed: wait() raises the error
         +--stop()--> stopped (the source is closed)

    How a sink ends: a file finishes whole or not at all, so it is closed when finished and abandoned when stopped or
    failed. A live recording is worth keeping however it ends, so its sink writes what it was given and is closed; with
    nothing written it is abandoned.

    In a live run a sink that raises `SinkError`, or a recorder that cannot keep up, ends alone: it is noted in
    `problems` and the others go on, until none is left. Sinks may be added and removed while it runs.

    Where `on_fault` is "slate", a frame that cannot be matted or composited, and a source that is lost for a while, are
    shown as the slate: never the frame, nor an old picture. The fault is noted in `problems`, and the run goes on. Any
    other error ends the run.

    The pipeline opens, ends and closes the sinks and closes the source; the matter and the compositor stay the
    caller's. Every method may be called from any thread but the pipeline's own (`stop` from those too).
    """

    def __init__(
        self,
        source: Source,
        matter: SupportsMatte,
        compositor: SupportsComposite,
        sinks: Sequence[Sink],
        *,
        on_fault: Literal["raise", "slate"] = "raise",
        whole: SupportsWhole | None = None,
    ) -> None:
        """Put the parts together; nothing runs before `start`.

        Args:
            source: where frames come from; closed by the pipeline.
            matter: gives each frame its matte; stays the caller's.
            compositor: gives frame and matte their composite; stays the caller's.
            sinks: where composites go.
            on_fault: what a fault in matter or compositor does: end the run, or show the slate.
            whole: does frames in one go where it can (`open_gpu_frames`); stays the caller's.
        """
        self.compositor = compositor
        """May be replaced at any time: the worker reads it once per frame."""

        self._source = source
        self._live = source.info.live
        self._inlet: Handoff[Frame] = Handoff.newest() if self._live else Handoff.every(FILE_DEPTH)
        self._lock = Lock()
        self._meter = Meter()
        self._guard = Guard(source.info, self._note) if on_fault == "slate" else None
        self._branches = Branches(
            sinks, source.info, note=self._note, fail=self._fail, broken_off=lambda: self._broken_off
        )
        self._worker = Worker(
            source,
            self._inlet,
            matter,
            lambda: self.compositor,
            self._branches,
            guard=self._guard,
            meter=self._meter,
            whole=whole,
        )
        self._own_threads = [Part(self._work, "humanseg-worker"), Part(self._capture, "humanseg-capture")]
        self._started = self._broken_off = False
        self._error: BaseException | None = None
        self._problems: list[HumansegError] = []

    @property
    def stats(self) -> Stats:
        """How the run is doing now."""
        return self._meter.snapshot(dropped=self._inlet.dropped)

    def work_since(self, moment: float) -> float | None:
        """Seconds that must lie between two frames for the worker to keep up, as it was since a moment.

        The moment in `perf_counter` seconds; None where no frame was finished since. See `Meter.work_since`.
        """
        return self._meter.work_since(moment)

    @property
    def problems(self) -> tuple[HumansegError, ...]:
        """What went wrong in a live run that goes on: sinks that ended, faults that were covered by the slate."""
        with self._lock:
            return tuple(self._problems)

    @property
    def fault(self) -> HumansegError | None:
        """Why the slate is shown instead of composites now, or None."""
        return self._guard.fault if self._guard else None

    def add_sink(self, sink: Sink) -> None:
        """Give the frames from now on to one more sink. Live only.

        Raises:
            RuntimeError: the run has ended, or it is not live: of a file, every sink gets every frame.
        """
        if not self._live:
            raise RuntimeError("A file's sinks are given at the beginning.")
        with self._lock:
            if self._broken_off:
                raise RuntimeError("The run has ended.")
            self._branches.add(sink, start=self._started)

    def remove_sink(self, sink: Sink) -> Event:
        """Give a sink no more frames: it writes what waits for it, and is closed. Live only. Returns at once.

        A sink that has ended by itself may be removed too.

        Returns:
            An event that is set once the sink has ended.

        Raises:
            RuntimeError: the run is not live.
        """
        if not self._live:
            raise RuntimeError("A file's sinks get every frame.")
        return self._branches.remove(sink)

    def start(self) -> None:
        """Start the threads and return at once.

        Raises:
            RuntimeError: it was started or stopped before.
        """
        with self._lock:
            if self._started or self._broken_off:
                raise RuntimeError("A pipeline runs once: make a new one.")
            self._started = True
            threads = (*self._branches.threads, *self._own_threads)
        try:
            for thread in threads:
                thread.start()
        except BaseException:
            # Ctrl-C, or no more threads to be had: those that began would wait for ever for those that did not.
            self.stop()
            self._branches.finish()
            self._join()
            raise

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the run has ended and every sink with it, or for `timeout_s` seconds.

        A `KeyboardInterrupt` in the waiting thread stops the run, waits for its end and goes on to the caller.

        Returns:
            True when it has ended, False when the time was up before.

        Raises:
            HumansegError: what ended the run, with the traceback of the thread where it happened.
            Exception: the same for a bug.
            RuntimeError: it was never started.
        """
        if not self._started:
            raise RuntimeError("The pipeline was not started.")
        try:
            ended = self._join(timeout_s)
        except KeyboardInterrupt:
            self.stop()
            self._join()
            raise
        if ended and self._error is not None:
            raise self._error
        return ended

    def run(self) -> None:
        """Start, and wait for the end; raises what `wait` raises."""
        with self:
            self.wait()

    def stop(self) -> None:
        """Ask the run to end; returns at once, `wait` tells when it has. Asking again, or too late, does nothing."""
        with self._lock:
            self._broken_off = True
        self._let_go()

    def __enter__(self) -> "Pipeline":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None:
            self.wait()
        else:
            self._join()

    def _join(self, timeout_s: float | None = None) -> bool:
        """True when every thread that was started has ended within `timeout_s` seconds."""
        until = None if timeout_s is None else perf_counter() + timeout_s
        # The worker first: once it has ended, there are no more sinks to come.
        return all(thread.ends_by(until) for thread in self._own_threads) and all(
            thread.ends_by(until) for thread in self._branches.threads
        )

    def _fail(self, error: BaseException) -> None:
        """Keep the first error and end everything."""
        with self._lock:
            first = self._error is None
            if first:
                self._error = error
            self._broken_off = True
        if not first:
            logger.info("after the first error came another", exc_info=error)
        self._let_go()

    def _let_go(self) -> None:
        """Wake whoever waits. Live sinks are not cut off: the worker closes their hand-offs and they write the rest."""
        self._inlet.abort()
        if not self._live:
            self._branches.abort()
        self._source.close()

    def _note(self, problem: HumansegError) -> None:
        with self._lock:
            self._problems.append(problem)
        logger.info("noted, and the run goes on: %s", problem.problem)

    def _capture(self) -> None:
        """The capture thread."""
        try:
            count = feed(self._source, self._inlet)
            if count == 0 and not self._live and not self._broken_off:
                self._fail(SourceError("There is no frame in this video.", "Play it to see whether it is whole."))
        except BaseException as error:  # noqa: BLE001 `wait` raises it
            self._fail(error)
        finally:
            self._inlet.close()

    def _work(self) -> None:
        """The worker thread: each frame is composited with its own matte, in order."""
        try:
            self._worker.run()
        except BaseException as error:  # noqa: BLE001 `wait` raises it
            self._fail(error)
        finally:
            # Only now, after the error is kept: a file's sink must know of it when it sees the end.
            self._branches.finish()
