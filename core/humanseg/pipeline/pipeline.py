"""One pipeline for the camera and for files: what differs is only which hand-off stands between the threads."""

import logging
from collections.abc import Callable, Generator, Sequence
from threading import Event, Lock, Thread
from time import perf_counter
from types import TracebackType
from typing import Protocol

from humanseg.errors import SinkError, SourceError
from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline.handoff import Handoff
from humanseg.pipeline.stats import Meter, Stats
from humanseg.sinks.sink import Sink
from humanseg.sources.source import Source

logger = logging.getLogger(__name__)

FILE_DEPTH = 4
"""Frames between two threads while files are processed: enough to even out a slow frame, small in memory."""

RECORDER_BYTES = 256 * 2**20
"""What a recorder may fall behind before its file is ended: 41 frames of 1080p."""

# Ctrl-C reaches a waiting main thread on Windows only between two waits.
_WAIT_S = 0.2


class SupportsMatte(Protocol):
    """What the worker needs of a matter. Called on the worker thread only."""

    def reset(self) -> None:
        """Forget the frames seen so far; called once, before the first frame."""

    def matte(self, frame: Frame) -> Matte:
        """The matte of `frame`, at its size."""


class SupportsComposite(Protocol):
    """What the worker needs of a compositor. Called on the worker thread only."""

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """The finished picture: index, times and `born` are those of `frame`."""


class _Part(Thread):
    """A thread whose end can be waited for while Ctrl-C may come.

    A `Thread.join` that is interrupted takes the thread for ended though it runs (seen in CPython 3.11): then the
    process could end before a sink has cleared its partial file away.
    """

    def __init__(self, *, target: Callable[..., None], args: tuple[object, ...] = (), name: str) -> None:
        super().__init__(target=target, args=args, name=name)
        self.ended = Event()

    def run(self) -> None:
        try:
            super().run()
        finally:
            self.ended.set()


