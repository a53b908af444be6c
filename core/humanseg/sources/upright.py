"""From the pictures of a decoder to those of frames: RGB, upright, nobody's to write into."""

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from humanseg.sources.colour import ToRgb, colour_of
from humanseg.sources.hdr import SDR, HdrToRgb, is_hdr
from humanseg.sources.orientation import Orientation


class Upright:
    """Converts the pictures of one stream as its first one asks; one thread only.

    More than 8 bits become 8. HDR (HLG, PQ) becomes BT.709 as a television set shows it.
    """

    def __init__(self, first: VideoFrame) -> None:
        """Look at the first picture; it is not kept."""
        size, colour = (first.width, first.height), colour_of(first)
        self._orientation = Orientation.of(first)
        self._to_rgb: ToRgb | HdrToRgb = HdrToRgb(colour, size) if is_hdr(colour) else ToRgb(size)
        self.transposed = self._orientation.transposed
        """Whether rows became columns."""
        self.size = self._orientation.size(*size)
        """(width, height) of the frames, in pixels."""
        self.colour = SDR if is_hdr(colour) else colour
        """How a file that is written from them is to be coded."""

    def __call__(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """HxWx3 uint8 full-range RGB, C-contiguous, read-only."""
        rgb = self._orientation.upright(self._to_rgb(picture))
        rgb.flags.writeable = False
        return rgb
