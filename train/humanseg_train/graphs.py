"""What rewriting an ONNX graph needs: who makes what and how large, nodes replaced, and what is left over removed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import numpy_helper


class Wiring:
    """Who makes the tensors of a graph, and how many take each; as the graph is now."""

    def __init__(self, graph: Any) -> None:
        self.makers: dict[str, onnx.NodeProto] = {name: node for node in graph.node for name in node.output}
        ports = [value.name for value in graph.output]
        self.takers = Counter([name for node in graph.node for name in node.input] + ports)
        self.constants: dict[str, onnx.TensorProto] = {tensor.name: tensor for tensor in graph.initializer}

    def maker(self, name: str, kind: str) -> onnx.NodeProto | None:
        """The node that makes a tensor, if it is of that kind."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type == kind else None


def sizes_of(model: onnx.ModelProto, frame: Sequence[int]) -> dict[str, list[int]]:
    """N, C, H and W of a model's tensors, of those that have such a shape, for frames of a height and width."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]  # it has names for sizes, of which none says that it is twice another
    for value in fixed.graph.input:
        for side, length in zip(value.type.tensor_type.shape.dim[2:], frame, strict=True):
            side.dim_value = length
    for value in fixed.graph.output:
        value.type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(fixed, data_prop=True).graph
    shapes = {value.name: value.type.tensor_type.shape.dim for value in [*inferred.input, *inferred.value_info]}
    sizes = {name: [side.dim_value for side in shape] for name, shape in shapes.items()}
    return {name: size for name, size in sizes.items() if len(size) == 4 and all(size)}


def put_nodes(graph: Any, nodes: Iterable[onnx.NodeProto]) -> None:
    """Make these the nodes of a graph, in place; some of them may be its own."""
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def add_constant(graph: Any, name: str, values: NDArray[Any]) -> str:
    """Give a graph an initialiser, in place; returns its name."""
    graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def drop_unused(graph: Any) -> None:
    """Remove initialisers that no node takes, in place."""
    used = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def drop_idle(graph: Any) -> None:
    """Remove nodes that no output depends on, what only they take, and what is said of tensors that nobody makes."""
    used = {value.name for value in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if not used.isdisjoint(node.output):
            used.update(node.input)
            kept.insert(0, node)
    put_nodes(graph, kept)
    drop_unused(graph)
    made = {name for node in graph.node for name in node.output}
    known = [value for value in graph.value_info if value.name in made]
    del graph.value_info[:]
    graph.value_info.extend(known)
