"""Bringing one picture to the size of another: filling it, fitting into it, or stretched."""

from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fit = Literal["fill", "fit", "stretch"]
"""fill: the largest middle part that has the aspect. fit: all of it, with black bars. stretch: all of it, distorted."""

FITS: tuple[Fit, ...] = get_args(Fit)
"""The words for it."""


def fitted(rgb: "NDArray[np.uint8]", size: tuple[int, int], how: Fit = "fill") -> "NDArray[np.uint8]":
    """A picture at another size.

    Args:
        rgb: HxWx3 uint8 of any size from 1x1; only read.
        size: (width, height) in pixels, each at least 1.
        how: see `Fit`.

    Returns:
        An array of that size, C-contiguous; `rgb` itself if it has that size and layout already.

    Raises:
        ValueError: `how` is none of the three.
    """
    if how not in FITS:
        raise ValueError(f"how is {how!r}; it must be one of {', '.join(FITS)}.")
    height, width = rgb.shape[:2]
    if (width, height) == size and rgb.flags.c_contiguous:
        return rgb
    if how == "stretch":
        return _resized(rgb, size)
    if how == "fill":
        scale = max(size[0] / width, size[1] / height)
        wide, high = (
            min(whole, max(1, round(side / scale))) for side, whole in zip(size, (width, height), strict=True)
        )
        left, top = (width - wide) // 2, (height - high) // 2
        return _resized(rgb[top : top + high, left : left + wide], size)
    scale = min(size[0] / width, size[1] / height)
    wide, high = (min(room, max(1, round(side * scale))) for side, room in zip((width, height), size, strict=True))
    out = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - wide) // 2, (size[1] - high) // 2
    out[top : top + high, left : left + wide] = _resized(rgb, (wide, high))
    return out


def averaged(picture: "NDArray[Any]", size: tuple[int, int]) -> "NDArray[Any]":
    """A picture with fewer pixels, in each of which all that it covers counts: no thin thing flickers.

    By halves first, which costs half as much or less: bytes are rounded each time, and that is all there is to see.

    Args:
        picture: HxW or HxWxC, uint8 or float32; only read.
        size: (width, height), neither larger than the picture's.

    Returns:
        An array of that size and of the same type.
    """
    while _halves(picture.shape[1::-1], size):
        half = picture.shape[1] // 2, picture.shape[0] // 2
        picture = cv2.resize(picture, half, interpolation=cv2.INTER_AREA)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _halves(sides: tuple[int, ...], ends: tuple[int, ...]) -> bool:
    """Whether a picture is halved on its way to a size; whole factors that are odd are taken at once."""
    pairs = list(zip(sides, ends, strict=True))
    if any(side % 2 or side < 2 * end for side, end in pairs):
        return False
    return any(side % end for side, end in pairs) or all(side // end % 2 == 0 for side, end in pairs)


def _resized(rgb: "NDArray[np.uint8]", size: tuple[int, int]) -> "NDArray[np.uint8]":
    shrinks = size[0] <= rgb.shape[1] and size[1] <= rgb.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast("NDArray[np.uint8]", cv2.resize(np.ascontiguousarray(rgb), size, interpolation=method))
