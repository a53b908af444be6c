"""A recording of a live stream: what is sent, in a file, with pauses cut out."""

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.video_file import VideoFileSink


class RecordingSink:
    """A video file whose first frame stands at 0, and that goes on after a pause as if there had been none.

    `pause` and `resume` may be called from any thread, before `open` too. What was recorded is kept when the disk is
    full: the file is ended there, whole, under its name, and the error says so.
    """

    lossless = True

    def __init__(self, path: Path, *, quality: int = 18) -> None:
        """Plan a file; nothing is touched before `open`.

        Args:
            path: the file to write: MP4, MOV, MKV or WebM by its ending. One of that name is replaced in the end.
            quality: constant rate factor, 0 (lossless) to 51 (worst).

        Raises:
            SettingsError: quality is out of range.
        """
        self.path = path
        self._file = VideoFileSink(path, quality=quality, keep_partial=True)
        self._paused = threading.Event()
        self._step = Fraction(0)
        self._shift: Fraction | None = None
        self._next = Fraction(0)

    @property
    def paused(self) -> bool:
        """Whether frames are let go now."""
        return self._paused.is_set()

    @property
    def seconds(self) -> float:
        """How much was recorded."""
        return float(self._next)

    def pause(self) -> None:
        """Let the frames go from now on."""
        self._paused.set()

    def resume(self) -> None:
        """Record on."""
        self._paused.clear()

    def open(self, info: StreamInfo) -> None:
        """Create the file, under a hidden name.

        Raises:
            SinkError: nothing can be written there.
        """
        # Whole ticks, or the times of what follows a pause would be no multiples of the stream's clock.
        self._step = max(1, round(1 / info.rate / info.time_base)) * info.time_base
        self._file.open(info)

    def write(self, frame: Frame) -> None:
        """Record one frame, unless it is paused.

        Raises:
            SinkError: the disk is full; what was recorded is saved, and the hint says so.
            ValueError: the frame has another size than the stream.
        """
        if self._paused.is_set():
            self._shift = None
            return
        if self._shift is None:
            self._shift = self._next - frame.time
        time = frame.time + self._shift
        self._file.write(replace(frame, time=time))
        self._next = time + self._step

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            SinkError: it cannot be finished; the hint says whether it was saved as far as it got.
        """
        self._file.close()

    def abandon(self) -> None:
        """Remove what was recorded, unless it was closed."""
        self._file.abandon()
