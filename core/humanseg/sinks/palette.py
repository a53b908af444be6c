"""From RGB to a palette of 256 colours, which is all that GIF has: one for each picture, made of its own colours."""

from fractions import Fraction
from typing import cast

import cv2
import numpy as np
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

PALETTE = "pal8"
"""FFmpeg's name of the pixel format."""

_HALF = 128

_TICK = Fraction(1, 1000)
"""Some clock, since the filters want one; they hold no picture back."""


class ToPalette:
    """Converts the frames of one stream. A pixel is there or not: from half on, alpha is opaque."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Set up FFmpeg's filters. Args: size: (width, height) in pixels."""
        # Ordered dithering, since its pattern stands still where the picture does.
        self._graph = graph = Graph()
        source = graph.add_buffer(width=size[0], height=size[1], format=VideoFormat("bgra"), time_base=_TICK)
        split = graph.add("split")
        palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=1")
        use = graph.add("paletteuse", f"new=1:dither=bayer:bayer_scale=4:alpha_threshold={_HALF}")
        sink = graph.add("buffersink")
        source.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(palette, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        self._count = 0

    def tag(self, encoder: VideoCodecContext) -> None:
        """Tell the encoder what comes. Before it is opened."""
        encoder.pix_fmt = PALETTE

    def __call__(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32] | None = None) -> VideoFrame:
        """A picture for the encoder, of HxWx3 uint8 RGB and, for a cut-out, HxW float32 alpha from 0 to 1."""
        bgra = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
        if alpha is not None:
            bgra[:, :, 3] = np.where(alpha >= np.float32(0.5), 255, 0)
        picture = VideoFrame.from_ndarray(np.asarray(bgra, np.uint8), "bgra")
        picture.pts = self._count
        self._count += 1
        self._graph.push(picture)
        return cast("VideoFrame", self._graph.pull())
