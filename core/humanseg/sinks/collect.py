"""A sink that keeps the frames in a list: for programs that use the library, and for tests."""

from humanseg.frames import Frame, StreamInfo


class CollectSink:
    """Keeps every frame in memory, in order."""

    lossless = True

    def __init__(self) -> None:
        self.info: StreamInfo | None = None
        """The stream, once opened."""
        self.frames: list[Frame] = []
        """Every frame that was written."""
        self.finished = False
        """Whether `close` was called: the list is all there is."""

    def open(self, info: StreamInfo) -> None:
        """Begin a new list."""
        self.info = info
        self.frames = []
        self.finished = False

    def write(self, frame: Frame) -> None:
        """Append the frame."""
        self.frames.append(frame)

    def close(self) -> None:
        """Mark the list as whole."""
        self.finished = True

    def abandon(self) -> None:
        """Drop the frames, unless the list is already whole."""
        if not self.finished:
            self.frames = []
