"""Turning a picture upright, as the display matrix of its container asks."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways to lay a rectangle on itself: exchange rows and columns first, then mirror."""

    transposed: bool = False
    mirrored: bool = False
    """Left becomes right."""
    upside_down: bool = False
    """Top becomes bottom."""

    @classmethod
    def of(cls, picture: VideoFrame) -> "Orientation":
        """What the display matrix of a decoded picture asks for, to the nearest quarter turn.

        The first two columns (a b, c d) of the matrix send the point (x, y) to (a x + c y, b x + d y), y downwards.
        """
        side_data: Any = picture.side_data
        matrix = side_data.get("DISPLAYMATRIX")
        if matrix is None:
            return cls()
        a, b, _, c, d = (int(number) for number in np.frombuffer(matrix, np.int32)[:5])
        if abs(b) > abs(a):
            return cls(transposed=True, mirrored=c < 0, upside_down=b < 0)
        return cls(mirrored=a < 0, upside_down=d < 0)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The (width, height) of a picture of this size once it is upright."""
        return (height, width) if self.transposed else (width, height)

    def upright(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """An HxWx3 uint8 picture turned upright; the array itself if there is nothing to turn."""
        if self.transposed:
            rgb = cv2.transpose(rgb)  # type: ignore[assignment]
        if self.mirrored or self.upside_down:
            # OpenCV's codes: 0 is top to bottom, 1 is left to right, -1 is both.
            code = -1 if self.mirrored and self.upside_down else int(self.mirrored)
            rgb = cv2.flip(rgb, code)  # type: ignore[assignment]
        return rgb
