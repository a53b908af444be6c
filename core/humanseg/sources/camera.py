"""A camera as a source."""

import os
import platform
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from humanseg.errors import SourceError
from humanseg.fitting import fitted
from humanseg.frames import Colour, Frame, StreamInfo
from humanseg.sources.cameras import Camera, find_camera, list_cameras, opencv_backend
from humanseg.sources.capture import Capture, CaptureThread, Shot
from humanseg.sources.clock import TICK, LiveClock

__all__ = ["Camera", "CameraSource", "Mode", "find_camera", "list_cameras"]

LIMIT_S = 2.8
"""How long a camera may take to open and give its first frame, and later between two frames: told within 3 s."""

BLACK_S = 2.0
"""How long frames may be black before it is told."""

RELEASE_S = 1.0
"""How long is waited at the end for the device to be free again."""

_BLACK = 16
"""No channel of a black frame is above this: the lowest level of video, and a little noise."""


@dataclass(frozen=True)
class Mode:
    """A size and a rate, as they were asked for."""

    size: tuple[int, int]
    """(width, height) in pixels."""
    rate: Fraction
    """Frames per second."""


_hanging: dict[str, CaptureThread] = {}
"""By camera id: what did not end in time. A driver that hangs must not collect a thread at each new try."""
_hanging_lock = threading.Lock()


class CameraSource:
    """The newest frames of a camera, as fast as it gives them; times count from the first frame's arrival.

    The device is opened, read and released by a thread of its own, since any of these may block. What goes wrong is a
    `SourceError`: not connected, no permission, busy (it does not open, hangs, or gives black frames from the start),
    and a camera that stops.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        size: tuple[int, int] = (1280, 720),
        rate: Fraction = Fraction(30),
        open_capture: Callable[[Camera, Mode], Capture] | None = None,
    ) -> None:
        """Open the camera and wait for its first frame, three seconds at most.

        Args:
            camera: one of `list_cameras()`.
            size: (width, height) to ask for; `info` tells what the camera made of it.
            rate: frames per second to ask for.
            open_capture: opens the device, on the camera's thread; None is OpenCV.

        Raises:
            SourceError: it gives no frames; the hint says what to do.
        """
        self.camera = camera
        self.requested = Mode(size, rate)
        """What was asked for; `info` says what came."""
        self.problem: SourceError | None = None
        """What is wrong with the picture although frames come: it has gone black. None when it is well again."""
        self._lock = threading.Lock()
        self._asked = False
        self._closing = False
        self._clock = LiveClock()
        _may_open(camera)
        opener = open_capture or open_device
        self._thread = CaptureThread(lambda: opener(camera, self.requested))
        self._first = self._thread.take(LIMIT_S)
        if self._first is None:
            raise self._does_not_open() from self._thread.failure
        height, width = self._first.picture.shape[:2]
        given = Fraction(self._thread.rate).limit_denominator(1001) if self._thread.rate else rate
        self._info = StreamInfo(
            width=width, height=height, rate=given, time_base=TICK, live=True, colour=Colour(matrix=1, primaries=1)
        )

    @property
    def info(self) -> StreamInfo:
        """The mode that the camera gives: the first frame's size, and the rate that the driver says."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """The newest frame whenever there is one, until `close`.

        Raises:
            SourceError: the camera was unplugged, stopped, or gives black frames only.
            RuntimeError: it is asked for a second time.
        """
        with self._lock:
            if self._asked:
                raise RuntimeError("a source can be read once")
            self._asked = True
        return self._frames()

    def close(self) -> None:
        """Ask for the end, from any thread; the camera's own thread releases the device."""
        self._closing = True
        self._thread.close()

    def _frames(self) -> Iterator[Frame]:
        shot, self._first = self._first, None
        seen, lit = False, shot.born if shot else 0.0
        try:
            while not self._closing:
                if shot is None:
                    raise self._stopped() from self._thread.failure
                if not _is_black(shot):
                    seen, lit, self.problem = True, shot.born, None
                elif shot.born - lit >= BLACK_S and self.problem is None:
                    problem = self._black()
                    # One that was black from its start is held by another program: it is opened again. Else somebody
                    # has closed the lens cover, and the picture will come back by itself.
                    if not seen:
                        raise problem
                    self.problem = problem
                yield self._frame(shot)
                shot = self._thread.take(LIMIT_S)
        finally:
            # The next one to open this camera must find it free.
            self._release(RELEASE_S)

    def _frame(self, shot: Shot) -> Frame:
        rgb = np.asarray(cv2.cvtColor(shot.picture, cv2.COLOR_BGR2RGB), np.uint8)
        rgb = fitted(rgb, (self._info.width, self._info.height))
        rgb.flags.writeable = False
        return Frame(rgb=rgb, index=shot.number, time=self._clock.time(shot.born), born=shot.born)

    def _does_not_open(self) -> SourceError:
        if not self._release(0.05):
            return _busy(self.camera, "does not answer")
        if self._thread.opened:
            return _busy(self.camera, "gives no picture")
        return _busy(self.camera, "cannot be opened")

    def _release(self, limit_s: float) -> bool:
        """Have the device released; False if its thread hangs, which is kept in mind."""
        self._thread.close()
        if self._thread.over.wait(limit_s):
            return True
        with _hanging_lock:
            _hanging[self.camera.id] = self._thread
        return False

    def _stopped(self) -> SourceError:
        name = self.camera.name
        if self.camera.path.startswith("/dev/") and not Path(self.camera.path).exists():
            return SourceError(f"The camera {name} was unplugged.", "Plug it in again: it goes on by itself.")
        return SourceError(f"The camera {name} stopped giving pictures.", "Check its cable, or plug it in again.")

    def _black(self) -> SourceError:
        hint = "Open its lens cover, and close other programs that use the camera."
        return SourceError(f"The camera {self.camera.name} gives a black picture only.", hint)


