"""From RGB to what an encoder takes, with the matrix, range and tags of the stream that the frames came from.

A stream that does not name its matrix stays so, and is coded with the one that players then guess.
"""

import math

import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from humanseg.frames import Colour, PlaneWeights, usual_matrix

# H.273 matrix to swscale's.
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}
_PLANAR = "yuv420p"
_LEAST_LINES = 8
"""Below that, swscale makes chroma of fewer rows."""
_UNSAID = 2
_Row = tuple[float, float, float]
"""Of a matrix: what red, green and blue add."""
_RGB = 0

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
            pixel_format: FFmpeg's name of the encoder's format: Y'CbCr of any depth, with a plane of alpha or without,
                or RGB of 8 bits or, for cut-outs, of more.
        """
        colour, matrix = _as_coded(colour, size)
        self._matrix = _MATRICES[matrix]
        kind = VideoFormat(pixel_format)
        self._is_rgb = kind.is_rgb
        if self._is_rgb:
            colour = Colour(matrix=_RGB, primaries=colour.primaries, transfer=colour.transfer, full_range=True)
        self._colour = colour
        self._range = ColorRange.JPEG if colour.full_range or self._is_rgb else ColorRange.MPEG
        self._pixel_format = pixel_format
        self._opaque_format = pixel_format if self._is_rgb else pixel_format.replace("yuva", "yuv")
        self._levels = (1 << kind.components[-1].bits) - 1
        self._reformatter = VideoReformatter()

    def tag(self, encoder: VideoCodecContext) -> None:
        """Have the encoder write what the colours mean. Before it is opened."""
        encoder.pix_fmt = self._pixel_format
        encoder.colorspace = self._colour.matrix
        encoder.color_primaries = self._colour.primaries
        encoder.color_trc = self._colour.transfer
        encoder.color_range = self._range

    def __call__(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32] | None = None) -> VideoFrame:
        """A picture for the encoder.

        Args:
            rgb: HxWx3 uint8 full-range RGB, C-contiguous.
            alpha: HxW float32, 0 to 1, kept in the depth of the pixel format and full range, beside colours that are
                not multiplied with it; None (opaque) where the pixel format has no alpha.
        """
        if self._is_rgb and alpha is not None and self._levels > 255:
            return VideoFrame.from_ndarray(deep_rgba(rgb, alpha, self._levels), self._pixel_format)
        if self._is_rgb and alpha is not None:
            bgra = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA), np.uint8)
            bgra[:, :, 3] = np.rint(alpha * np.float32(255))
            return VideoFrame.from_numpy_buffer(bgra, "bgra")
        opaque = self._reformatter.reformat(
            VideoFrame.from_numpy_buffer(rgb, "rgb24"),
            format=self._opaque_format,
            src_color_range=ColorRange.JPEG,
            dst_colorspace=None if self._is_rgb else self._matrix,
            dst_color_range=self._range,
            interpolation=_ACCURATE,
        )
        return self._named(opaque if alpha is None else self._with_alpha(opaque, alpha))

    def of_planes(self, planes: NDArray[np.uint8]) -> VideoFrame:
        """A picture for the encoder, without another conversion or copy.

        Args:
            planes: See `PlanarFrame`; made by the `plane_weights` of this colour, size and pixel format.

        Raises:
            ValueError: this stream is coded in another way.
        """
        if self._pixel_format != _PLANAR or self._range != ColorRange.MPEG:
            raise ValueError(f"planes of 8 bits and limited range do not go into a stream of {self._pixel_format}")
        return self._named(VideoFrame.from_numpy_buffer(planes, _PLANAR))

    def _named(self, picture: VideoFrame) -> VideoFrame:
        # ProRes writes what the picture says into its own header, and readers go by that.
        picture.colorspace, picture.color_range = self._colour.matrix, self._range
        picture.color_primaries, picture.color_trc = self._colour.primaries, self._colour.transfer
        return picture

    def _with_alpha(self, opaque: VideoFrame, alpha: NDArray[np.float32]) -> VideoFrame:
        # Not by swscale: it squeezes 8-bit alpha to the limited range of the colours.
        picture = VideoFrame(opaque.width, opaque.height, self._pixel_format)
        for target, plane in zip(picture.planes, opaque.planes, strict=False):
            rows = np.asarray(memoryview(plane)).reshape(plane.height, plane.line_size)
            copy = np.asarray(memoryview(target)).reshape(target.height, target.line_size)
            width = min(plane.line_size, target.line_size)
            copy[:, :width] = rows[:, :width]
        target = picture.planes[3]
        kind = np.uint8 if self._levels == 255 else np.uint16
        plane_of_alpha = np.asarray(memoryview(target)).view(kind).reshape(target.height, -1)
        plane_of_alpha[:, : opaque.width] = np.rint(alpha * np.float32(self._levels))
        return picture


def plane_weights(colour: Colour, size: tuple[int, int], pixel_format: str) -> PlaneWeights | None:
    """How the planes of a `PlanarFrame` must be made for a stream; None where it takes no such frames.

    Args:
        colour: See `FromRgb`.
        size: See `FromRgb`.
        pixel_format: See `FromRgb`.
    """
    colour, matrix = _as_coded(colour, size)
    width, height = size
    fits = width % 2 == height % 2 == 0 and height >= _LEAST_LINES
    return _WEIGHTS[matrix] if fits and pixel_format == _PLANAR and not colour.full_range else None


def _of_matrix(y: _Row, cb: _Row, cr: _Row) -> PlaneWeights:
    """From the matrix in full range to the limited one."""
    return PlaneWeights(y=_limited(y, 219), cb=_limited(cb, 224), cr=_limited(cr, 224))


def _limited(plane: _Row, span: int) -> _Row:
    # Rounded as swscale does, so that planes are the same to the bit.
    red, green, blue = (math.floor(weight * span / 255 * 32768 + 0.5) / 32768 for weight in plane)
    return red, green, blue


def _of_luma(red: float, blue: float) -> PlaneWeights:
    """From the KR and KB of H.273."""
    green, cb, cr = 1 - red - blue, 0.5 / (1 - blue), 0.5 / (1 - red)
    return _of_matrix((red, green, blue), (-red * cb, -green * cb, 0.5), (0.5, -green * cr, -blue * cr))


# swscale has these of BT.601 from a table of its own, with three digits.
_BT601 = _of_matrix((0.299, 0.587, 0.114), (-0.169, -0.331, 0.5), (0.5, -0.419, -0.081))
_WEIGHTS = {
    1: _of_luma(0.2126, 0.0722),
    4: _of_luma(0.30, 0.11),
    5: _BT601,
    6: _BT601,
    7: _of_luma(0.212, 0.087),
    9: _of_luma(0.2627, 0.0593),
}


def _as_coded(colour: Colour, size: tuple[int, int]) -> tuple[Colour, int]:
    """What a stream of Y'CbCr says of its colours, and the matrix that it is coded with, named or not."""
    usual = usual_matrix(size)
    if colour.matrix not in _MATRICES and colour.matrix != _UNSAID:
        colour = Colour(matrix=usual, primaries=colour.primaries, transfer=colour.transfer)
    return colour, usual if colour.matrix == _UNSAID else colour.matrix


def deep_rgba(rgb: NDArray[np.uint8], alpha: NDArray[np.float32], levels: int) -> NDArray[np.uint16]:
    """A cut-out in more than 8 bits: for the alpha's sake, the colours have no more than before.

    Args:
        rgb: HxWx3 uint8.
        alpha: HxW float32, 0 to 1.
        levels: The highest number, up to 65535.

    Returns:
        HxWx4 uint16, red first, not multiplied with alpha.
    """
    colours = cv2.LUT(rgb, np.rint(np.arange(256) * (levels / 255)).astype(np.uint16))
    opacity = np.rint(alpha * np.float32(levels)).astype(np.uint16)
    return np.asarray(cv2.merge([*cv2.split(colours), opacity]), np.uint16)
