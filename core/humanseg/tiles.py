"""The parts of a picture in which there is something to do, found on a smaller picture of marks."""

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
