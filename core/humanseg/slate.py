"""The slate: what is shown when there is no composite that may be shown. Not one pixel of it comes from a camera."""

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from humanseg.frames import Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ABOVE, _BELOW, _SIGN = (46, 50, 56), (30, 32, 36), (132, 138, 146)


class Slate:
    """A card in quiet greys with the sign of a camera struck through, of one size."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Draw it.

        Args:
            size: (width, height) in pixels, each at least 1.
        """
        self.rgb = _card(size)
        """HxWx3 uint8 RGB, read-only."""

    def frame(self, like: Frame | None = None) -> Frame:
        """The slate in the place of a frame, whose index, times and `born` it has; without one, at time 0."""
        if like is None:
            return Frame(rgb=self.rgb, time=Fraction(0))
        return Frame(rgb=self.rgb, index=like.index, time=like.time, duration=like.duration, born=like.born)


@lru_cache(maxsize=4)
def _card(size: tuple[int, int]) -> "NDArray[np.uint8]":
    width, height = size
    weight = np.linspace(0, 1, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
    slope = (1 - weight) * np.array(_ABOVE, np.float32) + weight * np.array(_BELOW, np.float32)
    rgb = np.ascontiguousarray(np.broadcast_to(np.rint(slope), (height, width, 3)).astype(np.uint8))
    unit = min(width, height) / 100
    if unit >= 0.2:  # smaller than that there is no room for a sign
        rgb = _signed(rgb, unit)
    rgb.flags.writeable = False
    return rgb


def _signed(rgb: "NDArray[np.uint8]", unit: float) -> "NDArray[np.uint8]":
    """With the sign in the middle; `unit` is a hundredth of the shorter side."""
    height, width = rgb.shape[:2]
    fine = 16  # sixteenths of a pixel, as OpenCV's drawing takes them
    shape = np.zeros((height, width), np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return round((width / 2 + x * unit) * fine), round((height / 2 + y * unit) * fine)

    def line(begin: tuple[float, float], end: tuple[float, float], thick: float, value: int) -> None:
        cv2.line(shape, at(*begin), at(*end), value, max(1, round(thick * unit)), cv2.LINE_AA, 4)

    for y in (-4.0, 4.0):  # the body: a bar with round ends on either side makes its corners round
        line((-8, y), (3, y), 3, 255)
    cv2.fillPoly(shape, [np.array([at(-9.4, -4), at(4.4, -4), at(4.4, 4), at(-9.4, 4)])], 255, cv2.LINE_AA, 4)
    cv2.fillPoly(shape, [np.array([at(6, -1.4), at(10.4, -4.6), at(10.4, 4.6), at(6, 1.4)])], 255, cv2.LINE_AA, 4)
    line((-9, -9), (10, 9), 3.6, 0)
    line((-9, -9), (10, 9), 1.3, 255)
    alpha = shape.astype(np.float32) * np.float32(1 / 255)
    sign = np.full_like(rgb, _SIGN)
    return cast("NDArray[np.uint8]", cv2.blendLinear(sign, rgb, alpha, 1 - alpha))
