"""A network as users run it: normalised frames in, alpha out; and the ONNX file of it."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx
import torch

from humanseg import settings
from humanseg.errors import HumansegError
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.half import fold_batch_norms
from humanseg_train.networks.build import build_network
from humanseg_train.networks.rounding import input_ranges, stop_rounding
from humanseg_train.quantising import to_int8, weight_names
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.cityscapes import CLASSES, PEOPLE

PIXELS = 384 * 224
"""Area at which the network sees a frame: 384x224 for 16:9, 352x256 for 4:3."""

MULTIPLE = 32
"""Width and height that it sees are whole multiples of this."""


class AlphaNetwork(torch.nn.Module):
    """Nx3xHxW float32 normalised frame -> Nx1xHxW float32 alpha, 0..1."""

    def __init__(self, network: torch.nn.Module, *, previous: bool = False, people: Sequence[int] = ()) -> None:
        """Wrap a network of logits; of one with several classes, those of `people` add up to alpha."""
        super().__init__()
        self.network = network
        self.previous = previous
        """Whether `forward` wants the alpha of the frame before as well."""
        self.people = list(people)

    def forward(self, frame: torch.Tensor, previous: torch.Tensor | None = None) -> torch.Tensor:
        """Alpha of a frame; `previous` is Nx1xHxW, 0..1."""
        logits = self.network(frame if previous is None else torch.cat([frame, previous], dim=1))
        if self.people:
            return torch.softmax(logits, dim=1)[:, self.people].sum(dim=1, keepdim=True)
        return torch.sigmoid(logits)


def load_network(checkpoint: Path, *, still: bool = False) -> tuple[AlphaNetwork, Recipe, int]:
    """The network of a checkpoint as it is exported (alpha out, averaged weights), its recipe, and its epoch from 1.

    Args:
        checkpoint: what `fit` wrote.
        still: without the input for the alpha of the frame before; alpha is what it is where that input is 0.

    Raises:
        HumansegError: the file is no checkpoint of ours.
    """
    content = read_checkpoint(checkpoint)
    recipe = settings.build(Recipe, content["recipe"], where=str(checkpoint))
    previous = recipe.network.previous and not still
    network = build_network(replace(recipe.network, previous=previous), pretrained=False)
    prefix = "network."
    weights = {
        name.removeprefix(prefix): tensor for name, tensor in content["state_dict"].items() if name.startswith(prefix)
    }
    if recipe.network.previous and still:
        for name, own in network.state_dict().items():
            if own.ndim == 4 and weights[name].shape[1] == own.shape[1] + 1:
                weights[name] = weights[name][:, :-1]  # the last input channel is that alpha
    network.load_state_dict(weights)
    stop_rounding(network)
    people = PEOPLE if recipe.network.classes > 1 else ()
    if people and recipe.network.classes != len(CLASSES):
        raise HumansegError(
            f"{checkpoint} tells {recipe.network.classes} classes apart; which of them are people is not known.",
            f"Only the {len(CLASSES)} classes of Cityscapes can become an alpha.",
        )
    alpha = AlphaNetwork(network, previous=previous, people=people)
    return alpha.eval(), recipe, int(content["epoch"]) + 1


def write_onnx(network: AlphaNetwork, path: Path, int8: Path | None = None) -> None:
    """Write the network as a float32 ONNX file with free height and width, its batch normalisation folded.

    Args:
        network: as `load_network` gives it.
        path: file to write.
        int8: where to write it in 8-bit integers too, which it must have been trained for.
    """
    names = ["frame", "previous"] if network.previous else ["frame"]
    examples = tuple(torch.zeros(1, channels, 192, 320) for channels in (3, 1)[: len(names)])
    height, width = torch.export.Dim("h", min=1, max=128), torch.export.Dim("w", min=1, max=128)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own internals; nothing a user could act on
        torch.onnx.export(
            network,
            examples,
            path,
            input_names=names,
            output_names=["alpha"],
            dynamic_shapes={name: {2: 32 * height, 3: 32 * width} for name in names},
            opset_version=20,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    model = onnx.load(path)
    weights = weight_names(model)
    if fold_batch_norms(model):
        onnx.save(model, path)
    if int8:
        ranges = input_ranges(network)
        onnx.save(to_int8(model, {node: ranges[name] for node, name in weights.items() if name in ranges}), int8)
