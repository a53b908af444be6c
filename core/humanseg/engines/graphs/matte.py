"""From the network's small alpha to the matte of a full-size frame, as nodes of a graph.

What `matting.refine`, `matting.smoothing` and `matting.motion` compute on the CPU, step by step; their numbers come in
with the shapes, since these modules stand above this one.
"""

from dataclasses import dataclass

from humanseg.engines.graphs.resize import Size, box_weights, shrink, stretch
from humanseg.engines.graphs.writer import FLOAT, GraphWriter

THUMBNAIL = (32, 32)
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class Refine:
    """The guided filter: see `matting.refine` for each number."""

    radius: int
    ridge: float
    reach: int
    sure: float
    certain: float
    free: float
    gain: float


@dataclass(frozen=True, kw_only=True)
class Steady:
    """Smoothing over time: see `matting.smoothing` and `matting.motion` for each number."""

    keep: float
    """How much of the last alpha stays where nothing moves."""

    doubt: float
    belief: float
    noise: float
    limits: tuple[float, float]
    cut_change: float
    cut_likeness: float


def refined(graph: GraphWriter, alpha: str, small: str, frame: str, sizes: tuple[Size, Size], how: Refine) -> str:
    """1x1xHxW alpha of the frame, its outlines moved to where the colours change.

    Args:
        graph: What to write into.
        alpha: 1x1xhxw, 0 to 1.
        small: 1x3xhxw, 0 to 255.
        frame: 1x3xHxW, 0 to 255.
        sizes: (width, height) of the small and of the whole frame.
        how: The numbers.
    """
    half = (sizes[0][0] + 1) // 2, (sizes[0][1] + 1) // 2
    near, mean, guide = (
        shrink(graph, picture, sizes[0], half) for picture in (_near_outline(graph, alpha, how), alpha, small)
    )
    # Rounded as OpenCV's bytes.
    guide = graph("Floor", graph("Add", guide, graph.constant(0.5)))
    lines = graph("Mul", _fit(graph, mean, guide, half, how), near)
    far = graph("Mul", mean, graph("Sub", graph.constant(1), near))
    alone = graph.constant([[[[channel == 3]] for channel in range(4)]])
    lines = graph("Mul", graph("Add", lines, graph("Mul", far, alone)), graph.constant(how.gain))
    lines = graph("Add", lines, graph("Mul", alone, graph.constant((1 - how.gain) / 2)))
    slopes, offset = graph.split(stretch(graph, lines, 4, sizes[1]), (3, 1))
    colour = graph("Mul", frame, graph.constant(1 / 255))
    follows = graph("ReduceSum", graph("Mul", slopes, colour), graph.constant([1], int), keepdims=1)
    found = graph("Add", follows, offset)
    # Where the network is certain, it stays the judge.
    steep = graph("Add", graph("Mul", alpha, graph.constant(how.gain)), graph.constant((1 - how.gain) / 2))
    slope = 1 / (how.gain * (how.free - how.certain))
    ramp = graph("Mul", stretch(graph, steep, 1, sizes[1]), graph.constant(slope))
    low, high = (
        graph("Sub", ramp, graph.constant(slope * (0.5 + how.gain * (start - 0.5))))
        for start in (1 - how.free, how.certain)
    )
    return graph.between(graph("Max", graph("Min", found, high), low), 0, 1)


