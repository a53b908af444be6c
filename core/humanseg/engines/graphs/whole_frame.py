"""One graph for all that happens to a frame: uint8 in, uint8 out, and nothing in between leaves the GPU.

    frame ---> float32 --> area-averaged to the network's size --> normalised --> network (float16) --> alpha
                  |                                                                   |
    background ---|------------------- or the frame itself, blurred ------------------|--> blended --> uint8

What comes out is RGB, or the planes that encoders take.

It computes what the matter and the compositor compute on the CPU; a test holds it to their pixels.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import onnx

from humanseg.engines.graphs.foreground import Foreground, own_colour
from humanseg.engines.graphs.matte import Refine, Steady, refined, widest
from humanseg.engines.graphs.memory import Memory
from humanseg.engines.graphs.network import typed_network
from humanseg.engines.graphs.planes import planar
from humanseg.engines.graphs.resize import Size, gauss_weights, resize, shrink, stretch
from humanseg.engines.graphs.writer import FLOAT, UINT8, GraphWriter

if TYPE_CHECKING:
    from onnx import ModelProto

    from humanseg.frames import PlaneWeights
    from humanseg.models import ModelSpec

FRAME, BACKGROUND, COMPOSITE, PLANES, ALPHA, MEAN = "frame", "background", "composite", "planes", "alpha", "mean"
"""The names of the graph's inputs and outputs, beside those of its memory (`carried`)."""


@dataclass(frozen=True, kw_only=True)
class Blur:
    """The blurred room: the numbers of `compositing.blur.BlurBackground` for one frame size."""

    size: Size
    """(width, height) of the reduced picture that is blurred; neither side larger than the frame's."""

    sigma: float
    """Standard deviation, in pixels of that picture."""

    margin: int
    """How far around the person the room does not count, in pixels of that picture."""

    faint: float
    """Where less than this of the blur's weight fell on the room, its mean colour takes over."""


@dataclass(frozen=True, kw_only=True)
class FrameShape:
    """What a graph is made for."""

    size: Size
    """(width, height) of frames."""

    network: Size
    """(width, height) at which the network sees them."""

    blur: Blur | None
    """None: the input `background` stands behind the person."""

    refine: Refine | None = None
    """None: the network's alpha, scaled up."""

    foreground: Foreground | None = None
    """None: the frame's own colours, with what they have of the old background."""

    steady: Steady | None = None
    """None: each frame's alpha on its own. Scenes are not told apart either then."""

    planes: "PlaneWeights | None" = None
    """How the composite is coded as Y'CbCr 4:2:0; None: it is RGB."""


