"""One output, a virtual camera or a recording: a sink on a thread of its own that outlives sources and pipelines."""

import logging
from fractions import Fraction
from threading import Lock, Thread
from time import perf_counter

from humanseg.errors import HumansegError, SinkError
from humanseg.fitting import fitted
from humanseg.frames import Frame, StreamInfo
from humanseg.pipeline import Handoff
from humanseg.sinks import Sink

logger = logging.getLogger(__name__)

CLOCK = Fraction(1, 90_000)
"""Seconds per tick of an output's own clock, the one that video files and streams count in."""

DEPTH_BYTES = 256 * 2**20
"""What a recording may fall behind before it is ended."""


class Output:
    """Feeds one sink with what leaves, at one size and on one clock, whatever the source does meanwhile.

    running --finish()-----------> finished: the sink is closed
            --the sink fails-----> finished, and `problem` says why
            --too slow (a file)--> finished, and `problem` says so
    """

    def __init__(self, sink: Sink, size: tuple[int, int], rate: Fraction) -> None:
        """Start the thread.

        Args:
            sink: opened, written to and closed on this output's thread.
            size: (width, height) of its frames in pixels; what comes in another size is fitted into it.
            rate: frames per second that are expected; their times are taken when they come.
        """
        self.sink = sink
        """What it feeds."""
        width, height = size
        self._info = StreamInfo(width=width, height=height, rate=rate, time_base=CLOCK, live=True)
        depth = max(4, DEPTH_BYTES // (3 * width * height))
        self._handoff: Handoff[Frame] = Handoff.every_or_end(depth) if sink.lossless else Handoff.newest()
        self._lock = Lock()
        self._problem: HumansegError | None = None
        self._began = perf_counter()
        self._tick = -1
        self._count = 0
        self._thread = Thread(target=self._serve, name="humanseg-output", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> HumansegError | None:
        """Why it ended by itself."""
        return self._problem

    @property
    def running(self) -> bool:
        """Whether it still takes frames."""
        return self._thread.is_alive() and self._problem is None

    @property
    def wanted(self) -> bool:
        """Whether anybody sees what it takes: a virtual camera that nobody watches needs no frames."""
        return getattr(self.sink, "watched", None) is not False

    def offer(self, frame: Frame) -> None:
        """Take a frame, without waiting. An output that has ended lets it go."""
        with self._lock:
            self._tick = max(self._tick + 1, int((perf_counter() - self._began) / CLOCK))
            stamped = Frame(rgb=frame.rgb, index=self._count, time=self._tick * CLOCK, born=frame.born)
            self._count += 1
        if not self._handoff.put(stamped) and self._handoff.overflowed and self._problem is None:
            hint = "What it holds was saved. Record to a faster disk, or at a smaller size."
            self._problem = SinkError("The recording could not keep up and was ended.", hint)

    def finish(self) -> None:
        """Write what was taken, close the sink and wait for the end. May be called twice."""
        self._handoff.close()
        self._thread.join()

    def _serve(self) -> None:
        written = 0
        try:
            self.sink.open(self._info)
            for frame in self._handoff:
                self.sink.write(self._fitted(frame))
                written += 1
        except Exception as error:  # noqa: BLE001 `problem` tells it; the call goes on
            self._fail(error)
            self._handoff.abort()
        try:
            if written:
                self.sink.close()
            else:
                self.sink.abandon()
        except Exception as error:  # noqa: BLE001 as above
            self._fail(error)
            self.sink.abandon()

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, HumansegError):
            logger.error("An output failed.", exc_info=error)
            error = SinkError(f"Writing failed: {error}.", "The log file has the details (Help menu).")
        self._problem = self._problem or error

    def _fitted(self, frame: Frame) -> Frame:
        size = (self._info.width, self._info.height)
        if frame.size == size:
            return frame
        return Frame(rgb=fitted(frame.rgb, size, "fit"), index=frame.index, time=frame.time, born=frame.born)
