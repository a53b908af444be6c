"""Resizing as matrix products: exact, and what GPUs do best. TensorRT refuses ONNX's own anti-aliased resize."""

from typing import TYPE_CHECKING

import numpy as np

from humanseg.engines.graphs.writer import GraphWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

Size = tuple[int, int]


def area_weights(source: int, target: int) -> "NDArray[np.float32]":
    """How much each of `source` pixels counts in each of `target` fewer ones: by the part that it covers.

    Returns:
        target x source float32, each row of which sums to 1; what `cv2.INTER_AREA` computes along one side.
    """
    scale = source / target
    start = np.arange(target)[:, None] * scale
    pixel = np.arange(source)[None, :]
    covered = np.minimum(start + scale, pixel + 1) - np.maximum(start, pixel)
    weights: NDArray[np.float32] = (np.clip(covered, 0, None) / scale).astype(np.float32)
    return weights


def box_weights(size: int, radius: int, *, repeat: bool) -> "NDArray[np.float32]":
    """Means over windows along one side, mirrored at the ends.

    Args:
        size: How many pixels.
        radius: How many on each side of one count with it.
        repeat: Whether the last pixel comes twice in a row where it is mirrored.

    Returns:
        size x size float32, each row of which sums to 1; what `cv2.blur` computes along one side.
    """
    return _mirrored(size, np.full(2 * radius + 1, 1 / (2 * radius + 1)), repeat=repeat)


def gauss_weights(size: int, sigma: float) -> "NDArray[np.float32]":
    """A Gaussian blur along one side, mirrored at the ends without repeating the last pixel.

    Returns:
        size x size float32, each row of which sums to 1; what `cv2.GaussianBlur` computes for float32 along one side.
    """
    radius = (round(sigma * 8 + 1) | 1) // 2
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    return _mirrored(size, kernel, repeat=False)


def _mirrored(size: int, kernel: "NDArray[np.floating]", *, repeat: bool) -> "NDArray[np.float32]":
    """The matrix that applies a kernel of odd length to each of `size` pixels."""
    radius = len(kernel) // 2
    weights = np.zeros((size, size))
    period = 2 * size if repeat else max(1, 2 * (size - 1))
    for row in range(size):
        reached = np.arange(row - radius, row + radius + 1) % period
        back = period - repeat - reached
        np.add.at(weights[row], np.where(reached >= size, back, reached), kernel)
    return weights.astype(np.float32)


def shrink(graph: GraphWriter, tensor: str, source: Size, target: Size) -> str:
    """1xCxHxW averaged down to `target`, (width, height), by the area that each pixel covers."""
    (wide, high), (width, height) = source, target
    # Halves first, as `humanseg.fitting.averaged` takes them, and then what is left if that is a whole factor: the mean
    # of a block is much less work than a product with a matrix of zeros.
    block = [1, 1]
    while (wide % width or high % height) and all(
        side % 2 == 0 and side >= 4 * end for side, end in ((high, height), (wide, width))
    ):
        wide, high, block = wide // 2, high // 2, [2 * side for side in block]
    whole = (wide % width == 0, high % height == 0)
    block = [block[0] * (high // height if whole[1] else 1), block[1] * (wide // width if whole[0] else 1)]
    if block != [1, 1]:
        tensor = graph("AveragePool", tensor, kernel_shape=block, strides=block)
    if not whole[0]:
        tensor = graph("MatMul", tensor, graph.constant(area_weights(wide, width).T))
    if not whole[1]:
        tensor = graph("MatMul", graph.constant(area_weights(high, height)), tensor)
    return tensor


def stretch(graph: GraphWriter, tensor: str, channels: int, target: Size) -> str:
    """1xCxHxW resized to `target`, (width, height), between pixels linearly; `cv2.INTER_LINEAR`."""
    sizes = graph.constant([1, channels, target[1], target[0]], int)
    return graph(
        "Resize", tensor, "", "", sizes, mode="linear", coordinate_transformation_mode="half_pixel", antialias=0
    )


def resize(graph: GraphWriter, tensor: str, channels: int, source: Size, target: Size) -> str:
    """As the matter resizes a frame: by area where neither side grows, else linearly."""
    if source == target:
        return tensor
    if target[0] <= source[0] and target[1] <= source[1]:
        return shrink(graph, tensor, source, target)
    return stretch(graph, tensor, channels, target)
