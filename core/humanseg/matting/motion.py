"""What changed between two small frames: where something moved, whether it is another scene, whether nothing happened.

Small frames are what the network sees of a frame: hxwx3 uint8 RGB, so that sensor noise is averaged already.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOTION_NOISE, MOTION_RANGE = 4.0, (2.0, 4.0)
"""Up to so many times the frame's median change is noise, but at least and at most so many grey levels.

The most is less than what 99 of 100 moving outlines showed, so that a panning camera cannot pass for a noisy one.
"""

STILL_CELL, STILL_NOISE, STILL_RANGE = 5, 6.5, (2.5, 4.0)
"""The same for means over squares of so many pixels, no single one of which may exceed it in a still scene.

An outline of medium contrast does when it moves by a third of a small frame's pixel.
"""

CUT_CHANGE, CUT_LIKENESS = 0.05, 0.7
"""Another scene: a 32x32 thumbnail changes by more than the one on average (0 to 1) and correlates less than the other.

Cuts in real clips gave 0.11 and 0.63, the wildest waving 0.03 and 0.86.
"""


def motion(before: "NDArray[np.uint8]", now: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Where something moved, from 0 (noise at most) to 1 (surely).

    Args:
        before: hxwx3 uint8 RGB small frame.
        now: The next one, of the same shape.

    Returns:
        hxw float32, 0 to 1.
    """
    change = _change(before, now)
    # With its sign first, which cancels noise; then without it, so that both sides of an outline count.
    local = np.abs(cv2.blur(change, (3, 3)))
    noise = _noise(local, MOTION_NOISE, MOTION_RANGE)
    surely = np.clip((cv2.blur(local, (3, 3)) - noise) / noise, 0, 1)
    return np.asarray(cv2.dilate(surely, np.ones((3, 3), np.uint8)), np.float32)


def is_still(before: "NDArray[np.uint8]", now: "NDArray[np.uint8]") -> bool:
    """Whether nothing but noise lies between two small frames, in any part of the picture."""
    if before.shape != now.shape:
        return False
    change = _change(before, now)
    noise = _noise(np.abs(cv2.blur(change, (3, 3))), STILL_NOISE, STILL_RANGE)
    return float(np.abs(cv2.blur(change, (STILL_CELL, STILL_CELL))).max()) < noise


def is_cut(before: "NDArray[np.uint8]", now: "NDArray[np.uint8]") -> bool:
    """Whether two small frames show different scenes; if they differ in shape, they do.

    A wave of the hand and a new exposure keep the picture's likeness; a cut does not.
    """
    if before.shape != now.shape:
        return True
    old, new = (cv2.resize(luma(rgb), (32, 32), interpolation=cv2.INTER_AREA) / 255 for rgb in (before, now))
    if np.abs(new - old).mean() <= CUT_CHANGE:
        return False
    old, new = old - old.mean(), new - new.mean()
    spread = np.sqrt((old**2).sum() * (new**2).sum())
    return bool(float((old * new).sum()) <= CUT_LIKENESS * float(spread))


def luma(rgb: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """How bright each pixel is: hxwx3 uint8 RGB -> hxw uint8."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _change(before: "NDArray[np.uint8]", now: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """In grey levels, with its sign."""
    return np.asarray(cv2.subtract(luma(now), luma(before), dtype=cv2.CV_32F), np.float32)


def _noise(local: "NDArray[np.float32]", times: float, limits: tuple[float, float]) -> float:
    """What is noise at most, in grey levels: most of a picture stands still, so its median change is noise.

    The changes are means of nine whole numbers, so that all pixels share a few values: within its own ninth the median
    is interpolated by rank. Else one pixel more or less could move it, and all motion in the frame, by a ninth.
    """
    counts = np.cumsum(np.bincount(np.rint(local[::4, ::4].ravel() * 9).astype(np.intp)))
    half = float(counts[-1]) / 2
    ninth = int(np.searchsorted(counts, half))
    below = float(counts[ninth - 1]) if ninth else 0.0
    median = (ninth - 0.5 + (half - below) / (float(counts[ninth]) - below)) / 9
    return min(max(times * median, limits[0]), limits[1])