def whole_frame(data: bytes, model: "ModelSpec", shape: FrameShape) -> "ModelProto":
    """The graph for frames of one size. Strongly typed, static, opset 20.

    Input `frame`, output `composite`, and without blur input `background`: uint8 1xHxWx3 RGB. In place of `composite`
    it may give `planes`: uint8 1x(3H/2)xW, see `humanseg.frames.PlanarFrame`. What it remembers from frame to frame
    comes in and goes out as `carried` says, float32, zeros at first. By two more outputs it is seen whether the picture
    may be shown: `alpha`, uint8 1x1xHxW, and `mean`, that of the network's own alpha, float32 1x1x1x1. (After a clip,
    NaN is a number on some GPUs.)

    Args:
        data: The model's ONNX file.
        model: Its description.
        shape: Sizes, and what is done.

    Raises:
        ValueError: the network cannot be fixed to that size or halved, or has other inputs than its description; or
            there are no planes of that size.
    """
    (width, height), (wide, high) = shape.size, shape.network
    sizes = (shape.network, shape.size)
    others = [model.previous] if model.previous else []
    network = typed_network(data, {model.input: (1, 3, high, wide)} | dict.fromkeys(others, (1, 1, high, wide)))
    graph = GraphWriter()
    frame = _planes(graph, graph.input(FRAME, UINT8, (1, height, width, 3)))
    # Rounded as the CPU path does, whose resize gives uint8.
    small = graph("Round", resize(graph, frame, 3, shape.size, shape.network))
    memory = Memory(graph, small, sizes, shape.steady)
    scale = graph.constant([[[[1 / (255 * std)]] for std in model.std]])
    offset = graph.constant([[[[mean / std]] for mean, std in zip(model.mean, model.std, strict=True)]])
    given = {model.input: graph("Sub", graph("Mul", small, scale), offset)}
    given |= {name: memory.known(graph.input(name, FLOAT, (1, 1, high, wide))) for name in others}
    coarse = graph.include(network, given, "network/")[model.output]
    alpha = graph.between(coarse, 0, 1)
    if shape.refine is not None:
        alpha = refined(graph, alpha, small, frame, sizes, shape.refine)
    elif shape.network != shape.size:
        alpha = graph.between(stretch(graph, alpha, 1, shape.size), 0, 1)
    alpha = memory.steadied(alpha)
    if shape.blur is None:
        behind = _planes(graph, graph.input(BACKGROUND, UINT8, (1, height, width, 3)))
    else:
        behind = _blurred(graph, frame, alpha, shape.size, shape.blur)
    person = own_colour(graph, frame, alpha, shape.size, shape.foreground) if shape.foreground else frame
    blended = graph("Add", behind, graph("Mul", alpha, graph("Sub", person, behind)))
    # The cast to uint8 cuts off, and is undefined outside 0 to 255.
    rounded = graph.between(graph("Add", blended, graph.constant(0.5)), 0, 255)
    form: tuple[int, ...] = (1, height, width, 3)
    if shape.planes is None:
        picture, name = graph("Transpose", rounded, perm=[0, 2, 3, 1]), COMPOSITE
    else:
        # Of what RGB would have been, so that it makes no difference which of the two was asked for.
        picture = planar(graph, graph("Floor", rounded), shape.size, shape.planes)
        name, form = PLANES, (1, height * 3 // 2, width)
    parts = graph("Add", graph("Mul", alpha, graph.constant(255)), graph.constant(0.5))
    graph.output(graph.between(parts, 0, 255), ALPHA, UINT8, (1, 1, height, width), "Cast", to=UINT8)
    graph.output(coarse, MEAN, FLOAT, (1, 1, 1, 1), "ReduceMean", keepdims=1)
    graph.output(picture, name, UINT8, form, "Cast", to=UINT8)
    for name in others:
        graph.output(coarse, f"{name}/next", FLOAT, (1, 1, high, wide), "Identity")
    written = graph.finish("whole_frame")
    onnx.checker.check_model(written, full_check=True)
    return written


def carried(model: "ModelSpec", shape: FrameShape) -> dict[str, str]:
    """What the graph remembers: the output that is which input of the next run."""
    names = [*([model.previous] if model.previous else []), *(Memory.NAMES if shape.steady else [])]
    return {f"{name}/next": name for name in names}


def _planes(graph: GraphWriter, pixels: str) -> str:
    """1xHxWx3 uint8 as 1x3xHxW float32. In this order: uint8 can be cast and nothing else."""
    return graph("Transpose", graph("Cast", pixels, to=FLOAT), perm=[0, 3, 1, 2])


def _blurred(graph: GraphWriter, frame: str, alpha: str, size: Size, blur: Blur) -> str:
    """The frame as if the person were not in it, blurred: see `compositing.blur`, whose steps these are."""
    wide, high = blur.size
    small = graph("Round", shrink(graph, frame, size, blur.size))
    covered = widest(graph, shrink(graph, alpha, size, blur.size), blur.margin)
    weight = graph.between(graph("Sub", graph.constant(1), graph("Mul", covered, graph.constant(4))), 0, 1)
    room = graph("Mul", small, weight)
    # All of the picture counts a millionth, so that the mean is of that where nothing of the room is seen.
    little = graph.constant(1e-6)
    axes = graph.constant([2, 3], int)
    colours = graph("Add", graph("ReduceSum", room, axes), graph("Mul", little, graph("ReduceSum", small, axes)))
    count = graph("Add", graph("ReduceSum", weight, axes), graph.constant(1e-6 * wide * high))
    mean = graph("Mul", graph("Div", colours, count), graph.constant(blur.faint))
    both = graph("Concat", room, weight, axis=1)
    rows, columns = graph.constant(gauss_weights(high, blur.sigma)), graph.constant(gauss_weights(wide, blur.sigma).T)
    spread = graph("MatMul", rows, graph("MatMul", both, columns))
    colour, share = graph.split(spread, (3, 1))
    filled = graph("Div", graph("Add", colour, mean), graph("Add", share, graph.constant(blur.faint)))
    reduced = graph("Round", graph.between(filled, 0, 255))
    return stretch(graph, reduced, 3, size)
