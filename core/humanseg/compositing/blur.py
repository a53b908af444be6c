"""The blurred room as the background, without the person's colours in it."""

from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from humanseg.fitting import averaged
from humanseg.frames import Frame, Matte

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEAKEST, STRONGEST = 0.012, 0.05
"""Standard deviation of the blur at strength 0 and 1, as parts of the frame's shorter side.

So every resolution looks alike. The weakest still spans the margin (below), which is filled in around the person.
"""

MARGIN = 0.01
"""How far around the person the room does not count either, as a part of the shorter side.

A matte is as soft as the network's own pixels, and there the frame's colour is partly the person's.
"""

FAINT = 1e-5
"""Where less than this of the blur's weight fell on the room (deep inside the person), its mean colour takes over."""


class BlurBackground:
    """The frame itself, blurred as if the person were not in it.

    Each pixel counts by how much it shows the room and the person's count for nothing, so no bright shirt glows around
    its wearer. All of it happens on a reduced picture, which the blur hides.
    """

    def __init__(self, strength: float = 0.5) -> None:
        """Choose the strength.

        Args:
            strength: 0 (a little soft) to 1 (shapes are gone).

        Raises:
            ValueError: `strength` leaves 0 to 1.
        """
        if not 0 <= strength <= 1:
            raise ValueError(f"strength is {strength}; it must be from 0 to 1.")
        self.strength = strength

    def render(self, frame: Frame, matte: Matte) -> "NDArray[np.uint8]":
        """See `Background.render`."""
        spread = WEAKEST + self.strength * (STRONGEST - WEAKEST)
        shorter = min(frame.size)
        # A weak blur needs the finer picture; a strong one hides the coarser one, and would cost more on a finer.
        scale = min(1.0, min(max(4.5 / spread, 180), 270) / shorter)
        sigma = spread * scale * shorter
        width, height = (max(1, round(side * scale)) for side in frame.size)
        small = averaged(frame.rgb, (width, height))
        alpha = averaged(matte.alpha, (width, height))
        margin = max(1, round(MARGIN * scale * shorter))
        covered = cv2.dilate(alpha, np.ones((2 * margin + 1, 2 * margin + 1), np.uint8))
        # A quarter covered is enough to count for nothing: a white shirt shows in a dark room long before half. Not
        # less, or a matte that is a little unsure of the room takes the room's own colours out of it.
        weight = np.clip(1 - 4 * covered, 0, 1)
        room = cv2.multiply(small, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_32F)
        total = cv2.sumElems(weight)[0]
        # OpenCV's sum: numpy's along two axes costs as much as the blur.
        mean = np.divide(cv2.sumElems(room), total) if total > 0 else np.array(cv2.mean(small))
        room = cv2.add(cv2.GaussianBlur(room, (0, 0), sigma), FAINT * mean)
        weight = cv2.GaussianBlur(weight, (0, 0), sigma) + np.float32(FAINT)
        reduced = cv2.divide(room, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_8U)
        return cast("NDArray[np.uint8]", cv2.resize(reduced, frame.size, interpolation=cv2.INTER_LINEAR))