def open_device(camera: Camera, mode: Mode) -> Capture:
    """The camera opened by OpenCV, in the mode nearest to what was asked for. May block."""
    capture = cv2.VideoCapture(camera.index, opencv_backend())
    if capture.isOpened():
        # Uncompressed, most cameras have not the bandwidth for 30 frames of 720p in a second.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.size[1])
        capture.set(cv2.CAP_PROP_FPS, float(mode.rate))
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return cast("Capture", capture)


def _may_open(camera: Camera) -> None:
    """What can be told without opening it.

    Raises:
        SourceError: it is gone, may not be read, or still hangs from the last time.
    """
    path = camera.path
    if path.startswith("/dev/"):
        if not Path(path).exists():
            raise SourceError(f"The camera {camera.name} is not connected.", "Plug it in, or choose another.")
        if not os.access(path, os.R_OK | os.W_OK):
            hint = "Run `sudo usermod -aG video $USER`, then log out and in again. A Flatpak needs `--device=all`."
            raise SourceError(f"You have no permission to use the camera {camera.name} ({path}).", hint)
    with _hanging_lock:
        thread = _hanging.get(camera.id)
        if thread is not None and thread.over.is_set():
            del _hanging[camera.id]
            thread = None
    if thread is not None:
        raise _busy(camera, "does not answer")


def _busy(camera: Camera, what: str) -> SourceError:
    hint = "Close the other program that uses it, or choose another camera."
    if platform.system() == "Darwin":
        hint += " Allow it in System Settings, Privacy & Security, Camera (for the terminal, if you started it there)."
    elif platform.system() == "Windows":
        hint += " Allow desktop apps to use it in Settings, Privacy & security, Camera."
    return SourceError(f"The camera {camera.name} {what}.", hint)


def _is_black(shot: Shot) -> bool:
    return int(shot.picture[::8, ::8].max()) <= _BLACK
