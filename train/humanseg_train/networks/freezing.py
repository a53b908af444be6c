"""An encoder that stays as it starts: a third less time a step, and little that can be unlearnt."""

from torch import nn

from humanseg_train.networks.rounding import RoundedConv2d


def freeze_encoder(network: nn.Module) -> None:
    """Let nothing in the encoder learn, in place; `hold_norms` belongs to it."""
    for weight in network.get_submodule("encoder").parameters():
        weight.requires_grad_(False)


def hold_norms(network: nn.Module) -> None:
    """Let a network in training normalise by what it remembers, in place, and drop nothing in its encoder.

    Normalised by the batch at hand, and remembered anew, the encoder would change without learning; and the decoder
    would unlearn more by new means and variances than it learns in a short run.
    """
    network.get_submodule("encoder").eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
        elif isinstance(layer, RoundedConv2d):
            layer.train()  # it has yet to see what there is to be rounded
