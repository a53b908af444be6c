"""Training a network as 8-bit integers will compute it, so that it can unlearn what rounding would cost.

Convolutions see their input and their weights rounded to the few values that integers have; gradients pass as if they
were not (Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", section 3). An input has one scale, from a moving average of its extremes; weights have one scale for each
output channel, so that batch normalisation can be folded into them and changes nothing.

Convolutions of one group with more than one pixel to see are rounded, which is nearly all of the arithmetic. Depthwise
ones gain nothing, and the gates of squeeze-and-excitation lose most.
"""

import torch
from torch import Tensor, nn

INPUT_LEVELS = 255
"""Inputs become integers from 0 to this."""

WEIGHT_LEVELS = 63
"""Weights become integers from minus this to this: 7 bits, since CPUs before VNNI add pairs of products in 16 bits."""

MOMENTUM = 0.02
"""How far one batch moves the remembered extremes of an input."""

BOUNDS = (".low", ".high")
"""How the names of those extremes end in a checkpoint."""


class RoundedConv2d(nn.Conv2d):
    """A convolution whose input and weights are rounded while `rounding` is set."""

    low: Tensor
    high: Tensor

    def __init__(self, layer: nn.Conv2d) -> None:
        """Take the place of `layer`, with its very parameters."""
        super().__init__(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,  # type: ignore[arg-type]
            layer.stride,  # type: ignore[arg-type]
            layer.padding,  # type: ignore[arg-type]
            layer.dilation,  # type: ignore[arg-type]
            layer.groups,
            layer.bias is not None,
            layer.padding_mode,
        )
        self.weight, self.bias = layer.weight, layer.bias
        self.rounding = True
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))

    def forward(self, frame: Tensor) -> Tensor:
        """NxCxHxW -> NxDxHxW, as `Conv2d`."""
        if not self.rounding:
            return super().forward(frame)
        if self.training:
            self._observe(frame.detach())
        seen, weight = _round_input(frame, self.low, self.high), _round_weight(self.weight)
        mapped: Tensor = self._conv_forward(seen, weight.to(seen.dtype), self.bias)
        return mapped

    @torch.no_grad()
    def _observe(self, frame: Tensor) -> None:
        """Follow the extremes of the inputs; 0 is always within them, since padding is 0."""
        low, high = torch.aminmax(frame.float())
        new = self.high <= self.low
        self.low.copy_(torch.where(new, low, torch.lerp(self.low, low, MOMENTUM)).clamp(max=0))
        self.high.copy_(torch.where(new, high, torch.lerp(self.high, high, MOMENTUM)).clamp(min=0))


def round_convolutions(network: nn.Module, channels: int) -> None:
    """Put a `RoundedConv2d` in the place of each convolution worth it, in place.

    Args:
        network: takes NxCxHxW with H and W multiples of 32.
        channels: C.
    """
    pooled: set[nn.Module] = set()

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if inputs[0].shape[-2:] == (1, 1):
            pooled.add(layer)

    layers = [layer for layer in network.modules() if type(layer) is nn.Conv2d]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    before = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, channels, 64, 64))  # halved five times that is 2x2: what sees 1x1 is pooled
    network.train(before)
    for hook in hooks:
        hook.remove()
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.Conv2d and layer.groups == 1 and layer not in pooled:
                setattr(parent, name, RoundedConv2d(layer))


def stop_rounding(network: nn.Module) -> None:
    """Let the network compute in full precision again, in place."""
    for layer in network.modules():
        if isinstance(layer, RoundedConv2d):
            layer.rounding = False


def input_ranges(network: nn.Module) -> dict[str, tuple[float, float]]:
    """The lowest and highest input of each rounded convolution that has seen one, by the name of its weights."""
    return {
        f"{name}.weight": (float(layer.low), float(layer.high))
        for name, layer in network.named_modules()
        if isinstance(layer, RoundedConv2d) and layer.high > layer.low
    }


def _round_input(frame: Tensor, low: Tensor, high: Tensor) -> Tensor:
    scale = ((high - low) / INPUT_LEVELS).clamp(min=1e-8)
    zero = torch.round(-low / scale)
    held = torch.clamp(frame.float(), -zero * scale, (INPUT_LEVELS - zero) * scale)
    rounded = torch.round(held / scale) * scale
    return (held + (rounded - held).detach()).to(frame.dtype)


def _round_weight(weight: Tensor) -> Tensor:
    scale = (weight.detach().abs().amax(dim=(1, 2, 3), keepdim=True) / WEIGHT_LEVELS).clamp(min=1e-12)
    rounded = torch.round(weight / scale) * scale
    return weight + (rounded - weight).detach()
