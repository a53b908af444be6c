"""An engine for whole frames in the making, on a thread of its own: the picture does not wait for it."""

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from humanseg.engines.graphs.whole_frame import FrameShape
    from humanseg.engines.tensorrt.frames import FrameEngine
    from humanseg.models import ModelSpec

logger = logging.getLogger(__name__)

_LOOK_S = 0.1
"""Seconds between two looks for a wish to stop."""


class FrameBuild:
    """Builds an engine, or loads it: seconds to minutes. Used by one thread; the building is on another."""

    def __init__(self, opener: "Callable[..., FrameEngine]", model: "ModelSpec", shape: "FrameShape") -> None:
        """Begin.

        Args:
            opener: Makes the engine from model and shape.
            model: The model.
            shape: What the engine is made for.
        """
        self._opener, self._model, self._shape = opener, model, shape
        self._cancelled = Event()
        self._opened: FrameEngine | Exception | None = None
        self._thread = Thread(target=self._open, name="humanseg-frame-build", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether there is no engine yet, and no reason why there is none."""
        return self._thread.is_alive()

    def wait(self, timeout_s: float | None = None, *, stop: Event | None = None) -> None:
        """Wait for the end of it, or for so many seconds; give up where `stop` is set meanwhile, on any thread."""
        if stop is None:
            self._thread.join(timeout_s)
            return
        while self._thread.is_alive():
            self._thread.join(_LOOK_S)
            if stop.is_set():
                self.cancel()

    def cancel(self) -> None:
        """Give up soon; returns at once."""
        self._cancelled.set()

    def take(self) -> "FrameEngine":
        """The engine, the caller's from now on. After `is_running`, and once.

        Raises:
            Exception: why there is none.
        """
        self._thread.join()
        opened, self._opened = self._opened, None
        if opened is None:
            raise RuntimeError("the engine was taken")
        if isinstance(opened, Exception):
            raise opened
        return opened

    def drop(self) -> None:
        """Give up, wait for it, and release what was made all the same."""
        self.cancel()
        self._thread.join()
        opened, self._opened = self._opened, None
        if opened is not None and not isinstance(opened, Exception):
            release(opened)

    def _open(self) -> None:
        try:
            self._opened = self._opener(self._model, self._shape, cancelled=self._cancelled)
        except Exception as error:  # noqa: BLE001 who takes the engine gets it
            self._opened = error


def release(engine: "FrameEngine") -> None:
    """Close an engine, whatever comes of it: a GPU that is lost refuses that too."""
    try:
        engine.close()
    except Exception:
        logger.exception("A GPU engine could not be closed.")
