"""A live source that comes back: a camera that was unplugged, a stream whose sender was restarted."""

import logging
import threading
from collections.abc import Callable, Iterator

from humanseg.errors import SourceError
from humanseg.fitting import fitted
from humanseg.frames import Frame, StreamInfo
from humanseg.sources.clock import LiveClock
from humanseg.sources.source import Source

logger = logging.getLogger(__name__)

RETRY_S = 1.0
"""Seconds from one try to the next. With three for the try itself, a source is back within five of its return."""


class ReconnectingSource:
    """Opens a live source again whenever it fails, until `close`.

        open --a SourceError--> lost --it can be opened again--> open
        open --the source ends by itself--> ended

    While it is lost there are no frames; `lost`, `problem` and the callback tell. Times go on by the clock on the wall.
    Frames keep the size of the first source: one that comes back in another is fitted into it, with bars.
    """

    def __init__(
        self,
        open_again: Callable[[], Source],
        *,
        retry_s: float = RETRY_S,
        on_change: Callable[[SourceError | None], None] | None = None,
    ) -> None:
        """Open it for the first time.

        Args:
            open_again: opens the source; called at once, and later on the iterating thread.
            retry_s: seconds between two tries.
            on_change: told, on the iterating thread, what is wrong when that changes: the error, then None when all is
                well again. It must return quickly.

        Raises:
            SourceError: it cannot be opened now. Later that is no error.
        """
        self._open = open_again
        self._retry_s = retry_s
        self._on_change = on_change
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._asked = False
        self._lost: SourceError | None = None
        self._told: SourceError | None = None
        self._source: Source = open_again()
        self._info = self._source.info

    @property
    def info(self) -> StreamInfo:
        """That of the first source."""
        return self._info

    @property
    def lost(self) -> bool:
        """Whether there are no frames now because the source failed."""
        return self._lost is not None

    @property
    def problem(self) -> SourceError | None:
        """What is wrong now: why it is lost, or what the source itself says of its picture; None if nothing is."""
        own: SourceError | None = getattr(self._source, "problem", None)
        return self._lost or own

    @property
    def source(self) -> Source:
        """The one that is open now, or was last."""
        return self._source

    def __iter__(self) -> Iterator[Frame]:
        """The frames, until `close`, or until a source ends without an error.

        Raises:
            RuntimeError: it is asked for a second time.
        """
        with self._lock:
            if self._asked:
                raise RuntimeError("a source can be read once")
            self._asked = True
        return self._frames()

    def close(self) -> None:
        """Ask for the end, from any thread."""
        with self._lock:
            self._closing.set()
            source = self._source
        source.close()

    def _frames(self) -> Iterator[Frame]:
        clock = LiveClock()
        base = highest = 0
        try:
            while not self._closing.is_set():
                try:
                    for frame in self._source:
                        self._tell()
                        highest = base + frame.index
                        yield self._continued(frame, highest, clock)
                        if self._closing.is_set():
                            return
                except SourceError as error:
                    if not self._regained(error):
                        return
                    base = highest + 1
                else:
                    return
        finally:
            self._source.close()

    def _regained(self, error: SourceError) -> bool:
        """Try until it is open again; False when it was closed meanwhile."""
        logger.info("a live source was lost: %s", error.problem)
        self._lost = error
        self._source.close()
        self._tell()
        while not self._closing.wait(self._retry_s):
            try:
                source = self._open()
            except SourceError as still:
                self._lost = still
                self._tell()
                continue
            with self._lock:
                self._source = source
                closing = self._closing.is_set()
            if closing:
                source.close()
                return False
            self._lost = None
            return True
        return False

    def _tell(self) -> None:
        """Call back if what is wrong has changed; the same words again are no change."""
        problem = self.problem
        if str(problem) != str(self._told):
            self._told = problem
            if self._on_change is not None:
                self._on_change(problem)

    def _continued(self, frame: Frame, index: int, clock: LiveClock) -> Frame:
        rgb = fitted(frame.rgb, (self._info.width, self._info.height), "fit")
        rgb.flags.writeable = False
        return Frame(rgb=rgb, index=index, time=clock.time(frame.born), duration=frame.duration, born=frame.born)
