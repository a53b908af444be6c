"""A graph of 8-bit integers rearranged for CPUs: OpenVINO takes 0.93 of the time for the packaged network.

Two places are slow for what they compute, both at the frame's full size:

A convolution to one channel, of which the network's alpha is made, fills one of the 16 lanes that an instruction has.
It is computed for the four pixels of a 2x2 square at once, as four channels at half the size, and so is all behind it;
the squares are laid out as the very last thing. The same numbers are added up, so alpha is the same to the bit.

A convolution of a picture that was just doubled sees every pixel four times. It becomes a transposed convolution of the
small picture, whose weights are the sums of those that met the same pixel. These sums are rounded to integers anew,
which moves the packaged network's alpha by 0.00004 on average. ONNX Runtime has no such convolution of integers and
takes 1.04 of the time.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from humanseg_train.graphs import Wiring, add_constant, drop_idle, put_nodes, sizes_of
from humanseg_train.networks.rounding import WEIGHT_LEVELS

DOUBLED = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], np.float64)
"""Which of three weights in a row meet the small pixel that each of the transposed convolution's four belongs to."""

EXAMPLE = (96, 160)
"""Height and width of a frame, at which a graph's sizes are compared; all it can take are multiples of 32."""

PLAIN = {"strides": [1, 1], "pads": [1, 1, 1, 1], "dilations": [1, 1], "group": 1, "auto_pad": b"NOTSET"}
"""A 3x3 convolution that keeps the size."""

NEAREST = {"mode": b"nearest", "nearest_mode": b"floor", "coordinate_transformation_mode": b"asymmetric"}
"""A Resize that repeats pixels, as torch writes it."""

Replaced = dict[str, list[onnx.NodeProto]]
"""What takes the place of nodes, by the name of their output."""


def rearrange(model: onnx.ModelProto) -> None:
    """Rearrange the places that are slow, in place; a model that has none of them stays as it is, to the byte.

    Args:
        model: with convolutions as `to_int8` writes them; alpha is as large as the frame, of even height and width.
    """
    for places in (_heads, _doublings):
        replaced = places(model)
        if replaced:
            graph = model.graph
            put_nodes(graph, [new for node in graph.node for new in replaced.get(node.output[0], [node])])
            drop_idle(graph)


def spread(weights: NDArray[Any]) -> NDArray[Any]:
    """1xIx3x3 weights -> 4xIx4x4 with stride 2: channel 2a+b is the pixel in row a and column b of a 2x2 square."""
    squares = np.zeros((4, weights.shape[1], 4, 4), weights.dtype)
    for row in range(2):
        for column in range(2):
            squares[2 * row + column, :, row : row + 3, column : column + 3] = weights[0]
    return squares


def doubled(weights: NDArray[Any]) -> NDArray[np.float64]:
    """OxIx3x3 weights for a doubled picture -> IxOx4x4, of a transposed convolution of it before, with stride 2."""
    summed: NDArray[np.float64] = np.einsum("ya,xb,oiab->ioyx", DOUBLED, DOUBLED, weights)
    return summed


def _heads(model: onnx.ModelProto) -> Replaced:
    graph = model.graph
    wiring, ports = Wiring(graph), {value.name for value in graph.output}
    replaced: Replaced = {}
    for end in graph.node:
        # Of an output it is sure that height and width are even.
        found = _head(wiring, end.input[0]) if end.op_type == "Sigmoid" and end.output[0] in ports else []
        if not found:
            continue
        for node in [*found, end]:
            name = node.output[0]
            if node.op_type == "Conv":
                values, scale, zero = _integers(wiring, node)
                integers = spread(values), np.tile(scale, 4), np.tile(zero, 4)
                replaced[name] = _convolution(graph, node, "Conv", node.input[0], integers)
                convolution = replaced[name][-1]
                convolution.output[0] = _squares(name)
                for bias in node.input[2:]:
                    repeated = np.tile(numpy_helper.to_array(wiring.constants[bias]), 4)
                    convolution.input.append(add_constant(graph, f"{name}_4x4_bias", repeated))
            else:
                inputs = [_squares(part) for part in node.input]
                replaced[name] = [helper.make_node(node.op_type, inputs, [_squares(name)], node.name)]
        alpha = end.output[0]
        replaced[alpha].append(helper.make_node("DepthToSpace", [_squares(alpha)], [alpha], blocksize=2, mode="DCR"))
    return replaced


