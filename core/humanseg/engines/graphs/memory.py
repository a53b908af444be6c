"""What the graph of the whole frame remembers from frame to frame, as nodes of a graph."""

from humanseg.engines.graphs.matte import Steady, is_cut, luma, motion, steadied
from humanseg.engines.graphs.resize import Size
from humanseg.engines.graphs.writer import FLOAT, GraphWriter


class Memory:
    """What is known of the frame before, and whether there is one: after a cut there is none."""

    NAMES = ("last/alpha", "last/luma", "last/seen")

    def __init__(self, graph: GraphWriter, small: str, sizes: tuple[Size, Size], steady: Steady | None) -> None:
        """Look for what moved since the frame before.

        Args:
            graph: What to write into.
            small: 1x3xhxw, 0 to 255.
            sizes: (width, height) of the small and of the whole frame.
            steady: The numbers; None: nothing is remembered.
        """
        self._graph, self._sizes, self._steady = graph, sizes, steady
        if steady is None:
            return
        (wide, high), (width, height) = sizes
        self._shapes = ((1, 1, height, width), (1, 1, high, wide), (1, 1, 1, 1))
        self._last, before, seen = (
            graph.input(name, FLOAT, size) for name, size in zip(self.NAMES, self._shapes, strict=True)
        )
        self._luma = luma(graph, small)
        self._moving = motion(graph, graph("Sub", self._luma, before), sizes[0], steady)
        same = graph("Sub", graph.constant(1), is_cut(graph, before, self._luma, sizes[0], steady))
        self._seen = graph("Mul", seen, same)

    def known(self, tensor: str) -> str:
        """A tensor that comes from the frame before: zeros after a cut, and where something moved."""
        if self._steady is None:
            return tensor
        still = self._graph("Sub", self._graph.constant(1), self._moving)
        return self._graph("Mul", tensor, self._graph("Mul", still, self._seen))

    def steadied(self, alpha: str) -> str:
        """The frame's alpha, and all that the next frame is to know."""
        graph = self._graph
        if self._steady is None:
            return alpha
        fresh = graph("Sub", graph.constant(1), self._seen)
        alpha = steadied(graph, alpha, self._last, self._moving, fresh, self._sizes, self._steady)
        now = (alpha, self._luma, graph.constant([[[[1]]]]))
        for name, tensor, size in zip(self.NAMES, now, self._shapes, strict=True):
            graph.output(tensor, f"{name}/next", FLOAT, size, "Identity")
        return alpha
