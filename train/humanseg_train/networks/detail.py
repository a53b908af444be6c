"""A skip at full resolution: what halving the frame five times cannot keep.

The decoder's last stage is upsampled from half the frame's size with no skip of its own, so an edge lies where two
pixels were one. Two small convolutions over the frame itself and that stage add to its logits.
"""

import torch
from torch import Tensor, nn


class DetailedNetwork(nn.Module):
    """A network of segmentation-models-pytorch whose decoder ends at full resolution, with such a skip.

    The skip starts at zero: until it has learnt something, the logits are the network's own.
    """

    def __init__(self, network: nn.Module, width: int, *, frames: int) -> None:
        """Wrap `network`; `width` channels look at `frames` input channels."""
        super().__init__()
        self.encoder = network.get_submodule("encoder")
        self.decoder = network.get_submodule("decoder")
        self.segmentation_head = network.get_submodule("segmentation_head")
        last = next(layer for layer in self.segmentation_head.modules() if isinstance(layer, nn.Conv2d)).in_channels
        self.detail = nn.Sequential(
            nn.Conv2d(last + frames, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.SiLU(inplace=True),
            nn.Conv2d(width, 1, 3, padding=1),
        )
        nn.init.zeros_(self.detail[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.detail[-1].bias)  # type: ignore[arg-type]

    def forward(self, frame: Tensor) -> Tensor:
        """NxCxHxW -> Nx1xHxW logits."""
        decoded = self.decoder(self.encoder(frame))
        logits: Tensor = self.segmentation_head(decoded) + self.detail(torch.cat([decoded, frame], dim=1))
        return logits
