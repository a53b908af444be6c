"""Losses by name, and their weighted sum.

All take logits and the true alpha, both Nx1xHxW, alpha 0..1 and soft at edges, and give a scalar.
"""

import difflib
from collections.abc import Mapping
from functools import cache

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


def jaccard(logits: Tensor, alpha: Tensor) -> Tensor:
    """1 - soft IoU of each picture, mean over pictures (Rahman and Wang 2016, squared, so that soft truth costs 0).

    segmentation-models-pytorch has it over the whole batch only, and there an empty picture teaches nothing.
    """
    predicted = logits.sigmoid()
    overlap = (predicted * alpha).sum(dim=(1, 2, 3))
    union = (predicted.square() + alpha.square()).sum(dim=(1, 2, 3)) - overlap
    return (1 - (overlap + 1) / (union + 1)).mean()


def tversky(logits: Tensor, alpha: Tensor) -> Tensor:
    """1 - Tversky index of each picture, mean over pictures (Salehi et al. 2017): misses weigh 0.7, excess 0.3.

    Overlap and excess are minimum and difference, which are the usual products where alpha is 0 or 1, so that soft
    truth costs 0.
    """
    predicted = logits.sigmoid()
    overlap = torch.minimum(predicted, alpha).sum(dim=(1, 2, 3))
    excess = (predicted - alpha).relu().sum(dim=(1, 2, 3))
    missed = (alpha - predicted).relu().sum(dim=(1, 2, 3))
    return (1 - (overlap + 1) / (overlap + 0.3 * excess + 0.7 * missed + 1)).mean()


def focal(logits: Tensor, alpha: Tensor) -> Tensor:
    """Cross-entropy that all but forgets easy pixels, mean over pixels (Lin et al. 2017, gamma 2)."""
    return torch.as_tensor(_smp_losses()["focal"](logits, alpha))


def lovasz(logits: Tensor, alpha: Tensor) -> Tensor:
    """Lovasz hinge of each picture, mean over pictures (Berman et al. 2018); alpha counts as person from 0.5."""
    return torch.as_tensor(_smp_losses()["lovasz"](logits, (alpha >= 0.5).to(logits.dtype)))


@cache
def _smp_losses() -> dict[str, torch.nn.Module]:
    from segmentation_models_pytorch import losses

    return {"focal": losses.FocalLoss("binary", gamma=2.0), "lovasz": losses.LovaszLoss("binary", per_image=True)}


def boundary(logits: Tensor, alpha: Tensor) -> Tensor:
    """Absolute error of alpha within about four pixels of the true outline; 0 for a picture without one."""
    local = functional.avg_pool2d(alpha, 9, stride=1, padding=4, count_include_pad=False)
    band = ((local > 0.01) & (local < 0.99)).to(logits.dtype)
    error = (logits.sigmoid() - alpha).abs() * band
    return error.sum() / band.sum().clamp(min=1)


LOSSES = {
    "bce": bce,
    "dice": dice,
    "jaccard": jaccard,
    "focal": focal,
    "tversky": tversky,
    "lovasz": lovasz,
    "boundary": boundary,
}


class WeightedSum(torch.nn.Module):
    """The losses of a recipe; returns the sum and each part for the log."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__()
        unknown = [name for name in weights if name not in LOSSES]
        if unknown or not weights:
            near = difflib.get_close_matches(unknown[0], LOSSES, n=1) if unknown else []
            raise SettingsError(
                f"There is no loss {unknown[0]}." if unknown else "The recipe has no loss.",
                f"{f'Did you mean {near[0]}? ' if near else ''}There are: {', '.join(LOSSES)}.",
            )
        self._weights = dict(weights)

    def forward(self, logits: Tensor, alpha: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Scalar sum, and the unweighted parts by name."""
        parts = {name: LOSSES[name](logits, alpha) for name in self._weights}
        total = torch.stack([self._weights[name] * part for name, part in parts.items()]).sum()
        return total, {name: part.detach() for name, part in parts.items()}
