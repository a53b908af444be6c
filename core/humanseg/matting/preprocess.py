"""From a frame to the tensor that the network sees."""

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from humanseg.fitting import averaged

if TYPE_CHECKING:
    from numpy.typing import NDArray


def network_size(frame_size: tuple[int, int], pixels: int, multiple: int) -> tuple[int, int]:
    """The (width, height) at which the network sees a frame: about the frame's aspect and `pixels` in all.

    Each side is the ideal one, rounded to the nearest multiple; so 16:9 with 61440 pixels and multiples of 32 is
    320x192. A frame with fewer pixels than the budget is not enlarged (but for the rounding: there is no more to see in
    it), and a strip narrower than one multiple is shortened to stay within the budget.

    Args:
        frame_size: (width, height) in pixels, each at least 1.
        pixels: Width times height to aim for, at least `multiple` squared.
        multiple: Both sides are whole multiples of this, and at least one.
    """
    width, height = frame_size
    scale = min(1.0, math.sqrt(pixels / (width * height)))
    longest = pixels // multiple // multiple
    wide, high = (min(max(1, round(side * scale / multiple)), longest) * multiple for side in frame_size)
    return wide, high


def shrink(rgb: "NDArray[np.uint8]", size: tuple[int, int]) -> "NDArray[np.uint8]":
    """A frame as the network sees it.

    Args:
        rgb: HxWx3 uint8, at least one pixel; only read.
        size: (width, height) for the network.

    Returns:
        hxwx3 uint8. Every pixel counts where it shrinks, so that thin things do not flicker.
    """
    shrinks = size[0] <= rgb.shape[1] and size[1] <= rgb.shape[0]
    small = averaged(rgb, size) if shrinks else cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.uint8)


def to_tensor(
    rgb: "NDArray[np.uint8]",
    size: tuple[int, int],
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> "NDArray[np.float32]":
    """A frame as the network takes it: shrunk, then (rgb / 255 - mean) / std.

    Args:
        rgb: HxWx3 uint8, at least one pixel; only read. One that was shrunk already costs no more.
        size: (width, height) for the network.
        mean: Per channel, on the scale 0 to 1.
        std: Per channel, on the scale 0 to 1, above 0.

    Returns:
        1x3xhxw float32, C-contiguous (engines take a pointer).
    """
    # While it is uint8 and interleaved, which is what OpenCV is quick at; the rest then costs next to nothing.
    small = shrink(rgb, size)
    tensor = np.empty((1, 3, size[1], size[0]), np.float32, order="C")
    for channel in range(3):
        plane = tensor[0, channel]
        np.multiply(small[:, :, channel], np.float32(1 / (255 * std[channel])), out=plane)
        plane -= np.float32(mean[channel] / std[channel])
    return tensor
