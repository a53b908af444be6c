"""Flicker: how much alpha changes where the picture does not; needs no truth."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

STILL = 4.0
"""Largest change of brightness (0..255, after a blur against noise) of a pixel in which nothing happens."""


class Flicker:
    """Adds up the frames of a clip or a stream, in order. One thread only."""

    def __init__(self, *, stride: int = 1, frames: int | None = None) -> None:
        """Begin with nothing.

        Args:
            stride: one pixel of so many in each direction is looked at, for speed.
            frames: how many of the last changes count; None is all.
        """
        self._stride = stride
        self._changes: deque[float] = deque(maxlen=frames)
        self._last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        self.mean: float | None = None
        """Mean change of alpha from frame to frame, in thousandths, in pixels whose brightness stayed.

        There a steady matte has no reason to change. None until two frames have something still in common. It may be
        read from any thread.
        """

    def add(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32]) -> None:
        """The next frame HxWx3 and its alpha HxW, 0 to 1. One of another size than the last begins anew."""
        seen = np.ascontiguousarray(rgb[:: self._stride, :: self._stride])
        light = np.asarray(cv2.blur(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY).astype(np.float32), (5, 5)), np.float32)
        alpha = alpha[:: self._stride, :: self._stride]
        before, self._last = self._last, (light, alpha)
        if before is None or before[1].shape != alpha.shape:
            return
        still = np.abs(light - before[0]) <= STILL
        if still.any():
            self._changes.append(1000 * float(np.abs(alpha - before[1])[still].mean()))
            self.mean = float(np.mean(self._changes))

    def reset(self) -> None:
        """Forget all frames: another clip follows."""
        self._changes.clear()
        self._last = self.mean = None
