"""What makes a run that was broken off and went on equal to one that was not.

A matter may remember frames (its network's previous alpha, smoothing). Were that memory just carried on, a run that
goes on in the middle would differ. So every segment begins with a reset and a few frames before it, matted once more
and not written: whether the run came from the segment before, from a kill, or runs on another machine.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from humanseg.frames import Frame, Matte, StreamInfo
from humanseg.pipeline.parts import SupportsMatte, look
from humanseg.sources.source import Source


@dataclass(frozen=True, kw_only=True)
class Segments:
    """How a video is cut."""

    length: int = 300
    """Frames in a segment: at most so many are made again after a kill."""

    warm_up: int = 8
    """Frames before a segment that are matted once more; at least 1, below `length`."""

    def __post_init__(self) -> None:
        if not 1 <= self.warm_up < self.length:
            raise ValueError(f"warm_up is {self.warm_up}; it must be at least 1 and below {self.length}.")

    def first_frame(self, number: int) -> int:
        """The index of the first frame that is needed to make this segment."""
        return max(0, number * self.length - self.warm_up)


class SegmentedSource:
    """Gives the frames of a source from a segment on, with the warm-up before every segment but the first.

    Where an index goes back, or leaves off where the reader began, a segment's warm-up begins.
    """

    def __init__(self, source: Source, segments: Segments, *, first: int = 0, last: int | None = None) -> None:
        """Choose the segments.

        Args:
            source: Gives every frame from `segments.first_frame(first)` on; earlier ones are let go.
            segments: How the video is cut.
            first: The number of the first segment.
            last: The number of the last one, None for all to the end.
        """
        self._source = source
        self._segments = segments
        self._begin = segments.first_frame(first)
        self._start = first * segments.length
        self._end = None if last is None else (last + 1) * segments.length
        self.given = 0
        """How many frames were given so far, but for those of warm-ups that were given before."""
        self.ended = False
        """Whether the source came to its end, and not only to that of the last segment."""

    @property
    def info(self) -> StreamInfo:
        """That of the source."""
        return self._source.info

    def __iter__(self) -> Iterator[Frame]:
        """The frames; raises what the source raises."""
        length = self._segments.length
        recent: deque[Frame] = deque(maxlen=self._segments.warm_up)
        for frame in self._source:
            if frame.index < self._begin:
                continue
            if self._end is not None and frame.index >= self._end:
                return
            if frame.index % length == 0 and frame.index > self._start:
                yield from recent
            self.given += 1
            yield frame
            recent.append(frame)
        self.ended = True

    def close(self) -> None:
        """Close the source."""
        self._source.close()


class SegmentedMatter:
    """Resets a matter where a segment's warm-up begins."""

    def __init__(self, matter: SupportsMatte) -> None:
        self._matter = matter
        self._last = -1

    def reset(self) -> None:
        """Forget everything; called before the first frame."""
        self._last = -1
        self._matter.reset()

    def matte(self, frame: Frame) -> Matte:
        """See `SupportsMatte.matte`."""
        return self.look(frame)()

    def look(self, frame: Frame) -> Callable[[], Matte]:
        """See `SupportsHalves.look`."""
        if frame.index <= self._last:
            self._matter.reset()
        self._last = frame.index
        return look(self._matter, frame)
