"""A video file played as if it were a camera: at its own pace, with pause, seek and loop."""

import threading
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from time import perf_counter

from humanseg.frames import Frame, StreamInfo
from humanseg.sources.clock import TICK, LiveClock
from humanseg.sources.once import Once
from humanseg.sources.pace import Pace
from humanseg.sources.reel import DemoReel, Picture, Reel

PAUSED_S = 0.25
"""While it is paused the same picture comes again so often (seconds): a new background must be seen on it."""


class PlaybackSource:
    """Plays a reel by the clock on the wall. Frame times go on through loops, pauses and jumps, as a camera's do.

    At the end, if it does not loop, it pauses on the last picture; `resume` then plays it from the beginning. `pause`,
    `resume`, `seek` and `looping` may be used from any thread, at any time.
    """

    def __init__(self, reel: Reel, *, loop: bool = False) -> None:
        """Take a reel, which is closed with the source.

        Args:
            reel: what to play.
            loop: whether it begins again at its end.
        """
        self._reel = reel
        self.looping = loop
        """Whether it begins again at its end; may be changed while it plays."""
        self._info = StreamInfo(
            width=reel.size[0], height=reel.size[1], rate=reel.rate, time_base=TICK, live=True, colour=reel.colour
        )
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._once = Once(reel.close)
        self._paused = False
        self._target: Fraction | None = Fraction(0)
        self._position = Fraction(0)

    @property
    def info(self) -> StreamInfo:
        """A live stream of the reel's size and rate."""
        return self._info

    @property
    def length(self) -> Fraction:
        """Seconds from the first picture to the last one's end."""
        return self._reel.length

    @property
    def position(self) -> Fraction:
        """Seconds from the beginning of the reel to the picture that was given last, or is to be given next."""
        with self._lock:
            return self._position if self._target is None else self._target

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused

    def pause(self) -> None:
        """Stand still on the picture that is shown."""
        self._paused = True
        self._changed.set()

    def resume(self) -> None:
        """Play on."""
        self._paused = False
        self._changed.set()

    def seek(self, time: Fraction | float) -> None:
        """Go to a place, in seconds from the beginning; past either end is the end. Paused, it shows that picture."""
        last = max(Fraction(0), self._reel.length - 1 / self._reel.rate)
        with self._lock:
            self._target = min(max(Fraction(time), Fraction(0)), last)
        self._changed.set()

    def __iter__(self) -> Iterator[Frame]:
        """The frames, until `close`.

        Raises:
            SourceError: a picture is damaged.
            RuntimeError: it is asked for a second time.
        """
        return self._once.frames(self._frames())

    def close(self) -> None:
        """Ask for the end, from any thread; see `Source.close`."""
        self._once.close()
        self._changed.set()

    def _frames(self) -> Generator[Frame, None, None]:
        clock = LiveClock()
        for index, picture in enumerate(self._shown()):
            born = perf_counter()
            yield Frame(rgb=picture.rgb, index=index, time=clock.time(born), born=born)

    def _shown(self) -> Iterator[Picture]:
        """Each picture at the moment at which it is due, again and again while paused."""
        while not self._once.closing.is_set():
            pace, start = Pace(), self._next_start()
            for picture in self._reel.pictures(start):
                if not self._is_due(picture, pace):
                    break
                with self._lock:
                    self._position = picture.time
                yield picture
                yield from self._held(picture, pace)
                if self._interrupted():
                    break
            else:
                self._wait_out(pace)
                if not self.looping:
                    self._paused = not self._interrupted()
                    yield from self._held(picture, pace)

    def _held(self, picture: Picture, pace: Pace) -> Iterator[Picture]:
        """The same picture now and then, while it is paused."""
        while self._paused and not self._interrupted():
            pace.restart()
            self._changed.clear()
            # Looked at again, since it may have been set before it was cleared.
            if self._paused and not self._interrupted() and not self._changed.wait(PAUSED_S):
                yield picture

    def _next_start(self) -> Fraction:
        """Where to play from: where it was told, else the beginning."""
        with self._lock:
            start, self._target = self._target, None
        return start or Fraction(0)

    def _interrupted(self) -> bool:
        return self._once.closing.is_set() or self._target is not None

    def _is_due(self, picture: Picture, pace: Pace) -> bool:
        """Wait until a picture is due; False if something else is to be shown."""
        while True:
            self._changed.clear()
            if self._interrupted():
                return False
            if pace.wait(picture.time, self._changed) or self._paused:
                return not self._interrupted()

    def _wait_out(self, pace: Pace) -> None:
        """The last picture stands as long as the others, before the first one comes again."""
        self._changed.clear()
        if not self._interrupted():
            pace.wait(self._reel.length, self._changed)


def open_playback(where: str | Path, *, loop: bool = False) -> PlaybackSource:
    """A file, or the demo, to be played.

    Args:
        where: the word "demo", else the path of a video file.
        loop: whether it begins again at its end.

    Raises:
        SourceError: there is no such file, or it holds no pictures that can be read.
    """
    if where == "demo":
        return PlaybackSource(DemoReel(), loop=loop)
    from humanseg.sources.file_reel import FileReel  # and with it FFmpeg, only where it is wanted

    return PlaybackSource(FileReel(Path(where)), loop=loop)
