"""What stays as it starts while the rest of a network goes on learning."""

from torch import nn

from humanseg_train.recipe import Frozen

_WEIGHTS: dict[Frozen, tuple[str, ...]] = {
    "nothing": (),
    "norms": (),
    "encoder": ("encoder",),
    "trunk": ("encoder", "decoder"),
}
"""The parts in which nothing learns."""

_NORMS: dict[Frozen, tuple[str, ...]] = _WEIGHTS | {"norms": ("",), "encoder": ("",)}
"""Those that normalise by what they remember, "" being all of the network; a stage that is new remembers nothing."""


def freeze(network: nn.Module, what: Frozen) -> None:
    """Let no weight in that part of the network learn, in place; `hold_norms` belongs to it."""
    for part in _WEIGHTS[what]:
        network.get_submodule(part).requires_grad_(False)


def hold_norms(network: nn.Module, what: Frozen) -> None:
    """Let a network in training normalise by what it remembers, in place; to be called whenever it was put in training.

    Normalised by the batch at hand, and remembered anew, a network unlearns more in its first steps than a short run
    teaches; and what is frozen would change without learning.
    """
    for part in _NORMS[what]:
        for layer in network.get_submodule(part).modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()


def drop_nothing(network: nn.Module) -> None:
    """Let a network in training pass all that it computes, in place: what a teacher says of it is of the whole."""
    for layer in network.modules():
        if type(layer).__name__.startswith(("Drop", "drop")):
            layer.eval()
