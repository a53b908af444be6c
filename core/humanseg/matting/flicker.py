"""Flicker: how much alpha changes where the picture does not; needs no truth."""

from collections import deque

import cv2
import numpy as np
from numpy.typing import NDArray

STILL = 4.0
"""Largest change of brightness (0..255, after a blur against noise) of a pixel in which nothing happens."""


class Flicker:
    """Adds up the frames of a clip or a stream, in order. One thread only."""

    def __init__(self, *, width: int | None = None, frames: int | None = None) -> None:
        """Begin with nothing.

        Args:
            width: frames are looked at with so many pixels from left to right, for speed; None is all.
            frames: how many of the last changes count; None is all.
        """
        self._width = width
        self._changes: deque[float] = deque(maxlen=frames)
        self._last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def add(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32]) -> None:
        """The next frame HxWx3 and its alpha HxW, 0 to 1. One of another size than the last begins anew."""
        if self._width is not None and self._width < alpha.shape[1]:
            size = self._width, max(1, round(self._width * alpha.shape[0] / alpha.shape[1]))
            rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
            alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
        light = np.asarray(cv2.blur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), (5, 5)), np.float32)
        before, self._last = self._last, (light, alpha)
        if before is None or before[1].shape != alpha.shape:
            return
        still = np.abs(light - before[0]) <= STILL
        if still.any():
            self._changes.append(1000 * float(np.abs(alpha - before[1])[still].mean()))

    def reset(self) -> None:
        """Forget all frames: another clip follows."""
        self._changes.clear()
        self._last = None

    @property
    def mean(self) -> float | None:
        """Mean change of alpha from frame to frame, in thousandths, in pixels whose brightness stayed.

        There a steady matte has no reason to change. None until two frames have something still in common.
        """
        return float(np.mean(self._changes)) if self._changes else None
