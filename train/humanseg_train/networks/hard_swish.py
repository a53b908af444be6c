"""Hard swish in the place of SiLU: nearly the same curve without an exponential; it spares CPUs a fifth of a network.

Howard et al. 2019, "Searching for MobileNetV3", section 5.2. A trained network can go over to it: where the inputs of a
channel lie within a part of the curve, hard swish fits SiLU there far better once its input and its output are scaled
(`match_scales`), and both factors disappear in the weights before and behind it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from humanseg.errors import SettingsError
from humanseg_train.networks.from_model import evaluating
from humanseg_train.networks.rounding import RoundedConv2d

SAMPLES = 250
"""Inputs of each channel that are looked at, of each batch."""

FACTORS = torch.arange(0.5, 1.8, 0.05)
"""What an input may be multiplied with."""

TAKERS: dict[str, dict[str, tuple[str, ...]]] = {
    "InvertedResidual": {"bn1": ("conv_dw",), "bn2": ("se.conv_reduce", "conv_pwl")},
    "DepthwiseSeparableConv": {"bn1": ("se.conv_reduce", "conv_pw")},
}
"""What takes all that comes out of a normalisation and its activation, in timm's blocks of EfficientNet."""

Place = tuple[nn.BatchNorm2d, tuple[nn.Conv2d, ...]]
"""A normalisation whose `act` is a hard swish, and the convolutions that take all of what comes out."""


class HardSwish(nn.Module):
    """x * clip(x / 6 + 0.5, 0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.soft = False
        """Whether it is still the SiLU that the weights were trained with."""

    def forward(self, values: Tensor) -> Tensor:
        """Any shape."""
        return functional.silu(values) if self.soft else functional.hardswish(values)


def harden(network: nn.Module) -> None:
    """Put a `HardSwish` in the place of each SiLU over a picture, in place; gates see single pixels and keep theirs.

    Raises:
        SettingsError: the network has none.
    """
    for name, parent in list(network.named_modules()):
        for child, layer in list(parent.named_children()):
            if type(layer).__name__ in ("SiLU", "Swish") and ".se" not in name:
                setattr(parent, child, HardSwish())
    if not _hard(network):
        raise SettingsError("The network has no SiLU.", "Leave network.hard_swish out, or choose an EfficientNet.")


def soften(network: nn.Module) -> None:
    """Compute SiLU until `match_scales`, in place: the weights were trained with it."""
    for layer in _hard(network):
        layer.soft = True


def is_soft(network: nn.Module) -> bool:
    """Whether `match_scales` is due."""
    return any(layer.soft for layer in _hard(network))


def match_scales(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Go over to hard swish, in place: a * hard_swish(b * x) for silu(x), each channel with the factors that fit best.

    They are found and put into the weights in blocks of EfficientNet; elsewhere they are 1.

    Args:
        network: takes NxCxHxW.
        batches: of those, normalised.
    """
    places = list(_places(network))
    seen: dict[nn.BatchNorm2d, list[Tensor]] = {norm: [] for norm, _ in places}

    def note(norm: nn.BatchNorm2d) -> Any:
        def keep(_: Any, inputs: tuple[Tensor, ...]) -> None:
            values = inputs[0].float().transpose(0, 1).flatten(1)
            seen[norm].append(values[:, torch.linspace(0, values.shape[1] - 1, SAMPLES).long()])

        return keep

    hooks = [norm.get_submodule("act").register_forward_pre_hook(note(norm)) for norm, _ in places]
    with evaluating(network), torch.compiler.set_stance("force_eager"):
        for batch in batches:
            network(batch)
    for hook in hooks:
        hook.remove()
    for norm, takers in places:
        before, behind = _best_factors(torch.cat(seen[norm], dim=1))
        with torch.no_grad():
            norm.weight.mul_(before)
            norm.bias.mul_(before)
            for taker in takers:
                # A depthwise convolution takes one channel each, and has as many filters.
                taker.weight.mul_(behind.view(-1, 1, 1, 1) if taker.groups > 1 else behind.view(1, -1, 1, 1))
                if isinstance(taker, RoundedConv2d):  # what it sees has other extremes now
                    taker.low.zero_()
                    taker.high.zero_()
    for layer in _hard(network):
        layer.soft = False


def _best_factors(values: Tensor) -> tuple[Tensor, Tensor]:
    """CxN inputs -> C factors of the input and C of the output with the least squared error."""
    wanted = functional.silu(values)
    least = torch.full((len(values),), torch.inf)
    before, behind = torch.ones(len(values)), torch.ones(len(values))
    for factor in FACTORS.tolist():
        curve = functional.hardswish(factor * values)
        scale = (curve * wanted).sum(1) / curve.square().sum(1).clamp(min=1e-9)
        error = (wanted - scale[:, None] * curve).square().mean(1)
        better = (error < least) & (scale > 0)
        least, before, behind = (
            torch.where(better, new, old)
            for new, old in ((error, least), (torch.full_like(before, factor), before), (scale, behind))
        )
    return before, behind


def _places(network: nn.Module) -> Iterator[Place]:
    for block in network.modules():
        layers = dict(block.named_modules())
        for name, takers in TAKERS.get(type(block).__name__, {}).items():
            norm = layers[name]
            if isinstance(norm, nn.BatchNorm2d) and isinstance(getattr(norm, "act", None), HardSwish):
                found = (layers.get(taker) for taker in takers)  # not each block has a gate
                yield norm, tuple(layer for layer in found if isinstance(layer, nn.Conv2d))


def _hard(network: nn.Module) -> list[HardSwish]:
    return [layer for layer in network.modules() if isinstance(layer, HardSwish)]
