"""The parts of a picture in which there is something to do, found on a smaller one, and what that one is there."""

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def marked_runs(
    marks: "NDArray[np.bool_]", shape: tuple[int, int], side: int, *, reach: int = 0
) -> list[tuple[slice, slice]]:
    """Cover all marks with squares of a picture; neighbours in a row are one part, since each call costs its own time.

    Args:
        marks: hxw, of the same view as the picture.
        shape: (height, width) of the picture.
        side: Of a square, in pixels of the picture; those at its right and lower edge may be smaller.
        reach: So many pixels of `marks` about a square count with it, such as those that interpolation reaches.

    Returns:
        (rows, columns) of each part, from the top left; none if nothing is marked.
    """
    starts, ends = [], []
    for whole, few in zip(shape, marks.shape, strict=True):
        corners = np.arange(0, whole, side)
        starts.append(np.maximum(corners * few // whole - reach, 0))
        ends.append(np.minimum(-(-np.minimum(corners + side, whole) * few // whole) + reach, few))
    sums = cv2.integral(marks.view(np.uint8))
    above, through = (sums[rows][:, ends[1]] - sums[rows][:, starts[1]] for rows in (starts[0], ends[0]))
    changes = np.diff((through > above).astype(np.int8), prepend=0, append=0)
    begins, stops = (np.argwhere(changes == change).tolist() for change in (1, -1))
    return [
        (slice(row * side, min((row + 1) * side, shape[0])), slice(first * side, min(last * side, shape[1])))
        for (row, first), (_, last) in zip(begins, stops, strict=True)
    ]


def enlarged(small: "NDArray[np.float32]", part: tuple[slice, slice], shape: tuple[int, ...]) -> "NDArray[np.float32]":
    """One part of a small picture at a larger size: what `cv2.resize` gives there, without the rest.

    Args:
        small: hxw or hxwxC float32.
        part: (rows, columns) of the large picture, within it.
        shape: Its height and width.

    Returns:
        float32 of the part's height and width, interpolated linearly; at the picture's edge its outermost pixels go on.
    """
    (down, top), (across, left) = (
        (few / whole, (where.start + 0.5) * few / whole - 0.5)
        for few, whole, where in zip(small.shape, shape, part, strict=False)
    )
    place = np.array([[across, 0, left], [0, down, top]])
    rows, columns = part
    size = columns.stop - columns.start, rows.stop - rows.start
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(small, place, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)
