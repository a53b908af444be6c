"""Alpha at full resolution: the network's coarse outline, moved to where the frame's colours change.

A guided filter with a colour guide (He et al., TPAMI 2013), fitted to half of the small frame and applied to the
full-size one (He and Sun, "Fast Guided Filter", 2015). Guided by luma alone it gained less on photographs, nothing on
clips; fitted to all of the small frame it gains no more.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from humanseg.tiles import enlarged, marked_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

RADIUS = 3
"""Half the side of the windows in which alpha is fitted to the colours, in pixels of half the small alpha."""

RIDGE = 1.5e-4
"""What the variance of colours (0 to 1) must exceed to count as structure; less follows noise, more follows nothing."""

REACH = 2
"""How far from the network's outline alpha may change at all, in pixels of the small alpha."""

SURE = 0.05
"""Alpha that differs by no more than this within `REACH` has no outline there."""

CERTAIN, FREE = 0.02, 0.2
"""Alpha within the one of 0 or 1 goes there, whatever the colours are; farther from both than the other, it is free."""

GAIN = 1.5
"""How much steeper the ramp from 0 to 1 becomes about 0.5: the network is less sure than it need be."""

TILE = 48
"""Side of the squares of the frame that are refined or, without an outline, left alone."""


def scale_up(alpha: "NDArray[np.float32]", size: tuple[int, int]) -> "NDArray[np.float32]":
    """Alpha at (width, height), nothing added, within 0 to 1; the caller's own."""
    full = cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR)
    # After the resize, whose weights may add up to a hair more than 1.
    return np.asarray(np.clip(full, 0, 1, out=full), np.float32)


def refine(alpha: "NDArray[np.float32]", small: "NDArray[np.uint8]", rgb: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """The alpha of a frame at its own resolution.

    Farther than `REACH` from any outline it is the small alpha, scaled up and steepened; and where the network is
    certain, it stays the judge. So the inside of the person stays opaque and the room clear, whatever the colours are.

    Args:
        alpha: hxw float32, 0 to 1: the network's.
        small: hxwx3 uint8 RGB: the frame as the network saw it.
        rgb: HxWx3 uint8 RGB: the frame.

    Returns:
        HxW float32, 0 to 1, the caller's own.
    """
    near = _near_outline(alpha)
    half = (alpha.shape[1] + 1) // 2, (alpha.shape[0] + 1) // 2
    weight, mean = (
        np.asarray(cv2.resize(part, half, interpolation=cv2.INTER_AREA), np.float32) for part in (near, alpha)
    )
    guide = np.asarray(cv2.resize(small, half, interpolation=cv2.INTER_AREA), np.uint8)
    lines = _fit(mean, guide) * (weight * np.float32(GAIN))
    lines[3] += mean * np.float32(GAIN) * (1 - weight)
    steep = alpha * np.float32(GAIN)
    for offset in (lines[3], steep):
        offset += np.float32((1 - GAIN) / 2)
    # Clipped only in the end: what lies outside 0 to 1 tells how certain the network was.
    fine = np.asarray(cv2.resize(steep, (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
    merged = np.asarray(cv2.merge(tuple(lines)), np.float32)
    for part in marked_runs(near > 0, fine.shape, TILE, reach=1):
        fine[part] = _bounded(_apply(enlarged(merged, part, fine.shape), rgb[part]), fine[part])
    return np.asarray(np.clip(fine, 0, 1, out=fine), np.float32)


def _fit(alpha: "NDArray[np.float32]", small: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """4xhxw: how alpha follows from the colour (0 to 1) about each pixel; three slopes, then the offset."""
    # Plane by plane: to take channels apart that lie side by side costs as much as the means.
    colours = [np.multiply(cv2.extractChannel(small, k), np.float32(1 / 255), dtype=np.float32) for k in range(3)]
    means, mean = [_mean(plane) for plane in colours], _mean(alpha)

    def covariance(one: int, two: int) -> "NDArray[np.float32]":
        return _mean(colours[one] * colours[two]) - means[one] * means[two]

    rr, gg, bb = (covariance(k, k) + np.float32(RIDGE) for k in range(3))
    matrix = (rr, covariance(0, 1), covariance(0, 2), gg, covariance(1, 2), bb)
    slopes = _solve(matrix, [_mean(plane * alpha) - its * mean for plane, its in zip(colours, means, strict=True)])
    offset = mean - sum(slope * its for slope, its in zip(slopes, means, strict=True))
    return np.stack([_mean(plane) for plane in (*slopes, offset)])


def _solve(
    matrix: "tuple[NDArray[np.floating], ...]", right: "list[NDArray[np.floating]]"
) -> "list[NDArray[np.floating]]":
    """Solve a symmetric 3x3 system in every pixel at once; `matrix` is its upper half, row by row.

    By elimination in whole arrays: numpy's solver goes from pixel to pixel and takes ten times as long.
    """
    a11, a12, a13, a22, a23, a33 = matrix
    y1, y2, y3 = right
    ratio2, ratio3 = a12 / a11, a13 / a11
    b22, b23 = a22 - ratio2 * a12, a23 - ratio2 * a13
    y2 = y2 - ratio2 * y1
    ratio = b23 / b22
    x3 = (y3 - ratio3 * y1 - ratio * y2) / (a33 - ratio3 * a13 - ratio * b23)
    x2 = (y2 - b23 * x3) / b22
    return [(y1 - a12 * x2 - a13 * x3) / a11, x2, x3]


def _near_outline(alpha: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """1 where alpha goes from person to room within `REACH`, 0 where it hardly differs."""
    square = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    differs = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, square)
    return np.asarray(np.clip((differs - np.float32(SURE)) * np.float32(5), 0, 1), np.float32)


def _apply(lines: "NDArray[np.float32]", part: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Alpha of one part of the frame from its colours and the lines, HxWx4."""
    # The fourth channel comes as 255, so that the offset is added with the rest.
    products = cv2.multiply(lines, cv2.cvtColor(part, cv2.COLOR_RGB2RGBA), scale=1 / 255, dtype=cv2.CV_32F)
    # numpy's product: OpenCV's sum over channels takes four times as long.
    return np.asarray(products @ np.ones(4, np.float32), np.float32)


def _bounded(found: "NDArray[np.float32]", steep: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """What was found, but 0 and 1 where the steepened alpha of the network is certain of it."""
    slope = 1 / (GAIN * (FREE - CERTAIN))
    ramp = steep * np.float32(slope)
    low, high = (np.float32(-slope * (0.5 + GAIN * (start - 0.5))) for start in (1 - FREE, CERTAIN))
    return np.asarray(np.clip(found - ramp, low, high) + ramp, np.float32)


def _mean(part: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Means over the windows; the picture is mirrored at its edges."""
    side = 2 * RADIUS + 1
    return np.asarray(cv2.blur(part, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
