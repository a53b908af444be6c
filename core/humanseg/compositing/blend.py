"""alpha * person + (1 - alpha) * behind, where the two are mixed; elsewhere the one or the other is copied."""

from itertools import groupby
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE = 64
"""Side of the squares that are mixed or copied, in pixels. Most of a frame is all person or all room."""

SEEN = 1 / 512
"""Alpha no farther from 0 or 1 changes no pixel: it moves a colour by less than half a grey level."""

PERSON, ROOM, MIXED = 1, 0, -1


def blend(
    person: "NDArray[np.uint8]", behind: "NDArray[np.uint8]", alpha: "NDArray[np.float32]"
) -> "NDArray[np.uint8]":
    """Lay one picture over another.

    Args:
        person: HxWx3 uint8; only read, as all of them.
        behind: HxWx3 uint8.
        alpha: HxW float32 from 0 (behind) to 1 (person).

    Returns:
        HxWx3 uint8, the caller's own.
    """
    height, width = alpha.shape
    blended = np.empty_like(person, order="C")
    for top, kinds in zip(range(0, height, TILE), _kinds(alpha).tolist(), strict=True):
        left = 0
        # Neighbours of one kind at once: each call costs as much as some hundred pixels.
        for kind, run in groupby(kinds):
            right = min(width, left + TILE * len(list(run)))
            part = slice(top, top + TILE), slice(left, right)
            if kind == MIXED:
                room = np.subtract(np.float32(1), alpha[part])
                blended[part] = cast(
                    "NDArray[np.uint8]", cv2.blendLinear(person[part], behind[part], alpha[part], room)
                )
            else:
                blended[part] = person[part] if kind == PERSON else behind[part]
            left = right
    return blended


def _kinds(alpha: "NDArray[np.float32]") -> "NDArray[np.int8]":
    """What each tile is; what has more than `SEEN` of both is mixed, NaN too."""
    tops, lefts = (np.arange(0, side, TILE) for side in alpha.shape)
    # OpenCV's sums of columns: numpy's take as long as the blending.
    bands = [cv2.reduce(alpha[top : top + TILE], 0, cv2.REDUCE_SUM)[0] for top in tops]
    heights, widths = (
        np.minimum(starts + TILE, side) - starts for starts, side in zip((tops, lefts), alpha.shape, strict=True)
    )
    means = np.add.reduceat(np.stack(bands), lefts, axis=1) / (heights[:, np.newaxis] * widths)
    kinds = np.full(means.shape, MIXED, np.int8)
    kinds[means == 0] = ROOM
    kinds[means == 1] = PERSON
    # A faint mean may hide a strong pixel. Few tiles are faint, but for an alpha as the network gives it.
    for row, column in np.argwhere((kinds == MIXED) & (np.abs(means - np.rint(means)) <= SEEN)).tolist():
        tile = alpha[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        if tile.max() <= SEEN:
            kinds[row, column] = ROOM
        elif tile.min() >= 1 - SEEN:
            kinds[row, column] = PERSON
    return kinds
