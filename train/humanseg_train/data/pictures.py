"""Reading a photograph and its alpha."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import HumansegError
from humanseg_train.data.masks import decode_mask
from humanseg_train.data.samples import Sample


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """HxWx3 uint8 RGB.

    Raises:
        HumansegError: the file is no picture.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise HumansegError(f"{path} cannot be read as a picture.", "Replace it, or take it out of the data set.")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def read_alpha(path: Path) -> NDArray[np.uint8]:
    """HxW uint8, 0 (background) to 255 (person). A mask of zeros and ones is stretched to 0 and 255.

    An alpha channel that varies is the mask; of a palette with black and one colour, the colour is the person.

    Raises:
        HumansegError: the file is no picture.
    """
    try:
        mask = decode_mask(path.read_bytes())
    except OSError:
        mask = None
    if mask is None:
        raise HumansegError(f"{path} cannot be read as a mask.", "Replace it, or take it out of the data set.")
    return mask.alpha


def read_labels(path: Path) -> NDArray[np.uint8]:
    """HxW uint8, the class of each pixel.

    Raises:
        HumansegError: the file is no picture, or not one of grey values.
    """
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if labels is None or labels.ndim != 2 or labels.dtype != np.uint8:
        raise HumansegError(f"{path} cannot be read as labels.", "It must be a picture of one 8-bit channel.")
    return np.asarray(labels)


def read_mask(sample: Sample) -> NDArray[np.uint8]:
    """HxW uint8, 0 (background) to 255 (person), however the data set says where people are.

    Raises:
        HumansegError: it cannot be read.
    """
    if sample.outlines is not None:
        try:
            return sample.outlines.alpha()
        except ValueError as error:
            raise HumansegError(f"{sample.name} in {sample.mask}: {error}", "Export the annotations again.") from error
    if sample.people:
        return np.where(np.isin(read_labels(sample.mask), sample.people), np.uint8(255), np.uint8(0))
    return read_alpha(sample.mask)


def same_shape(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> bool:
    """Whether a mask can be the photograph's, at its size or another: their aspects agree to within two pixels."""
    (height, width), (mask_height, mask_width) = rgb.shape[:2], alpha.shape[:2]
    return bool(abs(width * mask_height / height - mask_width) <= 2)


def read_pair(sample: Sample) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photograph HxWx3 and its alpha HxW, both uint8.

    A mask of another size but the photograph's shape is resized to it: the 290-image set has smaller masks.

    Raises:
        HumansegError: one is unreadable, or they differ in shape.
    """
    rgb, alpha = read_rgb(sample.image), read_mask(sample)
    (height, width), (mask_height, mask_width) = rgb.shape[:2], alpha.shape
    if not same_shape(rgb, alpha):
        sizes = f"{width}x{height} and {mask_width}x{mask_height}"
        raise HumansegError(
            f"{sample.image} and {sample.mask} differ in shape: {sizes}.", "Make the mask as large as the photograph."
        )
    if (width, height) != (mask_width, mask_height):
        shrinks = width <= mask_width
        alpha = np.asarray(
            cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        )
    return rgb, alpha
