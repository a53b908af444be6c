"""An ONNX file in 8-bit integers: what `networks.rounding` trained for, as engines read it.

Each rounded convolution gets QuantizeLinear and DequantizeLinear before its input, and its weights as int8 with
DequantizeLinear behind them. Engines take the pattern for a convolution of integers; everything else stays float32.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from humanseg_train.graphs import add_constant, drop_unused, put_nodes
from humanseg_train.networks.rounding import INPUT_LEVELS, WEIGHT_LEVELS
from humanseg_train.rearranging import rearrange


def weight_names(model: onnx.ModelProto) -> dict[str, str]:
    """The name of each convolution's weights, by the name of its node; asked before anything is folded into them."""
    return {node.name: node.input[1] for node in model.graph.node if node.op_type == "Conv"}


def to_int8(model: onnx.ModelProto, ranges: Mapping[str, tuple[float, float]]) -> onnx.ModelProto:
    """A copy of a float32 model with some of its convolutions in 8 bits.

    Args:
        model: batch normalisation folded.
        ranges: lowest (at most 0) and highest (at least 0) input of the convolutions to quantise, by node name.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    ranges = _split(graph, ranges)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    made: set[str] = set()
    for node in graph.node:
        if node.name in ranges:
            source, weights = node.input[:2]
            if source not in made:  # two convolutions of one input have seen the same range
                nodes += _quantise_input(graph, source, ranges[node.name])
            if weights not in made:
                nodes.append(_quantise_weights(graph, weights, constants[weights]))
            made |= {source, weights}
            node.input[0], node.input[1] = _dequantised(source), _dequantised(weights)
        nodes.append(node)
    put_nodes(graph, nodes)
    drop_unused(graph)
    rearrange(copy)
    onnx.checker.check_model(copy)
    return copy


def _split(graph: Any, ranges: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Compute a convolution of two inputs side by side as the sum of two, where others take these in 8 bits anyway.

    To lay them side by side takes a third of the convolution's own time, and each has its own, finer scale.

    Returns:
        The ranges, with those of the new convolutions.
    """
    found = dict(ranges)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    joints = {node.output[0]: node for node in graph.node if node.op_type == "Concat" and len(node.input) == 2}
    taken = {node.input[0]: node for node in graph.node if node.name in ranges}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        parts = list(joints[node.input[0]].input) if node.name in ranges and node.input[0] in joints else []
        if not parts or not all(part in taken for part in parts):
            nodes.append(node)
            continue
        name, weights = node.name, node.input[1]
        first = constants[taken[parts[0]].input[1]].shape[1]
        del found[name]
        for k, values in enumerate(np.split(constants[weights], [first], axis=1)):
            add_constant(graph, f"{weights}_{k}", np.ascontiguousarray(values))
            part = onnx.NodeProto()
            part.CopyFrom(node)
            part.name, part.output[0] = f"{name}_{k}", f"{node.output[0]}_{k}"
            # The bias counts once.
            part.input[:] = [parts[k], f"{weights}_{k}", *node.input[2:][k:]]
            nodes.append(part)
            found[part.name] = ranges[taken[parts[k]].name]
        nodes.append(helper.make_node("Add", [f"{node.output[0]}_{k}" for k in range(2)], [node.output[0]]))
    used = {name for node in nodes for name in node.input}
    put_nodes(graph, [node for node in nodes if node.op_type != "Concat" or node.output[0] in used])
    return found


def _quantise_input(graph: Any, name: str, bounds: tuple[float, float]) -> list[onnx.NodeProto]:
    low, high = bounds
    scale = np.float32(max((high - low) / INPUT_LEVELS, 1e-8))
    add_constant(graph, f"{name}_scale", np.array(scale))
    add_constant(graph, f"{name}_zero", np.array(round(-low / float(scale)), np.uint8))
    return [
        helper.make_node("QuantizeLinear", [name, f"{name}_scale", f"{name}_zero"], [f"{name}_int8"]),
        helper.make_node("DequantizeLinear", [f"{name}_int8", f"{name}_scale", f"{name}_zero"], [_dequantised(name)]),
    ]


def _quantise_weights(graph: Any, name: str, values: NDArray[np.float32]) -> onnx.NodeProto:
    scale = np.maximum(np.abs(values).max(axis=(1, 2, 3)) / WEIGHT_LEVELS, 1e-12).astype(np.float32)
    add_constant(graph, f"{name}_int8", np.round(values / scale[:, None, None, None]).astype(np.int8))
    add_constant(graph, f"{name}_scale", scale)
    add_constant(graph, f"{name}_zero", np.zeros(len(scale), np.int8))
    names = [f"{name}_int8", f"{name}_scale", f"{name}_zero"]
    return helper.make_node("DequantizeLinear", names, [_dequantised(name)], axis=0)


def _dequantised(name: str) -> str:
    return f"{name}_rounded"
