"""Steadiness: alpha follows what moves at once, and averages what stands still."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from humanseg.matting.motion import motion

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRONGEST = 0.95
"""How much of the last alpha stays at strength 1 where nothing moves. Not all of it: a mistake would stay for ever."""

DOUBT, BELIEF = 0.4, 0.8
"""Alpha that changes by less than the one although nothing seems to move is noise; by more than the other, it is right.

White sleeves move before white walls: the picture hardly changes there, and a ghost must not stay behind.
"""


class Smoother:
    """Blends each frame's alpha with those before it, more where the picture stands still. One thread only."""

    def __init__(self) -> None:
        self._alpha: NDArray[np.float32] | None = None
        self._small: NDArray[np.uint8] | None = None

    def smooth(
        self, alpha: "NDArray[np.float32]", small: "NDArray[np.uint8]", strength: float
    ) -> "NDArray[np.float32]":
        """The frame's alpha, steadied.

        The first alpha after `reset`, and one of another size than the last, comes back as it is.

        Args:
            alpha: HxW float32, 0 to 1, of any resolution. It is written into, and kept.
            small: hxwx3 uint8 RGB: the same frame as the network saw it. Kept too.
            strength: 0 (the last alpha counts for nothing) to 1 (for nearly all, where nothing moves).

        Returns:
            `alpha`. It is kept: do not write into it until the next call.
        """
        last, before = self._alpha, self._small
        self._small = small
        if last is None or before is None or last.shape != alpha.shape or before.shape != small.shape or not strength:
            self._alpha = alpha
            return alpha
        alpha -= last
        sampled = cv2.resize(alpha, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR)
        certain = np.clip((np.abs(sampled) - DOUBT) / np.float32(BELIEF - DOUBT), 0, 1)
        follow = np.maximum(motion(before, small), cv2.dilate(certain, np.ones((3, 3), np.uint8)))
        keep = np.float32(STRONGEST * strength)
        follow = cv2.resize(1 - keep + keep * follow, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
        # In place: fresh pages for a frame cost more than the sums.
        alpha *= follow
        alpha += last
        self._alpha = np.clip(alpha, 0, 1, out=alpha)
        return alpha

    def reset(self) -> None:
        """Forget the frames before: for a new source, a seek or a cut."""
        self._alpha = self._small = None
