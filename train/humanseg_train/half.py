"""ONNX files made ready for engines: batch normalisation folded into convolutions, and arithmetic in 16 bits.

The 16-bit file is strongly typed: every tensor inside says float16, so an engine has nothing to decide. Its input and
output stay float32, so it is fed as the 32-bit file is. Nodes whose values come near the largest float16 stay float32.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from humanseg.engines.onnx import import_onnxruntime
from humanseg_train.graphs import drop_unused, put_nodes

LOUDEST = 6e4
"""Largest magnitude that a float16 value may reach on real pictures; the format ends at 65504."""


def fold_batch_norms(model: onnx.ModelProto) -> int:
    """Make every BatchNormalization part of the convolution before it, or a product and a sum; returns how many.

    The computation stays the same up to rounding.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    users: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            users[name] = users.get(name, 0) + 1
    norms = [node for node in graph.node if node.op_type == "BatchNormalization"]
    for norm in norms:
        epsilon = next((entry.f for entry in norm.attribute if entry.name == "epsilon"), 1e-5)
        scale, shift, mean, variance = (
            numpy_helper.to_array(constants[name]).astype(np.float64) for name in norm.input[1:5]
        )
        factor = scale / np.sqrt(variance + epsilon)
        before = makers.get(norm.input[0])
        foldable = before is not None and before.op_type == "Conv" and users[norm.input[0]] == 1
        if before is not None and foldable and all(name in constants for name in before.input[1:]):
            _fold_into(before, norm, constants, graph, factor, shift - mean * factor)
        else:
            _as_affine(norm, graph, factor, shift - mean * factor)
    drop_unused(graph)
    return len(norms)


def to_half(model: onnx.ModelProto, loud: Iterable[str] = ()) -> onnx.ModelProto:
    """A float16 copy of a float32 model; its inputs and outputs stay float32, and so do the nodes named in `loud`."""
    from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    # Minimum and maximum are exact in any width; the list names them for an old runtime.
    blocked = [kind for kind in DEFAULT_OP_BLOCK_LIST if kind not in ("Min", "Max")]
    half: onnx.ModelProto = convert_float_to_float16(
        copy, keep_io_types=True, op_block_list=blocked, node_block_list=list(loud)
    )
    _skip_round_trips(half.graph)
    _sort(half.graph)
    onnx.checker.check_model(half)
    return half


def loudness(model: onnx.ModelProto, feeds: Iterable[dict[str, NDArray[np.float32]]]) -> dict[str, float]:
    """The largest magnitude that each node of a model puts out, by node name, over all `feeds`; NaN counts as infinite.

    Nodes without a name are given one, in place.
    """
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    known = {value.name for value in probe.graph.output}
    makers = {name: node.name for node in probe.graph.node for name in node.output if name}
    floats = _float_names(probe)
    for name in makers:
        if name not in known and name in floats:
            probe.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = import_onnxruntime().InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    loudest: dict[str, float] = {}
    for feed in feeds:
        for name, values in zip(names, session.run(names, feed), strict=True):
            peak = float(np.abs(values).max()) if np.size(values) else 0.0
            peak = peak if np.isfinite(peak) else float("inf")
            loudest[makers[name]] = max(loudest.get(makers[name], 0.0), peak)
    return loudest


def too_loud(model: onnx.ModelProto, heard: dict[str, float]) -> dict[str, float]:
    """The nodes that put out or take values beyond `LOUDEST`, with the largest; those before and after can be halved.

    Args:
        model: what `loudness` listened to.
        heard: what it heard.
    """
    loud = {name: peak for name, peak in heard.items() if peak >= LOUDEST}
    peaks = {output: loud[node.name] for node in model.graph.node if node.name in loud for output in node.output}
    for node in model.graph.node:
        taken = max((peaks[name] for name in node.input if name in peaks), default=0.0)
        if taken:
            loud[node.name] = max(taken, loud.get(node.name, 0.0))
    return loud


def _float_names(model: onnx.ModelProto) -> set[str]:
    inferred = onnx.shape_inference.infer_shapes(model)
    return {
        value.name for value in inferred.graph.value_info if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    }


def _fold_into(
    convolution: onnx.NodeProto,
    norm: onnx.NodeProto,
    constants: dict[str, onnx.TensorProto],
    graph: Any,
    factor: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> None:
    weights = numpy_helper.to_array(constants[convolution.input[1]]).astype(np.float64)
    named = convolution.input[2:]
    bias = numpy_helper.to_array(constants[named[0]]).astype(np.float64) if named else 0.0
    folded = (weights * factor[:, None, None, None]).astype(np.float32)
    tensors = (
        numpy_helper.from_array(folded, f"{norm.output[0]}_weight"),
        numpy_helper.from_array((bias * factor + shift).astype(np.float32), f"{norm.output[0]}_bias"),
    )
    graph.initializer.extend(tensors)
    source = convolution.input[0]
    del convolution.input[:]
    convolution.input.extend([source, tensors[0].name, tensors[1].name])
    convolution.output[0] = norm.output[0]
    graph.node.remove(norm)


def _as_affine(norm: onnx.NodeProto, graph: Any, factor: NDArray[np.float64], shift: NDArray[np.float64]) -> None:
    """Y = x * factor + shift, where there is no convolution to take it."""
    name = norm.output[0]
    for part, values in (("factor", factor), ("shift", shift)):
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float32)[:, None, None], f"{name}_{part}"))
    place = list(graph.node).index(norm)
    product = helper.make_node("Mul", [norm.input[0], f"{name}_factor"], [f"{name}_scaled"], f"{name}_mul")
    total = helper.make_node("Add", [f"{name}_scaled", f"{name}_shift"], [name], f"{name}_add")
    graph.node.remove(norm)
    graph.node.insert(place, product)
    graph.node.insert(place + 1, total)


def _skip_round_trips(graph: Any) -> None:
    """Join float32 nodes that follow each other: the converter puts a cast to float16 and one back between them."""
    casts = {node.output[0]: node for node in graph.node if node.op_type == "Cast"}
    types = {name: node.attribute[0].i for name, node in casts.items()}
    straight = {
        name: casts[node.input[0]].input[0]
        for name, node in casts.items()
        if types[name] == onnx.TensorProto.FLOAT and types.get(node.input[0]) == onnx.TensorProto.FLOAT16
    }
    for node in graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = straight.get(name, name)
    ports = {value.name for value in graph.output}
    used = {name for node in graph.node for name in node.input}
    unused = [node for name, node in casts.items() if name in straight and name not in used and name not in ports]
    for node in unused:
        graph.node.remove(node)
    used = {name for node in graph.node for name in node.input}
    for name, node in casts.items():
        if types[name] == onnx.TensorProto.FLOAT16 and name not in used and name not in ports:
            graph.node.remove(node)


def _sort(graph: Any) -> None:
    """Put nodes behind those whose output they take; the converter appends its casts at the end."""
    ready = {tensor.name for tensor in graph.initializer} | {value.name for value in graph.input} | {""}
    waiting, ordered = list(graph.node), []
    while waiting:
        now = [node for node in waiting if ready.issuperset(node.input)]
        if not now:
            raise ValueError("the graph has a circle")
        ordered += now
        ready.update(name for node in now for name in node.output)
        done = {id(node) for node in now}
        waiting = [node for node in waiting if id(node) not in done]
    put_nodes(graph, ordered)
