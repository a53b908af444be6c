"""From RGB to what an encoder takes, with the matrix, range and tags of the stream that the frames came from.

A stream that does not name its matrix stays so, and is coded with the one that players then guess.
"""

import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
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
        usual = usual_matrix(size)
        if colour.matrix not in _MATRICES and colour.matrix != _UNSAID:
            colour = Colour(matrix=usual, primaries=colour.primaries, transfer=colour.transfer)
        self._matrix = _MATRICES[usual if colour.matrix == _UNSAID else colour.matrix]
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
        picture = opaque if alpha is None else self._with_alpha(opaque, alpha)
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
