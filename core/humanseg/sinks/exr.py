"""OpenEXR pictures, as compositing programs expect them: linear light, half floats, colours multiplied with alpha."""

from fractions import Fraction
from typing import cast

import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

ENCODER = "exr"
"""FFmpeg's name. OpenCV can write EXR too, but its wheels have that switched off."""

_CODES = np.linspace(0, 1, 256)
_LIGHT = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)
_NUMBERS = _CODES.astype(np.float32)


class ExrPictures:
    """Encodes pictures of one size; none depends on those before it. One thread only."""

    def __init__(self, size: tuple[int, int], *, alpha: bool, light: bool) -> None:
        """Open an encoder.

        Args:
            size: (width, height) in pixels.
            alpha: Whether pictures are cut-outs.
            light: Whether codes mean light, which is made linear by the curve of sRGB. False for an alpha shown as a
                picture: its numbers stay.
        """
        self._alpha = alpha
        self._curve = _LIGHT if light else _NUMBERS
        self._pixel_format = "gbrapf32le" if alpha else "gbrpf32le"
        self._encoder = cast("VideoCodecContext", VideoCodecContext.create(ENCODER, "w"))
        self._encoder.width, self._encoder.height = size
        self._encoder.pix_fmt = self._pixel_format
        self._encoder.time_base = Fraction(1, 25)
        self._encoder.options = {"format": "half", "compression": "zip16"}

    def encode(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32] | None) -> bytes:
        """One file.

        Args:
            rgb: HxWx3 uint8 RGB, not multiplied with alpha.
            alpha: HxW float32, 0 to 1, for cut-outs; it is not made linear, since it is no light.

        Raises:
            FFmpegError: the encoder failed.
        """
        picture = np.asarray(cv2.LUT(rgb, self._curve), np.float32)
        if alpha is not None:
            picture = np.asarray(cv2.merge([*(plane * alpha for plane in cv2.split(picture)), alpha]), np.float32)
        [packet] = self._encoder.encode(VideoFrame.from_ndarray(picture, self._pixel_format))
        return bytes(packet)
