"""A sink that writes a video in segments, so that what is finished outlives a kill."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.whole import writing


class SegmentWriter(Protocol):
    """Writes one segment."""

    def write(self, frame: Frame) -> None:
        """Add a frame."""

    def finish(self) -> None:
        """The segment is whole, and on disk."""

    def drop(self) -> None:
        """Leave nothing that could be taken for a whole segment; nothing to do after `finish`."""


class SegmentSink:
    """Cuts the frames into segments of equal length by their index, and leaves out those that are finished already.

    Each segment is encoded for itself, from a key frame: the result does not depend on where a run began.
    """

    lossless = True

    def __init__(
        self, output: Path, begin: Callable[[int, StreamInfo], SegmentWriter], *, length: int, first: int
    ) -> None:
        """Plan the segments; nothing is touched before the first frame.

        Args:
            output: What errors call the output.
            begin: Begins the segment of that number.
            length: Frames in a segment.
            first: The number of the first segment to write; frames before it are ignored.
        """
        self._output = output
        self._begin = begin
        self._length = length
        self._info: StreamInfo | None = None
        self._writer: SegmentWriter | None = None
        self.written = first * length
        """The index of the next frame to write: how many frames are written, those of former runs included."""

    def open(self, info: StreamInfo) -> None:
        """Note the stream."""
        self._info = info

    def takes(self, frame: Frame) -> bool:
        """Whether a frame is still to be written: those of warm-ups were."""
        return frame.index >= self.written

    def write(self, frame: Frame) -> None:
        """Add a frame; one that was written before is ignored.

        Raises:
            SinkError: it cannot be written.
        """
        if self._info is None:
            raise RuntimeError("the sink is not open")
        if not self.takes(frame):
            return
        with writing(self._output):
            if self._writer is None:
                self._writer = self._begin(frame.index // self._length, self._info)
            self._writer.write(frame)
            self.written = frame.index + 1
            if self.written % self._length == 0:
                self._finish()

    def close(self) -> None:
        """Finish the last segment.

        Raises:
            SinkError: it cannot be written.
        """
        with writing(self._output):
            self._finish()

    def abandon(self) -> None:
        """Drop the segment that is not finished; those that are stay."""
        if self._writer is not None:
            self._writer.drop()
        self._writer = None

    def _finish(self) -> None:
        if self._writer is not None:
            self._writer.finish()
        self._writer = None
