"""A virtual camera: the composites as a camera that other programs can choose."""

import threading
from fractions import Fraction
from time import perf_counter
from typing import TYPE_CHECKING, Any

from humanseg.errors import SinkError
from humanseg.fitting import fitted
from humanseg.frames import Frame, StreamInfo
from humanseg.sinks.audience import Audience, Door, door_of
from humanseg.sinks.preflight import virtual_camera_findings
from humanseg.slate import Slate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOK_S = 0.05
"""Seconds between two looks at whether somebody watches, while nobody does."""

SLATE_S = 0.5
"""Seconds between two slates meanwhile."""

__all__ = ["VirtualCameraSink", "virtual_camera_findings"]


class VirtualCameraSink:
    """Sends what it is given at a steady rate: the newest frame, again and again while no newer one comes.

    While no other program has the camera open, it sends the slate now and then, and what it is given is let go; as soon
    as one has, it sends what comes from then on. Where the system cannot tell, it always works.

    Before the first frame, it sends the slate. Programs that watch a camera take a change of its size badly, so frames
    of another size are fitted into the one it has, with bars. The camera is opened, fed and released on a thread of
    its own; when that has ended, nothing is left of it.
    """

    lossless = False

    def __init__(
        self,
        size: tuple[int, int] = (1280, 720),
        rate: Fraction = Fraction(30),
        *,
        device: str | None = None,
        backend: str | None = None,
        always: bool = False,
    ) -> None:
        """Plan a camera; nothing is opened before `open`.

        Args:
            size: (width, height) in pixels; even numbers, or some programs show nothing.
            rate: frames per second.
            device: which one to feed (/dev/video10; the camera's name on Windows and macOS); None is the first.
            backend: pyvirtualcam's name of what drives it; None tries all.
            always: work whether or not somebody watches.

        Raises:
            ValueError: a size or rate that no camera has.
        """
        if min(size) < 2 or size[0] % 2 or size[1] % 2 or rate <= 0:
            raise ValueError(f"a camera of {size[0]}x{size[1]} at {rate} frames per second")
        self._size = size
        self._rate = rate
        self._device = device
        self._backend = backend
        self._always = always
        self._watched: bool | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._newest: NDArray[np.uint8] = Slate(size).rgb
        self.name = ""
        """What other programs call the camera, once it is open."""

    @property
    def watched(self) -> bool | None:
        """Whether another program has the camera open: then frames are wanted. None where nobody can tell."""
        return self._watched

    def open(self, info: StreamInfo) -> None:
        """Open the camera and begin to send the slate.

        Raises:
            SinkError: there is no virtual camera, another program feeds it, or pyvirtualcam is not installed; the hint
                says what to do.
        """
        self._newest = Slate(self._size).rgb
        self._error = self._watched = None
        self._ending.clear()
        self._ready.clear()
        self._thread = threading.Thread(target=self._feed, name="humanseg-virtual-camera")
        self._thread.start()
        self._ready.wait()
        self._raise_error()

    def write(self, frame: Frame) -> None:
        """Send this frame from now on; while nobody watches it is let go.

        Raises:
            SinkError: the camera is gone.
        """
        self._raise_error()
        if self._watched is False:
            return
        rgb = fitted(frame.rgb, self._size, "fit")
        with self._lock:
            self._newest = rgb

    def close(self) -> None:
        """Release the camera; programs that watch it see it end."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def abandon(self) -> None:
        """As `close`."""
        self.close()

    def _feed(self) -> None:
        """The thread: open, send at each tick, release."""
        try:
            camera = self._camera()
            try:
                self.name = camera.device
                door = None if self._always else door_of(self.name)
                self._watched = None if door is None else False
                self._ready.set()
                try:
                    self._send(camera, door)
                finally:
                    if door is not None:
                        door.close()
            finally:
                camera.close()
        except Exception as error:  # noqa: BLE001 the sink's own thread raises it
            self._error = error
        finally:
            self._ready.set()

    def _send(self, camera: Any, door: Door | None) -> None:
        audience, period, due = Audience(), float(1 / self._rate), perf_counter()
        while not self._ending.is_set():
            if door is not None:
                self._watched = audience.look(perf_counter(), door.is_open(perf_counter()))
                if not self._watched:
                    self._rest(camera, audience, door)
                    due = perf_counter()
                    continue
            with self._lock:
                rgb = self._newest
            camera.send(rgb)
            # From tick to tick, so that the rate holds; after a stall it begins anew and does not hurry.
            due = max(due + period, perf_counter() - period)
            self._ending.wait(max(0.0, due - perf_counter()))

    def _rest(self, camera: Any, audience: Audience, door: Door) -> None:
        """Send the slate now and then until somebody watches."""
        slate, due = Slate(self._size).rgb, perf_counter()
        while not self._watched:
            with self._lock:
                self._newest = slate  # who comes sees what is made from then on, and nothing of before
            if perf_counter() >= due:
                camera.send(slate)
                due = perf_counter() + SLATE_S
            if self._ending.wait(LOOK_S):
                return
            self._watched = audience.look(perf_counter(), door.is_open(perf_counter()))

    def _camera(self) -> Any:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise virtual_camera_findings()[0] from error
        try:
            return pyvirtualcam.Camera(
                *self._size, float(self._rate), fmt=pyvirtualcam.PixelFormat.RGB,
                device=self._device, backend=self._backend,
            )  # fmt: skip
        except (RuntimeError, KeyError, ValueError) as error:
            findings = virtual_camera_findings()
            if findings and self._backend is None:
                raise findings[0] from error
            hint = "Close the other program that feeds it, or choose another one."
            raise SinkError(f"The virtual camera cannot be opened: {error}.", hint) from error

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if isinstance(error, SinkError):
            self.close()
            raise error
        if error is not None:
            self.close()
            raise SinkError(f"The virtual camera broke off: {error}.", "Start it again.") from error
