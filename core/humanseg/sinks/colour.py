"""From RGB to what an encoder takes, with the matrix, range and tags of the stream that the frames came from.

A stream that does not name its matrix stays so, and is coded with the one that players then guess.
"""

import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from humanseg.frames import Colour, usual_matrix

# H.273 matrix to swscale's.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}
_UNSAID = 2

# Without these two the conversion darkens by one or two levels each time (measured).
_ACCURATE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


class FromRgb:
    """Converts the frames of one stream and tags the encoder that takes them."""

    def __init__(self, colour: Colour, size: tuple[int, int], pixel_format: str) -> None:
        """Choose the coding.

        Args:
            colour: of the stream; a matrix that cannot be coded (RGB, YCgCo, ...) becomes the usual one, in limited
                range, and is named.
            size: (width, height) in pixels.
            pixel_format: FFmpeg's name of the encoder's format, 8 bits per sample.
        """
        usual = usual_matrix(size)
        if colour.matrix not in _MATRICES and colour.matrix != _UNSAID:
            colour = Colour(matrix=usual, primaries=colour.primaries, transfer=colour.transfer)
        self._colour = colour
        self._matrix = _MATRICES[usual if colour.matrix == _UNSAID else colour.matrix]
        self._range = ColorRange.JPEG if colour.full_range else ColorRange.MPEG
        self._pixel_format = pixel_format
        self._reformatter = VideoReformatter()

    def tag(self, encoder: VideoCodecContext) -> None:
        """Have the encoder write what the colours mean. Before it is opened."""
        encoder.pix_fmt = self._pixel_format
        encoder.colorspace = self._colour.matrix
        encoder.color_primaries = self._colour.primaries
        encoder.color_trc = self._colour.transfer
        encoder.color_range = self._range

    def __call__(self, rgb: NDArray[np.uint8]) -> VideoFrame:
        """An HxWx3 uint8 full-range RGB array, C-contiguous, as a picture for the encoder."""
        return self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(rgb, "rgb24"),
            format=self._pixel_format,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=self._matrix,
            dst_color_range=self._range,
            interpolation=_ACCURATE,
        )
