"""OpenEXR pictures, as compositing programs expect them: linear light, half floats, colours multiplied with alpha."""

from fractions import Fraction
from typing import cast

import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from humanseg.frames import Frame

ENCODER = "exr"
"""FFmpeg's name. OpenCV can write EXR too, but its wheels have that switched off."""

_CODES = np.linspace(0, 1, 256)
_LIGHT = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(np.float32)


class ExrPictures:
    """Encodes pictures of one size; none depends on those before it. One thread only."""

    def __init__(self, size: tuple[int, int], *, alpha: bool) -> None:
        """Open an encoder.

        Args:
            size: (width, height) in pixels.
            alpha: Whether pictures are cut-outs.
        """
        self._pixel_format = "gbrapf32le" if alpha else "gbrpf32le"
        self._encoder = cast("VideoCodecContext", VideoCodecContext.create(ENCODER, "w"))
        self._encoder.width, self._encoder.height = size
        self._encoder.pix_fmt = self._pixel_format
        self._encoder.time_base = Fraction(1, 25)
        self._encoder.options = {"format": "half", "compression": "zip16"}

    def encode(self, frame: Frame) -> bytes:
        """One file. Colours are made linear by the curve of sRGB; alpha is no light and keeps its numbers, also where
        it is shown as a grey picture.

        Raises:
            FFmpegError: the encoder failed.
        """
        [packet] = self._encoder.encode(VideoFrame.from_ndarray(_floats(frame), self._pixel_format))
        return bytes(packet)


def _floats(frame: Frame) -> NDArray[np.float32]:
    if frame.grey is not None:
        return np.asarray(cv2.merge([frame.grey] * 3), np.float32)
    picture = np.asarray(cv2.LUT(frame.rgb, _LIGHT), np.float32)
    if frame.alpha is None:
        return picture
    return np.asarray(cv2.merge([*(plane * frame.alpha for plane in cv2.split(picture)), frame.alpha]), np.float32)
