"""What every source promises."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from humanseg.frames import Frame, StreamInfo


class Source(Protocol):
    """Gives the frames of a file, a camera or a drawing, in the order in which they are shown.

    A source is opened in its constructor, so that what is wrong with it is known before anything else starts. One
    thread iterates, once. `close` may be called from any thread.
    """

    @property
    def info(self) -> StreamInfo:
        """What is known before the first frame; stays readable after `close`."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """The frames, once: the last frame, then the end.

        Raises:
            SourceError: reading fails, or the stream ends before it should; the good frames before it were given.
        """
        ...

    def close(self) -> None:
        """Ask for the end. May be called twice, and from any thread.

        The iterating thread releases the native resources when it notices; if iteration never began, they are
        released at once.
        """
        ...


@runtime_checkable
class CanBeLost(Protocol):
    """A live source that may have no frames for a while and go on afterwards."""

    @property
    def lost(self) -> bool:
        """Whether it has no frames now."""
        ...
