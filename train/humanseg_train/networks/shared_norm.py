"""Batch normalisation over the batches of all processes, on CPUs; torch has it for GPUs only.

With it, several processes compute what one would from the same samples: each layer sees the figures of the whole batch.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn


class _Total(torch.autograd.Function):
    """Sum over processes; so is its gradient."""

    @staticmethod
    def forward(_: Any, values: Tensor) -> Tensor:
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


def share_norms(network: nn.Module) -> int:
    """Let every batch normalisation of a network count all processes, in place; returns how many there are."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        # A class of its own over the layer's, so that weights, names and what follows the norm in it stay.
        norm.__class__ = type(f"Shared{type(norm).__name__}", (_Shared, type(norm)), {})
    return len(norms)


class _Shared(nn.BatchNorm2d):
    def forward(self, x: Tensor) -> Tensor:
        """NxCxHxW -> NxCxHxW; every process has as many values."""
        if not (self.training and distributed.is_initialized() and distributed.get_world_size() > 1):
            return super().forward(x)
        count = distributed.get_world_size() * x.numel() // x.shape[1]
        mean = _total(x.sum(dim=(0, 2, 3))) / count
        centred = x - mean[None, :, None, None]
        variance = _total(centred.square().sum(dim=(0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach(), count)
        normal = centred * torch.rsqrt(variance + self.eps)[None, :, None, None]
        normal = normal * self.weight[None, :, None, None] + self.bias[None, :, None, None]
        # timm's layers hold the activation that follows.
        drop, activation = getattr(self, "drop", None), getattr(self, "act", None)
        normal = normal if drop is None else drop(normal)
        return normal if activation is None else activation(normal)

    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance * count / max(1, count - 1), share)


def _total(values: Tensor) -> Tensor:
    summed: Tensor = _Total.apply(values)
    return summed
