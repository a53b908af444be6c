"""What stays as it starts while the rest of a network goes on learning."""

from torch import nn


def freeze_encoder(network: nn.Module) -> None:
    """Let nothing in the encoder learn, in place; `hold_norms` belongs to it."""
    for weight in network.get_submodule("encoder").parameters():
        weight.requires_grad_(False)


def hold_norms(network: nn.Module) -> None:
    """Let a network in training normalise by what it remembers, in place; to be called whenever it was put in training.

    Normalised by the batch at hand, and remembered anew, a network unlearns more in its first steps than a short run
    teaches; and what is frozen would change without learning.
    """
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
