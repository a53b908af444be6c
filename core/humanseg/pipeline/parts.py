"""What a pipeline needs of the two parts between source and sinks."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from humanseg.frames import Frame, Matte


class SupportsMatte(Protocol):
    """What the worker needs of a matter. Called on the worker thread only."""

    def reset(self) -> None:
        """Forget the frames seen so far; called before the first frame, and after a fault."""

    def matte(self, frame: Frame) -> Matte:
        """The matte of `frame`, at its size."""


@runtime_checkable
class SupportsHalves(SupportsMatte, Protocol):
    """A matter that makes its mattes in two halves, so that one frame's second is done beside the next one's first."""

    def look(self, frame: Frame) -> Callable[[], Matte]:
        """The first half; what is returned is the second, to be called once: in order, one at a time, on any thread."""


def look(matter: SupportsMatte, frame: Frame) -> Callable[[], Matte]:
    """The first half of a matte, or all of it, where a matter knows no halves."""
    if isinstance(matter, SupportsHalves):
        return matter.look(frame)
    matte = matter.matte(frame)
    return lambda: matte


class SupportsWhole(Protocol):
    """What the worker needs of what does a frame in one go, such as `GpuFrames`. Called on the worker thread only."""

    def composite(self, frame: Frame, compositor: object) -> Frame | None:
        """The finished picture, as the compositor's; None where matter and compositor are to make it."""

    def reset(self) -> None:
        """Forget the frames seen so far; called before the first frame."""


class SupportsComposite(Protocol):
    """What the worker needs of a compositor. Called by one thread at a time, while the matter is at the next frame.

    One whose composites are meant to show the room (no background is chosen) has an attribute `shows_room` that is
    true; the others never hand the frame's own pixels on.
    """

    def composite(self, frame: Frame, matte: Matte) -> Frame:
        """The finished picture: index, times and `born` are those of `frame`."""
