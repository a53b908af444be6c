"""What every sink promises."""

from typing import Protocol

from humanseg.frames import Frame, StreamInfo


class Sink(Protocol):
    """Takes finished frames: a file, a preview, a list.

    One thread makes all calls: `open`, any number of `write`, then `close` or `abandon`. Whatever goes wrong outside
    the program (a full disk, a missing folder) is a `SinkError`; any other exception is a bug.
    """

    lossless: bool
    """True: every frame must be written (a file). False: the newest is enough (a preview)."""

    def open(self, info: StreamInfo) -> None:
        """Prepare for frames of this stream.

        Raises:
            SinkError: nothing can be written there, or not such a stream.
        """
        ...

    def write(self, frame: Frame) -> None:
        """Take one frame, of the size that `open` was told, shown later than the one before.

        Raises:
            SinkError: it cannot be written; nothing is left under the final name.
        """
        ...

    def close(self) -> None:
        """Finish: what was written is whole and under its final name. May be called twice.

        Raises:
            SinkError: it could not be finished; nothing is left under the final name.
        """
        ...

    def abandon(self) -> None:
        """End without leaving anything under the final name. May be called twice, and after `close` does nothing."""
        ...
