"""A preview: the newest composite, for whoever paints it at a pace of their own."""

import threading

from humanseg.frames import Frame, StreamInfo


class PreviewSink:
    """Keeps the newest frame in a slot. `take` may be called from any thread, and never waits."""

    lossless = False

    def __init__(self) -> None:
        self.info: StreamInfo | None = None
        """The stream, once opened."""
        self._lock = threading.Lock()
        self._newest: Frame | None = None

    def open(self, info: StreamInfo) -> None:
        """Begin with an empty slot."""
        self.info = info
        with self._lock:
            self._newest = None

    def write(self, frame: Frame) -> None:
        """Put the frame in the slot; one that nobody took is let go."""
        with self._lock:
            self._newest = frame

    def take(self) -> Frame | None:
        """The newest frame, once: None when there is none that was not taken yet."""
        with self._lock:
            frame, self._newest = self._newest, None
        return frame

    def close(self) -> None:
        """Empty the slot: a picture must not stay when nothing comes any more."""
        with self._lock:
            self._newest = None

    def abandon(self) -> None:
        """As `close`."""
        self.close()
