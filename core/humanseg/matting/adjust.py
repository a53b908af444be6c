"""Alpha to a user's taste: threshold, shift and feather, in this order.

None of them changes alpha that is 0 everywhere or 1 everywhere. Lengths are parts of the frame's shorter side, so that
every resolution looks alike.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from humanseg.matting.options import MattingOptions

RAMP = 0.05
"""Half the width of the ramp, in alpha, that a threshold leaves against staircases."""


def adjust(alpha: "NDArray[np.float32]", options: "MattingOptions") -> "NDArray[np.float32]":
    """Alpha as the options ask.

    Args:
        alpha: HxW float32, 0 to 1; only read.
        options: Whose threshold, shift and feather count here.

    Returns:
        HxW float32, 0 to 1: a new array, or `alpha` itself where all three are off.
    """
    shorter = min(alpha.shape)
    if options.threshold:
        alpha = _cut(alpha, options.threshold)
    if options.shift:
        alpha = _shift(alpha, options.shift * shorter)
    if options.feather:
        alpha = _feather(alpha, options.feather * shorter)
    return alpha


def _cut(alpha: "NDArray[np.float32]", threshold: float) -> "NDArray[np.float32]":
    ramp = min(RAMP, threshold, 1 - threshold)  # so that 0 stays 0 and 1 stays 1
    return np.asarray(np.clip((alpha - np.float32(threshold - ramp)) * np.float32(0.5 / ramp), 0, 1), np.float32)


def _shift(alpha: "NDArray[np.float32]", pixels: float) -> "NDArray[np.float32]":
    """Outlines moved by a distance that need not be whole: the last step is taken in part."""
    step = cv2.dilate if pixels > 0 else cv2.erode
    whole, part = divmod(abs(pixels), 1)
    for number in range(int(whole)):
        alpha = np.asarray(step(alpha, _shape(number)), np.float32)
    if part:
        further = step(alpha, _shape(int(whole)))
        alpha = np.asarray(cv2.addWeighted(alpha, 1 - part, further, part, 0), np.float32)
    return alpha


def _shape(number: int) -> "NDArray[np.uint8]":
    """Crosses and squares in turn: together they grow an octagon, which is round enough, at a small disc's price."""
    kind = cv2.MORPH_RECT if number % 2 else cv2.MORPH_CROSS
    return np.asarray(cv2.getStructuringElement(kind, (3, 3)), np.uint8)


def _feather(alpha: "NDArray[np.float32]", pixels: float) -> "NDArray[np.float32]":
    """A ramp of about `pixels` inside the outline.

    Never outside it, where the room would show.
    """
    # A wide ramp hides that it was made on a smaller picture.
    scale = min(1.0, 8 / pixels)
    size = [max(1, round(side * scale)) for side in reversed(alpha.shape)]
    soft = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(soft, (0, 0), max(pixels * scale / 2, 0.1), borderType=cv2.BORDER_REPLICATE)
    soft = cv2.resize(soft, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.minimum(alpha, np.clip(2 * soft - 1, 0, 1, out=soft))
