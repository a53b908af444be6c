"""From a decoder's picture to RGB, with the stream's own matrix and range.

A stream that does not name its matrix gets the guess that players make. A range that is not named is limited.
"""

from typing import cast

import cv2
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
_LIMITED, _FULL = 1, 2

_DEEP = {bits: f"gbrp{bits}le" for bits in (9, 10, 12, 14, 16)}
"""swscale's RGB in as many bits as the source has."""

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
        self._levels: dict[tuple[int, bool], NDArray[np.uint8]] = {}

    def __call__(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """HxWx3 uint8 full-range RGB, C-contiguous, as the picture lies; more than 8 bits are rounded.

        A picture of another size than the stream's first is scaled to it: the size may change in the middle of
        recordings of calls.
        """
        bits, limited_grey = picture.format.components[0].bits, _is_limited_grey(picture)
        # From deep full range to 8 bits swscale gives half a level too much (measured, FFmpeg 8.0).
        deep = bits in _DEEP and (limited_grey or _is_full_range(picture))
        # Rows that FFmpeg has padded are copied; others are the decoder's own memory.
        given = self._converted(picture, _DEEP[bits] if deep else "rgb24").to_ndarray()
        rgb = cast("NDArray[np.uint8 | np.uint16]", np.ascontiguousarray(given))
        if deep or limited_grey:
            return np.asarray(cv2.LUT(rgb, self._levels_of(bits, limited=limited_grey)), np.uint8)
        return cast("NDArray[np.uint8]", rgb)

    def _levels_of(self, bits: int, *, limited: bool) -> NDArray[np.uint8]:
        """The 8-bit level of each code of so many bits."""
        if (bits, limited) not in self._levels:
            unit = (1 << bits) / 256
            black, white = (16 * unit, 235 * unit) if limited else (0, (1 << bits) - 1)
            codes = np.arange(1 << (16 if bits > 8 else 8))
            levels = np.rint(np.clip((codes - black) / (white - black), 0, 1) * 255)
            self._levels[bits, limited] = levels.astype(np.uint8)
        return self._levels[bits, limited]

    def _converted(self, picture: VideoFrame, pixel_format: str) -> VideoFrame:
        width, height = self._size
        return self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format=pixel_format,
            src_colorspace=None if _is_rgb(picture) else matrix_for(picture.colorspace, self._size),
            src_color_range=ColorRange.JPEG if _is_full_range(picture) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=_ACCURATE,
        )


def _is_rgb(picture: VideoFrame) -> bool:
    return picture.format.is_rgb or picture.format.has_palette


def _is_full_range(picture: VideoFrame) -> bool:
    named = picture.color_range == _FULL or picture.format.name.startswith("yuvj")
    return named or (picture.color_range == 0 and _is_rgb(picture))


def _is_limited_grey(picture: VideoFrame) -> bool:
    """Whether it has no colour and says limited range, which swscale does not heed: it takes grey for full range."""
    has_colour = _is_rgb(picture) or len(picture.format.components) > 2  # grey may have an alpha
    return picture.color_range == _LIMITED and not has_colour and picture.format.components[0].bits >= 8
