"""Every other matte without the network: the last one, moved along with the picture, where that explains the picture.

What moved where is told by inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016).
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from humanseg.matting.motion import luma

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNEXPLAINED = 3.0
"""Grey levels by which the moved picture may miss the new one about the outline, on average, beyond what noise does.

People who talk stay below it; who dances, walks by or speaks with their hands goes beyond (docs/matte.md).
"""

WINDOW = 9
"""Side of the squares over which a miss is averaged, and reach of the outline, in pixels of a small frame."""

OUTLINE = 0.05
"""Alpha that changes by more than this within two pixels belongs to an outline."""

SMALLEST = 16
"""Sides of a small frame below this are too short for the search."""


class Carrier:
    """Keeps the alpha of the last frame that the network saw, for one frame more. One thread only."""

    def __init__(self) -> None:
        self._alpha: NDArray[np.float32] | None = None
        self._small: NDArray[np.uint8] | None = None
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)

    def carried(self, small: "NDArray[np.uint8]") -> "NDArray[np.float32] | None":
        """The kept alpha, moved to where its parts are in this frame; it is not kept any longer.

        Args:
            small: hxwx3 uint8 RGB: the frame as the network would see it.

        Returns:
            hxw float32, 0 to 1; None where the network has to look itself: nothing is kept, or of another size, or what
            moved does not make this frame of the last one.
        """
        alpha, before = self._alpha, self._small
        self.reset()
        if alpha is None or before is None or before.shape != small.shape or min(alpha.shape) < SMALLEST:
            return None
        was, now = luma(before), luma(small)
        # For each pixel of this frame, where it was.
        places = np.asarray(self._search.calc(now, was, None), np.float32)  # type: ignore[call-overload, unused-ignore]
        places += _grid(*alpha.shape)
        if _unexplained(_moved(was, places), now, alpha) > UNEXPLAINED:
            return None
        return np.asarray(_moved(alpha, places), np.float32)

    def keep(self, alpha: "NDArray[np.float32]", small: "NDArray[np.uint8]") -> None:
        """Keep what the network found in a small frame; nobody may write into either."""
        self._alpha, self._small = alpha, small

    def reset(self) -> None:
        """Forget it."""
        self._alpha = self._small = None


def _moved(picture: "NDArray[Any]", places: "NDArray[np.float32]") -> "NDArray[Any]":
    """Each pixel as it was at its place; what lay outside is the nearest at the edge."""
    # OpenCV's types want the places in two; both in one are as good.
    return np.asarray(cv2.remap(picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))  # type: ignore[call-overload]


def _unexplained(moved: "NDArray[np.uint8]", now: "NDArray[np.uint8]", alpha: "NDArray[np.float32]") -> float:
    """By how many grey levels the one misses the other about the outline that `alpha` had; 0 where it had none.

    The median miss of the whole picture is noise: most of it stands still.
    """
    outline = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > OUTLINE
    about = cv2.dilate(outline.view(np.uint8), np.ones((WINDOW, WINDOW), np.uint8))
    if not about.any():
        return 0.0  # who comes in is seen in the next frame
    miss = np.asarray(cv2.boxFilter(cv2.absdiff(moved, now), cv2.CV_32F, (WINDOW, WINDOW)), np.float32)
    return float(cv2.mean(miss, about)[0]) - float(np.median(miss[::4, ::4]))


@lru_cache(1)
def _grid(height: int, width: int) -> "NDArray[np.float32]":
    """Each pixel's own place, hxwx2: column and row."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