def _doublings(model: onnx.ModelProto) -> Replaced:
    graph = model.graph
    wiring, sizes = Wiring(graph), sizes_of(model, EXAMPLE)
    replaced: Replaced = {}
    for node in graph.node:
        integers = _integers(wiring, node)
        back = wiring.maker(node.input[0], "DequantizeLinear") if integers else None
        there = wiring.maker(back.input[0], "QuantizeLinear") if back else None
        resize = wiring.maker(there.input[0], "Resize") if there else None
        if not (back and there and resize and _says(resize, NEAREST)):
            continue
        small, large = sizes.get(resize.input[0], []), sizes.get(resize.output[0], [])
        alone = all(wiring.takers[step.output[0]] == 1 for step in (resize, there, back))
        if not alone or not small or large != [*small[:2], *(2 * side for side in small[2:])]:
            continue
        name = node.output[0]
        values, factors, zeros = (part.astype(np.float64) for part in integers)
        weights = doubled((values - zeros[:, None, None, None]) * factors[:, None, None, None])
        scale = np.maximum(np.abs(weights).max(axis=(0, 2, 3)) / WEIGHT_LEVELS, 1e-12).astype(np.float32)
        rounded = np.round(weights / scale[:, None, None]).astype(np.int8), scale, np.zeros(len(scale), np.int8)
        # Pixels are repeated one by one, so it does not matter whether before or after they become integers.
        replaced[name] = [
            helper.make_node("QuantizeLinear", [resize.input[0], *there.input[1:]], [f"{name}_small_int8"]),
            helper.make_node("DequantizeLinear", [f"{name}_small_int8", *back.input[1:]], [f"{name}_small"]),
            *_convolution(graph, node, "ConvTranspose", f"{name}_small", rounded),
        ]
        replaced[name][-1].input.extend(node.input[2:])
    return replaced


def _convolution(
    graph: Any, node: onnx.NodeProto, kind: str, source: str, integers: tuple[NDArray[Any], ...]
) -> list[onnx.NodeProto]:
    """A 4x4 convolution of stride 2 in the place of `node`, without bias, and before it what scales its weights."""
    weights = f"{node.output[0]}_4x4"
    parts = zip(("int8", "scale", "zero"), integers, strict=True)
    stored = [add_constant(graph, f"{weights}_{part}", values) for part, values in parts]
    shape: dict[str, Any] = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    return [
        helper.make_node("DequantizeLinear", stored, [weights], axis=0 if kind == "Conv" else 1),
        helper.make_node(kind, [source, weights], node.output, node.name, **shape),
    ]


def _integers(wiring: Wiring, node: onnx.NodeProto) -> list[NDArray[Any]]:
    """Weights OxIx3x3 int8, scales O float32, zeros O int8 of a `PLAIN` convolution of integers; of others nothing."""
    if node.op_type != "Conv" or not _says(node, PLAIN) or not wiring.maker(node.input[0], "DequantizeLinear"):
        return []
    maker = wiring.maker(node.input[1], "DequantizeLinear")
    if maker is None or not all(name in wiring.constants for name in [*maker.input, *node.input[2:]]):
        return []
    found = [numpy_helper.to_array(wiring.constants[name]) for name in maker.input]
    whole = len(found) == 3 and found[0].shape[2:] == (3, 3) and found[1].shape == found[0].shape[:1]
    return found if whole and _says(maker, {"axis": 0}) else []


def _head(wiring: Wiring, name: str) -> list[onnx.NodeProto]:
    """The convolutions to one channel, and their sums, that make a tensor; none if anything else has a part in it."""
    node = wiring.makers.get(name)
    if node is None or wiring.takers[name] > 1:
        return []
    if node.op_type == "Add":
        parts = [_head(wiring, part) for part in node.input]
        return [*parts[0], *parts[1], node] if all(parts) else []
    integers = _integers(wiring, node)
    return [node] if integers and len(integers[0]) == 1 else []


def _says(node: onnx.NodeProto, wanted: dict[str, Any]) -> bool:
    """Whether a node has these attributes; what it leaves out is as in `PLAIN`, borders excepted."""
    found = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    unsaid = {name: value for name, value in PLAIN.items() if name != "pads"}
    return all(found.get(name, unsaid.get(name)) == value for name, value in wanted.items())


def _squares(name: str) -> str:
    return f"{name}_squares"
