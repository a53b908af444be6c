"""Losses by name, and their weighted sum.

All take logits and the true alpha, both Nx1xHxW, alpha 0..1 and soft at edges, and give a scalar.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from humanseg.errors import SettingsError


def bce(logits: Tensor, alpha: Tensor) -> Tensor:
    """Binary cross-entropy, mean over pixels."""
    return functional.binary_cross_entropy_with_logits(logits, alpha)


def dice(logits: Tensor, alpha: Tensor) -> Tensor:
    """1 - Dice of each picture, mean over pictures (Milletari et al. 2016, squared denominators).

    Smoothed by one pixel, so that an empty picture that is predicted empty costs nothing.
    """
    predicted = logits.sigmoid()
    overlap = (predicted * alpha).sum(dim=(1, 2, 3))
    total = (predicted.square() + alpha.square()).sum(dim=(1, 2, 3))
    return (1 - (2 * overlap + 1) / (total + 1)).mean()


def boundary(logits: Tensor, alpha: Tensor) -> Tensor:
    """Absolute error of alpha within about four pixels of the true outline; 0 for a picture without one."""
    local = functional.avg_pool2d(alpha, 9, stride=1, padding=4, count_include_pad=False)
    band = ((local > 0.01) & (local < 0.99)).to(logits.dtype)
    error = (logits.sigmoid() - alpha).abs() * band
    return error.sum() / band.sum().clamp(min=1)


LOSSES = {"bce": bce, "dice": dice, "boundary": boundary}


class WeightedSum(torch.nn.Module):
    """The losses of a recipe; returns the sum and each part for the log."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        unknown = [name for name in weights if name not in LOSSES]
        if unknown or not weights:
            raise SettingsError(
                f"There is no loss {unknown[0]}." if unknown else "The recipe has no loss.",
                f"There are: {', '.join(LOSSES)}.",
            )
        self._weights = dict(weights)

    def forward(self, logits: Tensor, alpha: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Scalar sum, and the unweighted parts by name."""
        parts = {name: LOSSES[name](logits, alpha) for name in self._weights}
        total = torch.stack([self._weights[name] * part for name, part in parts.items()]).sum()
        return total, {name: part.detach() for name, part in parts.items()}
