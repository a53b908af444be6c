"""The colours of frames as planes hold them, for comparisons: not of every pixel, and not quickly."""

import numpy as np
from numpy.typing import NDArray

from humanseg.frames import PlaneWeights


def luma_of(rgb: NDArray[np.uint8], weights: PlaneWeights, stride: int) -> NDArray[np.uint8]:
    """What the plane of Y' would hold of a frame, at every `stride`th pixel, across as down.

    Args:
        rgb: HxWx3 uint8; both sides even.
        weights: Of what the planes are made.
        stride: Even.

    Returns:
        hxw uint8, in limited range.
    """
    return (_plane(rgb[::stride, ::stride], weights.y, 16) + np.float32(0.5)).astype(np.uint8)


def chroma_of(rgb: NDArray[np.uint8], weights: PlaneWeights, stride: int) -> NDArray[np.uint8]:
    """The same of Cb and Cr: 2xhxw; see `engines.graphs.planes` for what is added up."""
    rows = np.arange(0, rgb.shape[0], stride)
    chroma: list[NDArray[np.float32] | float] = [0.5, 0.5]
    for down, share in ((-1, 1 / 8), (0, 3 / 8), (1, 3 / 8), (2, 1 / 8)):
        beside = np.clip(rows + down, 0, rgb.shape[0] - 1)
        pairs = rgb[:, ::stride][beside].astype(np.float32) + rgb[:, 1::stride][beside]
        for plane, each in enumerate((weights.cb, weights.cr)):
            chroma[plane] = chroma[plane] + _plane(pairs / 2, each, 128) * np.float32(share)
    return np.asarray(chroma).astype(np.uint8)


def luma_in(planes: NDArray[np.uint8], stride: int) -> NDArray[np.uint8]:
    """What the planes of a `PlanarFrame` hold of Y' there: hxw uint8."""
    return planes[: planes.shape[0] * 2 // 3 : stride, ::stride]


def chroma_in(planes: NDArray[np.uint8], stride: int) -> NDArray[np.uint8]:
    """What they hold of Cb and Cr: 2xhxw uint8."""
    lines, width = planes.shape
    chroma = planes[lines * 2 // 3 :].reshape(2, lines // 3, width // 2)
    return chroma[:, :: stride // 2, :: stride // 2]


def _plane(rgb: NDArray[np.number], weights: tuple[float, float, float], zero: int) -> NDArray[np.float32]:
    summed = rgb @ np.array(weights, np.float32) + np.float32(zero)
    rounded: NDArray[np.float32] = np.floor(summed * 64 + np.float32(0.5)) / np.float32(64)
    return rounded
