"""The person's own colour, as nodes of a graph: what `compositing.foreground` computes on the CPU, step by step."""

from dataclasses import dataclass

from humanseg.engines.graphs.resize import Size, box_weights, shrink, stretch
from humanseg.engines.graphs.writer import GraphWriter


@dataclass(frozen=True, kw_only=True)
class Foreground:
    """See `compositing.foreground` for each number."""

    size: Size
    """(width, height) of the reduced picture in which colours are averaged."""

    nearest: int
    wider: tuple[int, ...]
    faint: float
    squarings: int
    least: float


def own_colour(graph: GraphWriter, frame: str, alpha: str, size: Size, how: Foreground) -> str:
    """1x3xHxW: the person without the old background, where person and room are mixed.

    Args:
        graph: What to write into.
        frame: 1x3xHxW, 0 to 255.
        alpha: 1x1xHxW, 0 to 1.
        size: (width, height) of the frame.
        how: The numbers.
    """
    sampled, opacity = graph("Round", stretch(graph, frame, 3, how.size)), stretch(graph, alpha, 1, how.size)
    person = _mean(graph, sampled, opacity, how)
    room = _mean(graph, sampled, graph("Sub", graph.constant(1), opacity), how)
    inside, behind = (stretch(graph, means, 3, size) if how.size != size else means for means in (person, room))
    mixture = graph("Mul", alpha, graph("Sub", inside, behind))
    beyond = graph("Mul", alpha, graph("Sub", graph("Sub", frame, behind), mixture))
    return graph("Round", graph.between(graph("Add", inside, beyond), 0, 255))


def _mean(graph: GraphWriter, colours: str, weight: str, how: Foreground) -> str:
    """The mean colour about each pixel, of those that count."""
    for _ in range(how.squarings):
        weight = graph("Mul", weight, weight)
    weighted = graph("Concat", graph("Mul", colours, weight), weight, axis=1)
    half = (how.size[0] + 1) // 2, (how.size[1] + 1) // 2
    halved = shrink(graph, weighted, how.size, half)
    near, far = (_window(graph, halved, half, reach) for reach in how.wider)
    mean = graph("ReduceMean", colours, graph.constant([2, 3], int))
    everywhere = graph("Mul", graph("Concat", mean, graph.constant([[[[1]]]]), axis=1), graph.constant(how.least))
    wider = stretch(graph, _joined(graph, graph("Add", far, everywhere), near, how), 4, how.size)
    total = _joined(graph, wider, _window(graph, weighted, how.size, how.nearest), how)
    colour, count = graph.split(total, (3, 1))
    return graph("Div", colour, count)


def _window(graph: GraphWriter, weighted: str, size: Size, reach: int) -> str:
    """The mean over a window about each pixel."""
    rows, columns = (box_weights(side, reach, repeat=False) for side in (size[1], size[0]))
    return graph("MatMul", graph.constant(rows), graph("MatMul", weighted, graph.constant(columns.T)))


def _joined(graph: GraphWriter, wider: str, window: str, how: Foreground) -> str:
    """A window's mean, beside which the next wider one's counts faintly."""
    return graph("Add", graph("Mul", wider, graph.constant(how.faint)), window)
