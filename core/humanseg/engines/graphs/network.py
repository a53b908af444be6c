"""The network of a model folder, fixed to one size and in half precision, as a strongly typed builder wants it."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.helper import make_node
from onnx.shape_inference import infer_shapes

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

KEPT_IN_FLOAT = {"Resize": (1, 2)}
"""Inputs, by operator and position, that the standard wants in float32 whatever the data is: regions and scales."""


def fix_sizes(network: "ModelProto", shapes: Mapping[str, tuple[int, ...]]) -> "ModelProto":
    """A copy of the network for inputs of these very shapes; what computed sizes in it becomes constant.

    Args:
        network: The network; its inputs may leave sizes free.
        shapes: The shape of each input, by name.

    Raises:
        ValueError: `shapes` does not name the network's inputs, does not fit them, or leaves an output's size open.
    """
    fixed = onnx.ModelProto()
    fixed.CopyFrom(network)
    graph = fixed.graph
    if {entry.name for entry in graph.input} != set(shapes):
        raise ValueError(f"shapes for {sorted(shapes)}; the network takes {sorted(e.name for e in graph.input)}.")
    for entry in graph.input:
        dimensions = entry.type.tensor_type.shape.dim
        if len(dimensions) != len(shapes[entry.name]):
            raise ValueError(f"{entry.name} has {len(dimensions)} dimensions, not {len(shapes[entry.name])}.")
        for dimension, size in zip(dimensions, shapes[entry.name], strict=True):
            if dimension.HasField("dim_value") and dimension.dim_value != size:
                raise ValueError(f"{entry.name} is {dimension.dim_value} there, not {size}.")
            dimension.dim_value = size
    # Sizes with names of their own would be trusted over those that follow from the inputs.
    for entry in graph.output:
        entry.type.tensor_type.ClearField("shape")
    graph.ClearField("value_info")
    fixed = infer_shapes(fixed, strict_mode=True, data_prop=True)
    known = {entry.name: _shape(entry) for entry in (*fixed.graph.value_info, *fixed.graph.output)}
    for output in fixed.graph.output:
        if not all(known[output.name]):
            raise ValueError(f"the size of the output {output.name} does not follow from the inputs.")
    _fix_resizes(fixed.graph, known)
    _drop_unused(fixed.graph)
    return fixed


def fold_normalisation(network: "ModelProto") -> None:
    """Put each batch normalisation that follows a convolution into its weights, in place.

    In float32, before the weights are halved: the product is rounded once instead of twice.
    """
    graph = network.graph
    weights = {entry.name: entry for entry in graph.initializer}
    makers = {node.output[0]: node for node in graph.node}
    uses = Counter(name for node in graph.node for name in node.input)
    for node in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        before = makers.get(node.input[0])
        own = before is not None and before.op_type == "Conv" and uses[node.input[0]] == 1
        if before is None or not own or not all(name in weights for name in (*before.input[1:], *node.input[1:])):
            continue
        scale, bias, mean, variance = (numpy_helper.to_array(weights[name]) for name in node.input[1:5])
        epsilon = next((attribute.f for attribute in node.attribute if attribute.name == "epsilon"), 1e-5)
        factor = scale / np.sqrt(variance + np.float32(epsilon))
        kernel = numpy_helper.to_array(weights[before.input[1]])
        offset = numpy_helper.to_array(weights[before.input[2]]) if len(before.input) > 2 else np.float32(0)
        names = [f"{node.output[0]}/kernel", f"{node.output[0]}/offset"]
        folded = (kernel * factor[:, None, None, None], bias + (offset - mean) * factor)
        graph.initializer.extend(
            numpy_helper.from_array(array.astype(np.float32), name) for array, name in zip(folded, names, strict=True)
        )
        before.input[1:] = names
        before.output[0] = node.output[0]
        graph.node.remove(node)
    _drop_unused(graph)


def halve(network: "ModelProto") -> None:
    """Turn float32 computing into float16, in place; inputs and outputs stay float32, and so does a closing sigmoid.

    Near 0 and 1 a sigmoid in float16 comes in steps that a soft edge would show.

    Raises:
        ValueError: the network casts or makes numbers in a way that this does not know.
    """
    graph = network.graph
    float32, float16 = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16
    spared = {
        node.input[place]
        for node in graph.node
        for place in KEPT_IN_FLOAT.get(node.op_type, ())
        if place < len(node.input)
    }
    for entry in graph.initializer:
        if entry.data_type == float32 and entry.name not in spared:
            entry.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(entry).astype(np.float16), entry.name))
    odd = {node.op_type for node in graph.node} & {"Cast", "CastLike", "Constant", "ConstantOfShape", "RandomNormal"}
    if odd:
        raise ValueError(f"the network has {', '.join(sorted(odd))}, whose types cannot be changed safely.")
    nodes = list(graph.node)
    first = []
    for entry in graph.input:
        if entry.type.tensor_type.elem_type == float32:
            _rename_input(nodes, entry.name, f"{entry.name}/half")
            first.append(make_node("Cast", [entry.name], [f"{entry.name}/half"], to=float16))
    last = []
    for entry in graph.output:
        maker = next(node for node in nodes if entry.name in node.output)
        if maker.op_type == "Sigmoid" and not any(entry.name in node.input for node in nodes):
            last += [make_node("Cast", [maker.input[0]], [f"{entry.name}/logits"], to=float32), maker]
            maker.input[0] = f"{entry.name}/logits"
            nodes.remove(maker)
        else:
            _rename_input(nodes, entry.name, f"{entry.name}/half")
            maker.output[list(maker.output).index(entry.name)] = f"{entry.name}/half"
            last.append(make_node("Cast", [f"{entry.name}/half"], [entry.name], to=float32))
    graph.ClearField("node")
    graph.node.extend([*first, *nodes, *last])
    graph.ClearField("value_info")
    network.CopyFrom(infer_shapes(network, strict_mode=True, data_prop=True))


def typed_network(data: bytes, shapes: Mapping[str, tuple[int, ...]]) -> "ModelProto":
    """The network for a strongly typed builder: static, normalisations folded, in float16 between float32 ends.

    One that is exported in 16 bits keeps the types that it has: what would overflow is in float32 there.

    Args:
        data: The ONNX file.
        shapes: The shape of each input, by name.

    Raises:
        ValueError: the file holds no network, or none that can be fixed to these shapes and halved.
    """
    try:
        network = fix_sizes(onnx.load_model_from_string(data), shapes)
        if not any(entry.data_type == onnx.TensorProto.FLOAT16 for entry in network.graph.initializer):
            fold_normalisation(network)
            halve(network)
        onnx.checker.check_model(network, full_check=True)
    except ValueError:
        raise
    except Exception as error:  # protobuf's and onnx's own kinds, several of which are plain Exceptions
        raise ValueError(" ".join(str(error).split())) from error
    return network


def _shape(entry: "onnx.ValueInfoProto") -> tuple[int, ...]:
    """The shape, with 0 for each size that is not known."""
    return tuple(dimension.dim_value for dimension in entry.type.tensor_type.shape.dim)


def _fix_resizes(graph: "GraphProto", known: Mapping[str, tuple[int, ...]]) -> None:
    constants = {entry.name for entry in graph.initializer}
    for node in graph.node:
        sizes = known.get(node.output[0], ())
        computed = node.op_type == "Resize" and len(node.input) == 4 and node.input[3] not in constants
        if computed and sizes and all(sizes):
            name = f"{node.output[0]}/sizes"
            graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
            node.input[3] = name


def _drop_unused(graph: "GraphProto") -> None:
    """Remove nodes and weights from which no output follows."""
    wanted = {entry.name for entry in graph.output}
    kept: list[NodeProto] = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    weights = [entry for entry in graph.initializer if entry.name in wanted]
    graph.ClearField("node")
    graph.node.extend(reversed(kept))
    graph.ClearField("initializer")
    graph.initializer.extend(weights)


def _rename_input(nodes: "list[NodeProto]", old: str, new: str) -> None:
    for node in nodes:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new
