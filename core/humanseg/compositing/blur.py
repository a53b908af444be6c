"""The blurred room as the background, without the person's colours in it."""

from typing import TYPE_CHECKING, NamedTuple, cast

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

FAINT = 1e-4
"""Where less than this of the blur's weight fell on the room (deep inside the person), its mean colour takes over.

So it is not for one faint pixel, in a hole of the matte, to decide the colour about it.
"""

FINE_ENOUGH, FEWEST = 2.1, 90
"""The picture is halved as long as the blur spans so many of its pixels, and its shorter side has so many."""


class Reduced(NamedTuple):
    """The smaller picture that is blurred in place of the frame."""

    size: tuple[int, int]
    """(width, height)."""

    sigma: float
    """The blur's standard deviation, in its pixels."""

    margin: int
    """`MARGIN`, in its pixels."""


def reduced(strength: float, size: tuple[int, int]) -> Reduced:
    """What is blurred of a frame of that (width, height): a strong blur hides a coarse picture, a weak one does not."""
    shorter, scale = min(size), 1.0
    spread = shorter * (WEAKEST + strength * (STRONGEST - WEAKEST))
    while min(spread * scale / FINE_ENOUGH, shorter * scale / FEWEST) >= 2:
        scale /= 2
    width, height = (max(1, round(side * scale)) for side in size)
    return Reduced((width, height), spread * scale, max(1, round(MARGIN * scale * shorter)))


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
        size, sigma, margin = reduced(self.strength, frame.size)
        small, alpha = (averaged(picture, size) for picture in (frame.rgb, matte.alpha))
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
        filled = cv2.divide(room, cv2.cvtColor(weight, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_8U)
        return cast("NDArray[np.uint8]", cv2.resize(filled, frame.size, interpolation=cv2.INTER_LINEAR))
