"""From RGB to the planes that encoders take, as nodes of a graph: Y'CbCr 4:2:0, 8 bits, limited range.

What swscale computes for `humanseg.sinks.colour`, to the bit. Chroma lies in the middle between two columns, of which
it is the mean, and between two rows, of which it is the mean with some of those above and below. Weights are multiples
of 2^-15 and pictures have whole numbers, so that no sum here needs more digits than a float32 has, in whatever order a
GPU adds them up.
"""

from humanseg.engines.graphs.resize import Size
from humanseg.engines.graphs.writer import GraphWriter
from humanseg.frames import PlaneWeights

BLACK, NEUTRAL = 16, 128


def planar(graph: GraphWriter, rgb: str, size: Size, weights: PlaneWeights) -> str:
    """1x(3H/2)xW float32, 0 to 255, to be cast to uint8: the rows of Y', of Cb and of Cr, one after the other.

    Args:
        graph: What to write into.
        rgb: 1x3xHxW, whole numbers from 0 to 255.
        size: (width, height), both even.
        weights: Of what the planes are made.

    Raises:
        ValueError: a side is odd.
    """
    width, height = size
    if width % 2 or height % 2:
        raise ValueError(f"frames of {width}x{height} have no chroma of half the size.")
    luma = _plane(graph, rgb, weights.y, BLACK)
    pairs = graph("AveragePool", rgb, kernel_shape=[1, 2], strides=[1, 2])
    chroma = graph("Concat", *(_plane(graph, pairs, each, NEUTRAL) for each in (weights.cb, weights.cr)), axis=1)
    # 1/8, 3/8, 3/8 and 1/8 of four rows: as much as the mean of all four, averaged with that of the two in the middle.
    beyond = graph("Pad", chroma, graph.constant([0, 0, 1, 0, 0, 0, 1, 0], int), mode="edge")
    four = graph("AveragePool", beyond, kernel_shape=[4, 1], strides=[2, 1])
    two = graph("AveragePool", chroma, kernel_shape=[2, 1], strides=[2, 1])
    half = graph("Mul", graph("Add", four, two), graph.constant(0.5))
    rows = (
        graph("Reshape", tensor, graph.constant([1, count, width], int))
        for tensor, count in ((luma, height), (half, height // 2))
    )
    return graph.between(graph("Add", graph("Concat", *rows, axis=1), graph.constant(0.5)), 0, 255)


def _plane(graph: GraphWriter, rgb: str, weights: tuple[float, float, float], zero: int) -> str:
    """1x1xHxW: the weighted sum, rounded to a 64th as swscale rounds it before it averages and rounds once more."""
    weighted = graph("Mul", rgb, graph.constant([[[[64 * weight]] for weight in weights]]))
    summed = graph("ReduceSum", weighted, graph.constant([1], int), keepdims=1)
    rounded = graph("Floor", graph("Add", summed, graph.constant(64 * zero + 0.5)))
    return graph("Mul", rounded, graph.constant(1 / 64))