def _fit(graph: GraphWriter, alpha: str, small: str, size: Size, how: Refine) -> str:
    """1x4xhxw: three slopes and an offset, by which alpha follows from the colour about each pixel."""
    colour = graph("Mul", small, graph.constant(1 / 255))
    turned = graph("Gather", colour, graph.constant([1, 2, 0], int), axis=1)
    products = [graph("Mul", colour, other) for other in (alpha, colour, turned)]
    means = _mean(graph, graph("Concat", colour, alpha, *products, axis=1), size, how.radius)
    r, g, b, mean, ra, ga, ba, rr, gg, bb, rg, gb, br = graph.split(means, (1,) * 13)
    ridge = graph.constant(how.ridge)

    def minus(value: str, one: str, two: str) -> str:
        return graph("Sub", value, graph("Mul", one, two))

    rr, gg, bb = (graph("Add", minus(square, side, side), ridge) for square, side in ((rr, r), (gg, g), (bb, b)))
    rg, gb, br = minus(rg, r, g), minus(gb, g, b), minus(br, b, r)
    y1, y2, y3 = minus(ra, r, mean), minus(ga, g, mean), minus(ba, b, mean)
    # By elimination, in the order of `matting.refine`, so that both round alike.
    ratio2, ratio3 = graph("Div", rg, rr), graph("Div", br, rr)
    b22, b23 = minus(gg, ratio2, rg), minus(gb, ratio2, br)
    y2 = minus(y2, ratio2, y1)
    ratio = graph("Div", b23, b22)
    above = minus(minus(y3, ratio3, y1), ratio, y2)
    x3 = graph("Div", above, minus(minus(bb, ratio3, br), ratio, b23))
    x2 = graph("Div", minus(y2, b23, x3), b22)
    x1 = graph("Div", minus(minus(y1, rg, x2), br, x3), rr)
    offset = minus(minus(minus(mean, x1, r), x2, g), x3, b)
    return _mean(graph, graph("Concat", x1, x2, x3, offset, axis=1), size, how.radius)


def _near_outline(graph: GraphWriter, alpha: str, how: Refine) -> str:
    most = widest(graph, alpha, how.reach)
    least = graph("Neg", widest(graph, graph("Neg", alpha), how.reach))
    differs = graph("Sub", graph("Sub", most, least), graph.constant(how.sure))
    return graph.between(graph("Mul", differs, graph.constant(5)), 0, 1)


def luma(graph: GraphWriter, small: str) -> str:
    """1x1xhxw grey levels of 1x3xhxw colours, rounded as OpenCV's."""
    weighted = graph("Mul", small, graph.constant([[[[part]] for part in LUMA]]))
    return graph("Round", graph("ReduceSum", weighted, graph.constant([1], int), keepdims=1))


def is_cut(graph: GraphWriter, before: str, now: str, size: Size, how: Steady) -> str:
    """1x1x1x1: 1 if two lumas show different scenes, else 0."""
    old, new = (
        graph("Mul", graph("Round", shrink(graph, picture, size, THUMBNAIL)), graph.constant(1 / 255))
        for picture in (before, now)
    )
    axes = graph.constant([2, 3], int)
    moved = graph("ReduceMean", graph("Abs", graph("Sub", new, old)), axes)
    old, new = (graph("Sub", picture, graph("ReduceMean", picture, axes)) for picture in (old, new))
    alike = graph("ReduceSum", graph("Mul", old, new), axes)
    squares = [graph("ReduceSum", graph("Mul", picture, picture), axes) for picture in (old, new)]
    spread = graph("Mul", graph("Sqrt", graph("Mul", *squares)), graph.constant(how.cut_likeness))
    other = graph("And", graph("Greater", moved, graph.constant(how.cut_change)), graph("LessOrEqual", alike, spread))
    return graph("Cast", other, to=FLOAT)


