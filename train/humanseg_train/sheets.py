"""Contact sheets: square cells with a caption, in rows."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import HumansegError

CELL = 200
"""Height and width of a cell, in pixels, unless another is asked for."""

_GROUND = 30
_CAPTION = 20
"""Height of a line of text, in pixels."""


def fit_size(shape: tuple[int, ...], cell: int = CELL) -> tuple[int, int]:
    """(width, height) at which a picture of that shape fills a cell."""
    scale = cell / max(shape[:2])
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def make_cell(rgb: NDArray[np.uint8], caption: str = "", cell: int = CELL, *, tight: bool = False) -> NDArray[np.uint8]:
    """A square of `cell` pixels with the picture, as large as fits, and its caption over the bottom.

    Args:
        rgb: HxWx3.
        caption: one line.
        cell: width and height in pixels.
        tight: end below the caption of a wide picture, so that rows of such stand closer.
    """
    size = fit_size(rgb.shape, cell)
    shrinks = size[0] <= rgb.shape[1]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST)
    height = min(cell, size[1] + _CAPTION) if tight else cell
    square = np.full((height, cell, 3), _GROUND, np.uint8)
    square[: size[1], : size[0]] = small
    return label(square, caption) if caption else square


def label(picture: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    """Write a caption over the darkened bottom of a picture, in place; what the font lacks becomes question marks."""
    picture[-_CAPTION:] //= 4
    place = (4, picture.shape[0] - 6)
    cv2.putText(picture, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def sheet(rows: Sequence[Sequence[NDArray[np.uint8]]]) -> NDArray[np.uint8]:
    """Rows of cells of one width as one picture HxWx3; there is at least one cell."""
    cell = rows[0][0].shape[1]
    columns = max(len(row) for row in rows)
    strips = []
    for cells in rows:
        strip = np.full((max(part.shape[0] for part in cells), columns * cell, 3), _GROUND, np.uint8)
        for column, part in enumerate(cells):
            strip[: part.shape[0], column * cell : (column + 1) * cell] = part
        strips.append(strip)
    return np.concatenate(strips)


def save_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Write HxWx3 RGB or HxW grey by the ending of the name.

    Raises:
        HumansegError: the file cannot be written.
    """
    pixels = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    if not cv2.imwrite(str(path), pixels):
        raise HumansegError(f"{path} cannot be written.", "Check the free space and your rights in that folder.")
