"""Ways to show an alpha to a person: all take HxWx3 uint8 RGB and HxW float32 alpha, and give HxWx3 uint8 RGB."""

import cv2
import numpy as np
from numpy.typing import NDArray

import humanseg

Rgb = NDArray[np.uint8]
Alpha = NDArray[np.float32]

_TINT = (40, 200, 90)


def alpha_picture(rgb: Rgb, alpha: Alpha) -> Rgb:
    """The alpha as grey, white where the person is."""
    grey = np.asarray(np.rint(alpha * 255), np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def overlay(rgb: Rgb, alpha: Alpha) -> Rgb:
    """The picture with the person tinted green and outlined where alpha is one half."""
    weight = np.ascontiguousarray(alpha, np.float32) * np.float32(0.45)
    tint = np.full_like(rgb, _TINT)
    tinted = np.asarray(cv2.blendLinear(tint, np.ascontiguousarray(rgb), weight, 1 - weight), np.uint8)
    outlines, _ = cv2.findContours((alpha > 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tinted, outlines, -1, (255, 255, 255), max(1, rgb.shape[1] // 500))
    return tinted


def difference(predicted: Alpha, true: Alpha) -> Rgb:
    """Where two alphas differ: red is too much, blue is missing, white is agreement."""
    excess, missing = np.clip(predicted - true, 0, 1), np.clip(true - predicted, 0, 1)
    picture = np.stack([1 - missing, 1 - excess - missing, 1 - excess], axis=-1)
    return np.asarray(np.rint(255 * picture), np.uint8)


def composite(rgb: Rgb, alpha: Alpha) -> Rgb:
    """The person before green."""
    return humanseg.composite(rgb, alpha, "#00b140")


def side_by_side(rgb: Rgb, alpha: Alpha) -> Rgb:
    """The picture, its alpha and its composite in a row: Hx3Wx3."""
    return np.concatenate([rgb, alpha_picture(rgb, alpha), composite(rgb, alpha)], axis=1)


VIEWS = {"alpha": alpha_picture, "overlay": overlay, "side-by-side": side_by_side}
"""What `predict` can write, by name."""
