"""Layers that segmentation-models-pytorch builds such that they do not train or export everywhere, made to."""

import torch
from torch import Tensor
from torch.nn import functional


class LenientBatchNorm(torch.nn.BatchNorm2d):
    """Batch normalisation by its running figures where a batch has one value a channel, which has no variance."""

    def forward(self, values: Tensor) -> Tensor:
        """NxCxHxW -> NxCxHxW."""
        if self.training and values.shape[0] * values.shape[2] * values.shape[3] == 1:
            return functional.batch_norm(
                values, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
            )
        return super().forward(values)


class PyramidBlock(torch.nn.Module):
    """A level of the PSPNet pyramid, pooled by matrix products.

    Adaptive pooling cannot be exported with a free height and width. The products are equal to it: each of `cells` is
    the mean from floor(k * length / cells) to ceil((k + 1) * length / cells).
    """

    def __init__(self, cells: int, convolution: torch.nn.Module) -> None:
        super().__init__()
        self.cells = cells
        self.convolution = convolution

    def forward(self, values: Tensor) -> Tensor:
        """NxCxHxW -> NxDxHxW."""
        height, width = values.shape[2:]
        rows, columns = self._means(height, values), self._means(width, values)
        pooled = self.convolution(rows @ values @ columns.transpose(0, 1))
        return functional.interpolate(pooled, size=(height, width), mode="bilinear", align_corners=True)

    def _means(self, length: int, like: Tensor) -> Tensor:
        """Weights of shape cells x length: one row of weights for each cell."""
        place = torch.arange(length, device=like.device).unsqueeze(0) * self.cells
        cell = torch.arange(self.cells, device=like.device).unsqueeze(1)
        # Whole numbers: place * cells lies within [k * length, (k + 1) * length) up to the rounding outwards.
        inside = (place + self.cells > cell * length) & (place < (cell + 1) * length)
        weights = inside.to(like.dtype)
        return weights / weights.sum(dim=1, keepdim=True)


def repair(network: torch.nn.Module) -> None:
    """Exchange such layers, in place; the computation stays the same. Networks without them are left alone."""
    from segmentation_models_pytorch.decoders.deeplabv3.decoder import ASPPPooling
    from segmentation_models_pytorch.decoders.pspnet.decoder import PSPModule

    for module in network.modules():
        if isinstance(module, ASPPPooling):
            for k, layer in enumerate(module):
                if isinstance(layer, torch.nn.BatchNorm2d):
                    module[k] = LenientBatchNorm(layer.num_features)
        elif isinstance(module, PSPModule):
            module.blocks = torch.nn.ModuleList(PyramidBlock(block.pool_size, block.pool[1]) for block in module.blocks)
