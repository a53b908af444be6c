"""What the sources have in common that read something native: they are read once, and released by who reads them."""

import threading
from collections.abc import Callable, Generator, Iterator

from humanseg.frames import Frame


class Once:
    """Keeps `Source`'s promises on iterating and closing."""

    def __init__(self, release: Callable[[], None]) -> None:
        """Args: release: Called once: on the iterating thread when it ends, or by `close` if nobody iterates."""
        self.closing = threading.Event()
        """Set once the end was asked for."""
        self._release: Callable[[], None] | None = release
        self._lock = threading.Lock()
        self._asked = self._begun = False

    def frames(self, frames: Generator[Frame, None, None]) -> Iterator[Frame]:
        """What `__iter__` is to return: the frames, none after `close`, with the release at their end.

        Raises:
            RuntimeError: it is asked for a second time.
        """
        with self._lock:
            if self._asked:
                raise RuntimeError("a source can be read once")
            self._asked = True
        return self._read(frames)

    def close(self) -> None:
        """Ask for the end, from any thread."""
        self.closing.set()
        if self._begin():
            self._let_go()

    def _read(self, frames: Generator[Frame, None, None]) -> Iterator[Frame]:
        if not self._begin():
            return
        try:
            yield from frames
        finally:
            frames.close()
            self._let_go()

    def _begin(self) -> bool:
        """Whether the release is now the caller's business."""
        with self._lock:
            mine, self._begun = not self._begun, True
        return mine

    def _let_go(self) -> None:
        # The release is the source's own method: kept, it would keep the source until garbage is collected.
        release, self._release = self._release, None
        if release is not None:
            release()
