"""A last stage at half the frame's size, which gives the logits of four pixels at once.

Sub-pixel convolution (Shi et al. 2016, "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network"). The last stage of a U-Net's decoder is upsampled to the frame's size without a skip: it
knows no more than what comes in at half of it, and its convolutions there are the dearest of all. These see as much on
a quarter of the places, and the frame itself besides, in windows of 4x4 pixels.
"""

import torch
from torch import Tensor, nn

LOOKS = 8
"""Channels that look at the frame."""


class SubpixelStage(nn.Module):
    """What the decoder has at half the frame's size, and the frame, to logits at the frame's size."""

    def __init__(self, decoded: int, width: int, *, frames: int, classes: int) -> None:
        """`decoded` channels come from the decoder, `frames` with the frame; `width` channels are between."""
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv2d(frames, LOOKS, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(LOOKS), nn.SiLU(inplace=True)
        )
        self.join = nn.Sequential(
            nn.Conv2d(decoded + LOOKS, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.logits = nn.Sequential(nn.Conv2d(width, 4 * classes, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, decoded: Tensor, frame: Tensor) -> Tensor:
        """NxDx(H/2)x(W/2) and NxCxHxW -> NxKxHxW logits."""
        joined = self.join(torch.cat([decoded, self.look(frame)], dim=1))
        logits: Tensor = self.logits(joined)
        return logits


class SubpixelNetwork(nn.Module):
    """A U-Net of segmentation-models-pytorch with such a stage in place of its decoder's last and its head."""

    def __init__(self, network: nn.Module, width: int, *, frames: int, classes: int) -> None:
        """Take over `network`; `width` channels are between the decoder and the logits of `classes` classes."""
        super().__init__()
        self.encoder = network.get_submodule("encoder")
        self.decoder = network.get_submodule("decoder")
        blocks = self.decoder.get_submodule("blocks")
        assert isinstance(blocks, nn.ModuleList)
        last = next(layer for layer in blocks[-1].modules() if isinstance(layer, nn.Conv2d))
        del blocks[-1]
        self.subpixel = SubpixelStage(last.in_channels, width, frames=frames, classes=classes)

    def forward(self, frame: Tensor) -> Tensor:
        """NxCxHxW -> NxKxHxW logits."""
        logits: Tensor = self.subpixel(self.decoder(self.encoder(frame)), frame)
        return logits
