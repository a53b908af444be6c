"""From a decoder's picture to RGB, with the stream's own matrix and range.

A stream that does not name its matrix gets the guess that players make. A range that is not named is limited.
"""

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from humanseg.frames import Colour, usual_matrix

# H.273 matrix to swscale's. Code 10 (constant luminance) is read as 9, which is close; swscale has neither 8 nor 14.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_FULL = 2

# Without these two the conversion darkens by one or two levels each time (measured).
_ACCURATE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def colour_of(picture: VideoFrame) -> Colour:
    """How a decoded picture says that it is coded."""
    return Colour(
        matrix=picture.colorspace,
        primaries=picture.color_primaries,
        transfer=picture.color_trc,
        full_range=_is_full_range(picture),
    )


def matrix_for(matrix: int, size: tuple[int, int]) -> Colorspace:
    """The matrix to decode with: the named one, else the guess by (width, height)."""
    return _MATRICES.get(matrix, _MATRICES[usual_matrix(size)])


class ToRgb:
    """Converts the pictures of one stream; keeps swscale's tables from one picture to the next."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._reformatter = VideoReformatter()

    def __call__(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """HxWx3 uint8 full-range RGB, C-contiguous, as the picture lies; 10 bits become 8.

        A picture of another size than the stream's first is scaled to it: the size may change in the middle of
        recordings of calls.
        """
        width, height = self._size
        rgb = self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=None if _is_rgb(picture) else matrix_for(picture.colorspace, self._size),
            src_color_range=ColorRange.JPEG if _is_full_range(picture) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=_ACCURATE,
        )
        # Rows that FFmpeg has padded are copied; others are the decoder's own memory.
        return np.ascontiguousarray(rgb.to_ndarray(), dtype=np.uint8)


def _is_rgb(picture: VideoFrame) -> bool:
    return picture.format.is_rgb or picture.format.has_palette


def _is_full_range(picture: VideoFrame) -> bool:
    named = picture.color_range == _FULL or picture.format.name.startswith("yuvj")
    return named or (picture.color_range == 0 and _is_rgb(picture))
