"""One opened camera device, and the thread that owns it: opening and reading may block for as long as drivers like."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Capture(Protocol):
    """What is used of `cv2.VideoCapture`."""

    def isOpened(self) -> bool:  # noqa: N802 OpenCV's name
        """Whether the device was opened."""
        ...

    def read(self) -> tuple[bool, Any]:
        """Whether there is a frame, and the frame: HxWx3 uint8 in BGR order. Blocks."""
        ...

    def get(self, what: int, /) -> float:
        """A property."""
        ...

    def release(self) -> None:
        """Give the device back."""
        ...


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame as it came, and when."""

    picture: NDArray[np.uint8]
    """HxWx3 uint8, BGR."""
    number: int
    """From 0, counting those that nobody took."""
    born: float
    """`time.perf_counter`, seconds."""


class CaptureThread:
    """Opens a device, reads it and releases it, all on one daemon thread; keeps the newest shot.

    opening --open fails, or no picture comes--> over
    opening --first picture--> open --a read fails, or `close`--> over
    """

    def __init__(self, open_capture: Callable[[], Capture]) -> None:
        self._open = open_capture
        self._changed = threading.Condition()
        self._newest: Shot | None = None
        self._closing = False
        self.opened = False
        """Whether the device was opened; it may have failed since."""
        self.rate = 0.0
        """Frames per second that the device says it gives; 0 if it does not say."""
        self.failure: Exception | None = None
        """What OpenCV raised, if it did."""
        self.over = threading.Event()
        """Set once the device is released."""
        # A daemon: nothing can end a driver's open, and it must not hold up the end of the program.
        threading.Thread(target=self._run, name="humanseg-camera", daemon=True).start()

    def take(self, timeout_s: float) -> Shot | None:
        """The newest shot that was not taken yet; None when there was none in time, or when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest or self.over.is_set() or self._closing, timeout_s)
            shot, self._newest = self._newest, None
            return shot

    def close(self) -> None:
        """Ask for the end; returns at once."""
        with self._changed:
            self._closing = True
            self._newest = None
            self._changed.notify_all()

    def _run(self) -> None:
        capture: Capture | None = None
        try:
            capture = self._open()
            self.opened = capture.isOpened()
            if self.opened:
                self.rate = _rate(capture)
                self._read(capture)
        except Exception as error:  # noqa: BLE001 whoever waits for a shot tells it
            self.failure = error
        finally:
            if capture is not None:
                capture.release()
            with self._changed:
                self.over.set()
                self._changed.notify_all()

    def _read(self, capture: Capture) -> None:
        number = 0
        while not self._closing:
            good, picture = capture.read()
            born = perf_counter()
            if not good or picture is None:
                return
            with self._changed:
                if self._closing:
                    return
                self._newest = Shot(picture, number, born)
                self._changed.notify_all()
            number += 1


def _rate(capture: Capture) -> float:
    rate = capture.get(5)  # cv2.CAP_PROP_FPS
    return rate if 1 <= rate <= 1000 else 0.0
