"""Several looks at every frame in one pass: the matte travels with the frame, and each sink makes its own picture."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from humanseg.compositing.looks import Look
from humanseg.frames import Frame, Matte, PlanarFrame, StreamInfo
from humanseg.pipeline.whole_looks import FinishedFrame

if TYPE_CHECKING:
    from humanseg.sinks.segmented import SegmentSink


@dataclass(frozen=True, kw_only=True, eq=False)
class MattedFrame(Frame):
    """A frame that has its own matte with it."""

    matte: Matte
    """The matte of this very frame."""


class KeepMatte:
    """Takes the compositor's place in a pipeline whose sinks make their own pictures."""

    def composite(self, frame: Frame, matte: Matte) -> MattedFrame:
        """The frame with its matte."""
        known = {field.name: getattr(frame, field.name) for field in fields(Frame)}
        return MattedFrame(**known, matte=matte)


class LookSink:
    """Makes one look of every matted frame that is to be written, on its sink's thread, and writes it."""

    def __init__(self, look: Look, sink: "SegmentSink") -> None:
        self._look = look
        self._sink = sink
        self.lossless = sink.lossless

    @property
    def look(self) -> Look:
        """What it makes."""
        return self._look

    def open(self, info: StreamInfo) -> None:
        """See `Sink.open`."""
        self._sink.open(info)

    def write(self, frame: Frame) -> None:
        """See `Sink.write`; the frame comes from `KeepMatte` or `WholeLook`."""
        if isinstance(frame, FinishedFrame | PlanarFrame):
            self._sink.write(frame)
            return
        if not isinstance(frame, MattedFrame):
            raise TypeError("a look needs the matte of its frame")
        if self._sink.takes(frame):
            self._sink.write(self._look.composite(frame, frame.matte))

    def close(self) -> None:
        """See `Sink.close`."""
        self._sink.close()

    def abandon(self) -> None:
        """See `Sink.abandon`."""
        self._sink.abandon()
