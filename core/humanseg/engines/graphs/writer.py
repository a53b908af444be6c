"""Writing an ONNX graph node by node, with names made up on the way."""

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from onnx import ModelProto, NodeProto

OPSET, IR = 20, 10
"""Read by TensorRT from 10.13 on, and by every onnxruntime that humanseg allows."""

UINT8, FLOAT = TensorProto.UINT8, TensorProto.FLOAT


class GraphWriter:
    """A graph in the making. Tensors are known by their names, which the methods return."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._weights: list[TensorProto] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, kind: int, shape: tuple[int, ...]) -> str:
        """Declare an input."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, tensor: str, name: str, kind: int, shape: tuple[int, ...], operator: str, **fields: Any) -> None:
        """Declare an output: the result of one last operator."""
        self._nodes.append(helper.make_node(operator, [tensor], [name], **fields))
        self._outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def constant(self, values: "ArrayLike", dtype: type = float) -> str:
        """A constant array, of float32 or (`int`) of int64."""
        name = f"constant/{len(self._weights)}"
        kind = np.int64 if dtype is int else np.float32
        self._weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def __call__(self, operator: str, *inputs: str, **fields: Any) -> str:
        """The one result of an operator."""
        name = f"{operator.lower()}/{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **fields))
        return name

    def split(self, tensor: str, channels: tuple[int, ...]) -> list[str]:
        """The channels of a tensor, in groups of so many."""
        names = [f"split/{len(self._nodes)}/{part}" for part in range(len(channels))]
        sizes = self.constant(channels, int)
        self._nodes.append(helper.make_node("Split", [tensor, sizes], names, axis=1))
        return names

    def between(self, tensor: str, least: float, most: float) -> str:
        """Values no less than the one and no more than the other."""
        return self("Clip", tensor, self.constant(least), self.constant(most))

    def include(self, model: "ModelProto", inputs: dict[str, str], prefix: str) -> dict[str, str]:
        """Put another graph into this one.

        Args:
            model: The other graph.
            inputs: The tensor to give to each of its inputs.
            prefix: Set before every other name of it.

        Returns:
            The tensor of each of its outputs, by name.
        """

        def renamed(name: str) -> str:
            return name if not name else inputs.get(name, f"{prefix}{name}")

        for weight in model.graph.initializer:
            copy = TensorProto()
            copy.CopyFrom(weight)
            copy.name = renamed(weight.name)
            self._weights.append(copy)
        for node in model.graph.node:
            copied = helper.make_node(
                node.op_type,
                [renamed(name) for name in node.input],
                [renamed(name) for name in node.output],
                name=f"{prefix}{node.name}" if node.name else "",
            )
            copied.attribute.extend(node.attribute)
            self._nodes.append(copied)
        return {output.name: renamed(output.name) for output in model.graph.output}

    def finish(self, name: str) -> "ModelProto":
        """The whole, as a model."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
