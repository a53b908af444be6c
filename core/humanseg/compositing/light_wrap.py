"""Light of the new background on the person's edges, as if both had stood in one place."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REDUCED = 180
"""Shorter side of the picture in which the light is spread, in pixels."""

SPREAD = 0.015
"""Standard deviation of the spread, as a part of the shorter side."""


def wrap_light(
    person: "NDArray[np.uint8]", behind: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", strength: float
) -> "NDArray[np.uint8]":
    """The person's colours, lit from behind near the outline.

    The light is what the uncovered background gives when it is blurred, and is added as on film: what is white already
    stays, and nothing gets darker.

    Args:
        person: HxWx3 uint8 RGB; only read.
        behind: HxWx3 uint8 RGB: the new background; only read.
        alpha: HxW float32, 0 to 1; only read.
        strength: 0 (no light) to 1.

    Returns:
        HxWx3 uint8, the caller's own.
    """
    height, width = alpha.shape
    scale = min(1.0, REDUCED / min(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    room = 1 - cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    uncovered = cv2.resize(behind, size, interpolation=cv2.INTER_AREA) * room[:, :, np.newaxis]
    light = cv2.GaussianBlur(uncovered, (0, 0), max(SPREAD * min(size), 0.1), borderType=cv2.BORDER_REPLICATE)
    # In grey levels from here on: halves of one do not show, and bytes are four times as quick.
    wrapped = cv2.resize(cv2.convertScaleAbs(light, alpha=strength), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(person, cv2.multiply(wrapped, cv2.bitwise_not(person), scale=1 / 255)), np.uint8)