def steadied(
    graph: GraphWriter, alpha: str, last: str, moving: str, fresh: str, sizes: tuple[Size, Size], how: Steady
) -> str:
    """1x1xHxW alpha, averaged with the last one where nothing moves.

    Args:
        graph: What to write into.
        alpha: 1x1xHxW of this frame.
        last: What this gave for the frame before.
        moving: 1x1xhxw: where something moved since the frame before, 0 to 1.
        fresh: 1x1x1x1: 1 where there is no frame before, else 0.
        sizes: (width, height) of the small and of the whole frame.
        how: The numbers.
    """
    small, whole = sizes
    difference = graph("Sub", alpha, last)
    sampled = stretch(graph, difference, 1, small) if small != whole else difference
    step = graph("Sub", graph("Abs", sampled), graph.constant(how.doubt))
    certain = graph.between(graph("Mul", step, graph.constant(1 / (how.belief - how.doubt))), 0, 1)
    moves = graph("Max", moving, widest(graph, certain, 1), fresh)
    follow = graph("Add", graph("Mul", moves, graph.constant(how.keep)), graph.constant(1 - how.keep))
    follow = stretch(graph, follow, 1, whole) if small != whole else follow
    return graph.between(graph("Add", last, graph("Mul", difference, follow)), 0, 1)


def motion(graph: GraphWriter, change: str, size: Size, how: Steady) -> str:
    """1x1xhxw: where something moved, 0 to 1, from this small frame's luma minus the last one's."""
    local = graph("Abs", _mean(graph, change, size, 1, repeat=False))
    noise = _noise(graph, local, size, how)
    surely = graph("Div", graph("Sub", _mean(graph, local, size, 1, repeat=False), noise), noise)
    return widest(graph, graph.between(surely, 0, 1), 1)


def _noise(graph: GraphWriter, local: str, size: Size, how: Steady) -> str:
    """So many times the median of every fourth pixel, within limits.

    Without sorting: means of nine whole numbers are ninths, so that it is enough to count how many lie below each
    border between two ninths. Each ninth counts by the share of it that lies below the median rank.
    """
    fourth = graph("MaxPool", local, kernel_shape=[1, 1], strides=[4, 4])
    half = len(range(0, size[0], 4)) * len(range(0, size[1], 4)) / 2
    first, last = (int(9 * limit / how.noise + 0.5) for limit in how.limits)
    under, upto = (
        _count_below(graph, fourth, [(ninth + side) / 9 for ninth in range(first, last + 1)]) for side in (-0.5, 0.5)
    )
    # Nothing in a ninth: all of it or nothing, since ranks come in halves.
    inside = graph("Max", graph("Sub", upto, under), graph.constant(0.5))
    share = graph.between(graph("Div", graph("Sub", graph.constant(half), under), inside), 0, 1)
    ninths = graph("ReduceSum", share, graph.constant([1], int), keepdims=1)
    median = graph("Add", ninths, graph.constant(first - 0.5))
    return graph.between(graph("Mul", median, graph.constant(how.noise / 9)), *how.limits)


def _count_below(graph: GraphWriter, values: str, borders: list[float]) -> str:
    """1xNx1x1: how many values lie below each of N borders.

    Each of them anew, where one in two is known already: picking them out gives other bytes at some builds.
    """
    marks = graph.constant([[[[border]] for border in borders]])
    return graph("ReduceSum", _below(graph, values, marks), graph.constant([2, 3], int), keepdims=1)


def _below(graph: GraphWriter, values: str, marks: str) -> str:
    """1 where a value is below a mark, 0 where it is above; none is nearer to one than a twentieth.

    By arithmetic: with comparisons in this place NVIDIA's builder gives other bytes at each build.
    """
    steep = graph("Mul", graph("Sub", marks, values), graph.constant(100))
    return graph.between(steep, 0, 1)


def widest(graph: GraphWriter, tensor: str, reach: int) -> str:
    """The largest value within `reach` pixels, in a square."""
    side = 2 * reach + 1
    return graph("MaxPool", tensor, kernel_shape=[side, side], pads=[reach] * 4)


def _mean(graph: GraphWriter, tensor: str, size: Size, radius: int, *, repeat: bool = True) -> str:
    """Means over squares; the picture is mirrored at its edges, which are repeated in that or not."""
    rows, columns = (graph.constant(box_weights(side, radius, repeat=repeat)) for side in (size[1], size[0]))
    return graph("MatMul", rows, graph("MatMul", tensor, graph("Transpose", columns, perm=[1, 0])))