class Pipeline:
    """Takes every frame of a source through matte and composite to all sinks, on threads of its own; runs once.

        source --> [humanseg-capture] --> [humanseg-worker] --> [humanseg-sink-0]
                                                            --> [humanseg-sink-1] ...

        hand-off           | live source              | file
        capture -> worker  | newest                   | every(4)
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
    `problems` and the others go on, until none is left. Any other error ends the run.

    The pipeline opens, ends and closes the sinks and closes the source; the matter and the compositor stay the
    caller's. Every method may be called from any thread but the pipeline's own (`stop` from those too).
    """

    def __init__(
        self,
        source: Source,
        matter: SupportsMatte,
        compositor: SupportsComposite,
        sinks: Sequence[Sink],
    ) -> None:
        self.compositor = compositor
        """May be replaced at any time: the worker reads it once per frame."""

        self._source = source
        self._matter = matter
        self._live = source.info.live
        self._inlet: Handoff[Frame] = Handoff.newest() if self._live else Handoff.every(FILE_DEPTH)
        self._outlets = [_outlet(sink, source.info) for sink in sinks]
        self._threads = [
            *(
                _Part(target=self._serve, args=pair, name=f"humanseg-sink-{number}")
                for number, pair in enumerate(zip(sinks, self._outlets, strict=True))
            ),
            _Part(target=self._work, name="humanseg-worker"),
            _Part(target=self._capture, name="humanseg-capture"),
        ]
        self._meter = Meter()
        self._lock = Lock()
        self._started = False
        self._broken_off = False
        self._error: BaseException | None = None
        self._problems: list[SinkError] = []

    @property
    def stats(self) -> Stats:
        """How the run is doing now."""
        return self._meter.snapshot(dropped=self._inlet.dropped)

    @property
    def problems(self) -> tuple[SinkError, ...]:
        """Why sinks of a live run ended before it; in the order in which they did."""
        with self._lock:
            return tuple(self._problems)

    def start(self) -> None:
        """Start the threads and return at once.

        Raises:
            RuntimeError: it was started or stopped before.
        """
        with self._lock:
            if self._started or self._broken_off:
                raise RuntimeError("A pipeline runs once: make a new one.")
            self._started = True
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            # Ctrl-C, or no more threads to be had: those that began would wait for ever for those that did not.
            self.stop()
            for outlet in self._outlets:
                outlet.close()
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
        for thread in self._threads:
            if thread.ident is None:
                continue
            while not thread.ended.is_set():
                left = _WAIT_S if until is None else min(_WAIT_S, until - perf_counter())
                if left <= 0:
                    return False
                thread.ended.wait(left)
            thread.join()
        return True

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
            for outlet in self._outlets:
                outlet.abort()
        self._source.close()

    def _note(self, problem: SinkError) -> None:
        with self._lock:
            self._problems.append(problem)
        logger.info("a sink ended before the run: %s", problem.problem)

    def _capture(self) -> None:
        """The capture thread: also releases the source, since nobody else may while it reads."""
        try:
            frames = iter(self._source)
            count = 0
            try:
                for frame in frames:
                    count += 1
                    if not self._inlet.put(frame):
                        break
            finally:
                self._source.close()
                if isinstance(frames, Generator):
                    frames.close()
            if count == 0 and not self._live and not self._broken_off:
                self._fail(SourceError("There is no frame in this video.", "Play it to see whether it is whole."))
        except BaseException as error:  # noqa: BLE001 `wait` raises it
            self._fail(error)
        finally:
            self._inlet.close()

    def _work(self) -> None:
        """The worker thread: a frame is composited with its own matte before the next one is taken."""
        takers = list(self._outlets)
        try:
            self._matter.reset()
            for frame in self._inlet:
                began = perf_counter()
                matte = self._matter.matte(frame)
                matted = perf_counter()
                composite = self.compositor.composite(frame, matte)
                self._meter.add(born=frame.born, began=began, matted=matted, done=perf_counter())
                self._hand_on(composite, takers)
        except BaseException as error:  # noqa: BLE001 `wait` raises it
            self._fail(error)
        finally:
            # Only now, after the error is kept: a file's sink must know of it when it sees the end.
            for outlet in self._outlets:
                outlet.close()

    def _hand_on(self, composite: Frame, takers: list[Handoff[Frame]]) -> None:
        """Give a composite to all sinks; those that take no more leave `takers`."""
        for outlet in tuple(takers):
            if outlet.put(composite):
                continue
            takers.remove(outlet)
            if outlet.overflowed:
                hint = "What it holds was saved. Record to a faster disk, or at a smaller size."
                self._note(SinkError("A recording could not keep up and was ended.", hint))
            if not takers and self._problems:
                raise self._problems[0]

    def _serve(self, sink: Sink, outlet: Handoff[Frame]) -> None:
        """The thread of one sink: all its methods are called here."""
        written = 0
        try:
            sink.open(self._source.info)
            for composite in outlet:
                sink.write(composite)
                written += 1
        except BaseException as error:  # noqa: BLE001 `wait` raises it, or `problems` tells it
            self._sink_failed(error)
            # A dead sink takes nothing more: without this a full hand-off would hold up the worker, or keep its frames.
            outlet.abort()
        keep = written > 0 and (self._live or not self._broken_off)
        for end in (sink.close, sink.abandon) if keep else (sink.abandon,):
            try:
                end()
                break
            except BaseException as error:  # noqa: BLE001 as above
                self._sink_failed(error)

    def _sink_failed(self, error: BaseException) -> None:
        if self._live and isinstance(error, SinkError):
            self._note(error)
        else:
            self._fail(error)


def _outlet(sink: Sink, info: StreamInfo) -> Handoff[Frame]:
    if not info.live:
        return Handoff.every(FILE_DEPTH)
    if sink.lossless:
        return Handoff.every_or_end(max(FILE_DEPTH, RECORDER_BYTES // (3 * info.width * info.height)))
    return Handoff.newest()
