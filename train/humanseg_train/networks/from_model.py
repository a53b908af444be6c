"""Starting from a model folder: the network of an export can be trained on, as that of a checkpoint can.

An export has its batch normalisation folded into the convolutions, so a layer that normalises is left with nothing to
do. `load_model` gives the weights back; `measure_norms` then gives each of those layers the mean and variance of what
reaches it, and turns its scale and shift so that the network computes what it did. Training needs that: in it a layer
normalises by the batch at hand.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from humanseg.errors import HumansegError
from humanseg.models import find_model
from humanseg_train.networks.rounding import RoundedConv2d
from humanseg_train.networks.subpixel import SubpixelNetwork

Step = tuple[nn.Conv2d, nn.BatchNorm2d | None]
"""A convolution, and the normalisation of what it puts out."""


def load_model(network: nn.Module, model: str | Path, channels: int) -> bool:
    """Load the weights of an exported network of the same build, in place.

    Of a U-Net with another last stage, one of sub-pixels takes all before it.

    Args:
        network: as `build_network` makes it.
        model: a model folder, or the name of a packaged model.
        channels: how many the network takes.

    Returns:
        Whether they were trained with hard swish.

    Raises:
        HumansegError: there is no such model, or it is of another network.
    """
    spec = find_model(model)
    graph = onnx.load(spec.path).graph
    steps, exported = _steps(network, channels), list(_convolutions(graph))
    shapes = [tuple(step.weight.shape) for step, _ in steps]
    if isinstance(network, SubpixelNetwork) and shapes != [weight.shape for weight, *_ in exported]:
        new = set(network.subpixel.modules())
        steps = [(step, norm) for step, norm in steps if step not in new]
        shapes, exported = shapes[: len(steps)], exported[: len(steps)]
    if shapes != [weight.shape for weight, *_ in exported] or _has_more(network):
        raise HumansegError(
            f"The model {spec.name} is of another network: it has {len(exported)} convolutions, the recipe's has "
            f"{len(steps)}, or they differ in shape.",
            f"Set [network] as in the recipe at the end of {spec.folder / 'card.md'}.",
        )
    with torch.no_grad():
        for (layer, norm), (weight, factor, shift) in zip(steps, exported, strict=True):
            layer.weight.copy_(torch.tensor(weight))
            if norm is None:
                if layer.bias is not None:
                    layer.bias.copy_(torch.tensor(shift))
                continue
            if layer.bias is not None:
                layer.bias.zero_()
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.copy_(torch.tensor(factor))
            norm.bias.copy_(torch.tensor(shift))
    return any(node.op_type == "HardSwish" for node in graph.node)


def measure_norms(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Give every normalisation the mean and variance of its input, in place; in evaluation the network stays the same.

    Args:
        network: takes NxCxHxW.
        batches: of those, normalised.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    sums: dict[nn.BatchNorm2d, tuple[int, Tensor, Tensor]] = {}

    def note(layer: Any, inputs: tuple[Tensor, ...]) -> None:
        values = inputs[0].double()
        count, total, squares = sums.get(layer, (0, torch.zeros(()), torch.zeros(())))
        seen = values.numel() // values.shape[1]
        sums[layer] = count + seen, total + values.sum((0, 2, 3)), squares + values.square().sum((0, 2, 3))

    with evaluating(network), _hooked(norms, before=note), torch.compiler.set_stance("force_eager"):
        for batch in batches:
            network(batch)
    with torch.no_grad():
        for norm, (count, total, squares) in sums.items():
            assert norm.running_mean is not None
            assert norm.running_var is not None
            mean, variance = total / count, (squares / count - (total / count).square()).clamp(min=0)
            factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            shift = norm.bias - norm.running_mean * factor
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_(factor * torch.sqrt(norm.running_var + norm.eps))
            norm.bias.copy_(shift + factor * norm.running_mean)


def _steps(network: nn.Module, channels: int) -> list[Step]:
    """The convolutions in the order in which they compute, each with the normalisation behind it."""
    order: list[nn.Conv2d] = []
    outputs: dict[int, tuple[nn.Conv2d, Tensor]] = {}
    norms: dict[nn.Conv2d, nn.BatchNorm2d] = {}

    def note_output(layer: Any, _: Any, output: Tensor) -> None:
        order.append(layer)
        outputs[id(output)] = layer, output  # held, so that no other tensor gets its id

    def note_norm(layer: Any, inputs: tuple[Tensor, ...]) -> None:
        if id(inputs[0]) in outputs:
            norms[outputs[id(inputs[0])][0]] = layer

    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    normalising = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    with evaluating(network), _hooked(convolutions, after=note_output), _hooked(normalising, before=note_norm):
        network(torch.zeros(1, channels, 64, 64))
    return [(layer, norms.get(layer)) for layer in order]


def _convolutions(graph: onnx.GraphProto) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Weights of each convolution in order, and the factor and shift of its channels: its bias, or what follows it."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    products = {node.input[0]: node for node in graph.node if node.op_type == "Mul" and node.input[1] in constants}
    sums = {node.input[0]: node for node in graph.node if node.op_type == "Add" and node.input[1] in constants}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        weight = constants[node.input[1]]
        factor, shift = np.ones(len(weight), np.float32), np.zeros(len(weight), np.float32)
        if len(node.input) > 2:
            shift = constants[node.input[2]]
        product = products.get(node.output[0])
        if product and product.output[0] in sums:
            factor = constants[product.input[1]].ravel()
            shift = shift * factor + constants[sums[product.output[0]].input[1]].ravel()
        yield weight, factor, shift


def _has_more(network: nn.Module) -> bool:
    """Whether weights lie elsewhere than in convolutions and batch normalisation; where is not known to this module."""
    known = (nn.Conv2d, nn.BatchNorm2d)
    return any(list(layer.parameters(recurse=False)) for layer in network.modules() if not isinstance(layer, known))


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Full precision, no gradients, nothing remembered."""
    training = network.training
    rounding = [layer for layer in network.modules() if isinstance(layer, RoundedConv2d) and layer.rounding]
    for layer in rounding:
        layer.rounding = False
    try:
        with torch.no_grad():
            network.eval()
            yield
    finally:
        network.train(training)
        for layer in rounding:
            layer.rounding = True


@contextmanager
def _hooked(layers: Iterable[nn.Module], *, before: Any = None, after: Any = None) -> Iterator[None]:
    hooks = [layer.register_forward_pre_hook(before) for layer in layers] if before else []
    hooks += [layer.register_forward_hook(after) for layer in layers] if after else []
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
