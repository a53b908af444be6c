"""The colours of frames as planes hold them, for comparisons: not of every pixel, and not quickly."""

import numpy as np
from numpy.typing import NDArray

from humanseg.frames import PlaneWeights


def coded(rgb: NDArray[np.uint8], weights: PlaneWeights, stride: int) -> NDArray[np.uint8]:
    """What planes would hold of a frame, at every `stride`th pixel, across as down; see `engines.graphs.planes`.

    Args:
        rgb: HxWx3 uint8; both sides even.
        weights: Of what the planes are made.
        stride: Even.

    Returns:
        hxwx3 uint8: Y', Cb and Cr in limited range.
    """
    rows = np.arange(0, rgb.shape[0], stride)
    chroma: list[NDArray[np.float32] | float] = [0.5, 0.5]
    for down, share in ((-1, 1 / 8), (0, 3 / 8), (1, 3 / 8), (2, 1 / 8)):
        beside = np.clip(rows + down, 0, rgb.shape[0] - 1)
        pairs = rgb[:, ::stride][beside].astype(np.float32) + rgb[:, 1::stride][beside]
        for plane, each in enumerate((weights.cb, weights.cr)):
            chroma[plane] = chroma[plane] + _plane(pairs / 2, each, 128) * np.float32(share)
    return np.dstack([_plane(rgb[::stride, ::stride], weights.y, 16) + np.float32(0.5), *chroma]).astype(np.uint8)


def picked(planes: NDArray[np.uint8], stride: int) -> NDArray[np.uint8]:
    """What the planes of a `PlanarFrame` hold there: hxwx3 uint8, Y', Cb and Cr."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    luma = planes[:height:stride, ::stride]
    chroma = planes[height:].reshape(2, height // 2, width // 2)[:, :: stride // 2, :: stride // 2]
    return np.dstack([luma, *chroma])


def _plane(rgb: NDArray[np.number], weights: tuple[float, float, float], zero: int) -> NDArray[np.float32]:
    summed = rgb @ np.array(weights, np.float32) + np.float32(zero)
    rounded: NDArray[np.float32] = np.floor(summed * 64 + np.float32(0.5)) / np.float32(64)
    return rounded
