"""From a grey plane in floats to what an encoder takes, in the depth of its format."""

from dataclasses import replace

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from humanseg.frames import Colour

_UNSAID = 2


class FromGrey:
    """Converts the grey planes of one stream and tags the encoder that takes them."""

    def __init__(self, colour: Colour, size: tuple[int, int], pixel_format: str) -> None:
        """Choose the coding.

        Args:
            colour: Of the stream. A format that has nothing but grey is full range and needs no matrix.
            size: (width, height) in pixels.
            pixel_format: FFmpeg's name of the encoder's format: grey, or Y'CbCr 4:4:4, of 9 to 16 bits.
        """
        kind = VideoFormat(pixel_format)
        bits = kind.components[0].bits
        self._size, self._pixel_format = size, pixel_format
        self._has_colour = len(kind.components) > 1
        self._neutral = 1 << (bits - 1)
        if not self._has_colour:
            colour = replace(colour, matrix=_UNSAID, full_range=True)
        self._colour = colour
        self._range = ColorRange.JPEG if colour.full_range else ColorRange.MPEG
        # H.273: the limited range is that of 8 bits, 16 to 235, with zeros after it.
        self._black = 0 if colour.full_range else 16 << (bits - 8)
        self._white = (1 << bits) - 1 if colour.full_range else 235 << (bits - 8)

    def tag(self, encoder: VideoCodecContext) -> None:
        """Have the encoder write what the numbers mean. Before it is opened."""
        encoder.pix_fmt = self._pixel_format
        encoder.colorspace = self._colour.matrix
        encoder.color_primaries = self._colour.primaries
        encoder.color_trc = self._colour.transfer
        encoder.color_range = self._range

    def __call__(self, grey: NDArray[np.float32]) -> VideoFrame:
        """A picture for the encoder, of HxW float32 from 0 (black) to 1 (white)."""
        picture = VideoFrame(*self._size, self._pixel_format)
        # ProRes writes what the picture says into its own header, and readers go by that.
        picture.colorspace, picture.color_range = self._colour.matrix, self._range
        picture.color_primaries, picture.color_trc = self._colour.primaries, self._colour.transfer
        luma = np.rint(grey * np.float32(self._white - self._black)) + np.float32(self._black)
        for number, plane in enumerate(picture.planes):
            rows = np.asarray(memoryview(plane)).view(np.uint16).reshape(plane.height, -1)
            rows[:, : plane.width] = luma if number == 0 else self._neutral
        return picture
