"""From traced light to a picture: taking the noise out, and looking at it through a webcam."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def smooth(light: Array, guide: Array) -> Array:
    """The light without its noise: an average over ever wider rings of pixels that seem to be of the same surface.

    Args:
        light: HxWx3 linear light.
        guide: HxWxN, what tells surfaces apart: a difference of 1 makes a neighbour count for a third.
    """
    spread = np.float32(1.2)
    for step in (1, 2, 4, 8):
        total, weights = np.zeros_like(light), np.zeros((*light.shape[:2], 1), np.float32)
        tone = np.log1p(light)
        for dy in (-2, -1, 0, 1, 2):
            for dx in (-2, -1, 0, 1, 2):
                move = np.array([[1, 0, dx * step], [0, 1, dy * step]], np.float32)
                size = light.shape[1::-1]
                near_light = cv2.warpAffine(light, move, size, borderMode=cv2.BORDER_REPLICATE)
                unlike = np.zeros(light.shape[:2], np.float32)
                for channel in range(guide.shape[2]):
                    moved = cv2.warpAffine(guide[..., channel], move, size, borderMode=cv2.BORDER_REPLICATE)
                    unlike += (moved - guide[..., channel]) ** 2
                unlike += ((np.log1p(near_light) - tone) ** 2).sum(axis=2) / spread**2
                weight = np.exp(-unlike - (dx * dx + dy * dy) / 3)[..., None]
                total += near_light * weight
                weights += weight
        light = total / weights
        spread /= 2
    return light


def photograph(light: Array, size: tuple[int, int], exposure: float) -> Array:
    """Linear light as a webcam shows it, HxWx3 in 0..255.

    Out of focus a little, with some glare, darker corners, and bright parts rolled off.
    """
    light = cv2.resize(light, size, interpolation=cv2.INTER_CUBIC).clip(0, None)
    glare = cv2.GaussianBlur(light, (0, 0), size[0] / 60)
    light = cv2.GaussianBlur(light, (0, 0), size[0] / 900) * 0.96 + glare * 0.04
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
    light = light * (1 - 0.16 * (x * x + y * y) / 2)[..., None]
    light = light * exposure
    curve = light * (1 + light / 9) / (1 + light * 0.75)
    linear = curve.clip(0, 1)
    return np.asarray(
        255 * np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055), np.float32
    )
