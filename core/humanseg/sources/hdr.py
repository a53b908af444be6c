"""From HDR video (HLG, PQ) to the standard range: BT.709 as a television set would show it, not the washed-out codes.

Light is taken relative to 203 cd/m2, the white of a page in HDR (ITU-R BT.2408). Up to the knee nothing changes, so
that faces keep their brightness; above it, up to 1000 cd/m2, highlights are rolled off in each channel.
"""

from typing import cast

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from humanseg.frames import Colour

PQ, HLG = 16, 18
"""Transfer functions: the code points of ITU-T H.273."""

SDR = Colour(matrix=1, primaries=1, transfer=1)
"""How the converted stream is to be coded."""

_WHITE = 203.0
_PEAK = 1000.0 / _WHITE
_KNEE = 0.4
_CODES = 65536


_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
"""Linear BT.2020 to BT.709 (ITU-R BT.2087)."""

_LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)
"""Of linear BT.2020."""

_ACCURATE = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def is_hdr(colour: Colour) -> bool:
    """Whether a stream is coded for a high dynamic range."""
    return colour.transfer in (PQ, HLG)


class HdrToRgb:
    """Converts the pictures of one HDR stream; one thread only."""

    def __init__(self, colour: Colour, size: tuple[int, int]) -> None:
        """Args: colour: Of the stream, `is_hdr`. size: (width, height) of every frame, in pixels."""
        self._size = size
        self._range = ColorRange.JPEG if colour.full_range else ColorRange.MPEG
        self._is_hlg = colour.transfer == HLG
        self._to_light: dict[int, NDArray[np.float32]] = {}
        codes = np.linspace(0, 1, _CODES)
        # Entries are spaced by the square root of light: evenly spaced ones would show as steps in the shadows.
        light = codes**2 * _PEAK
        self._to_code = np.rint(_rolled_off(light) ** (1 / 2.4) * 255).astype(np.uint8)[None]
        self._reformatter = VideoReformatter()

    def __call__(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """HxWx3 uint8 full-range RGB of BT.709, C-contiguous, as the picture lies."""
        width, height = self._size
        wide = self._reformatter.reformat(
            picture,
            width=width,
            height=height,
            format="gbrp16le",  # rgb48le comes out with wrong columns at the right edge (FFmpeg 8.0)
            src_colorspace=Colorspace.BT2020,
            src_color_range=self._range,
            dst_color_range=ColorRange.JPEG,
            interpolation=_ACCURATE,
        )
        light = cv2.LUT(np.ascontiguousarray(wide.to_ndarray()), self._light_of(picture.format.components[0].bits))
        if self._is_hlg:
            # HLG codes the light of the scene; a display of 1000 cd/m2 raises its luminance to the power of 1.2.
            luminance = cv2.transform(light, _LUMINANCE)
            gain = cv2.pow(np.maximum(luminance, np.float32(1e-6)), 0.2) * np.float32(_PEAK)
            light = light * gain[:, :, None]
        light = cv2.transform(light, _TO_709)
        places = np.sqrt(np.clip(light * np.float32(1 / _PEAK), 0, 1)) * np.float32(_CODES - 1)
        return cast("NDArray[np.uint8]", cv2.LUT(places.astype(np.uint16), self._to_code))

    def _light_of(self, bits: int) -> NDArray[np.float32]:
        """The light of each of swscale's 16-bit numbers, for pictures of so many bits."""
        if bits not in self._to_light:
            # White is not 65535: the highest number, moved up with zeros behind it (measured, FFmpeg 8.0).
            white = 255 << 8 if self._range == ColorRange.MPEG else ((1 << bits) - 1) << (16 - bits)
            codes = np.minimum(np.arange(_CODES) / white, 1)
            light = _from_hlg(codes) if self._is_hlg else _from_pq(codes)
            self._to_light[bits] = light.astype(np.float32)[None]
        return self._to_light[bits]


def _from_pq(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light, 1 at white, of PQ codes from 0 to 1 (SMPTE ST 2084)."""
    root = codes ** (1 / 78.84375)
    light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return light ** (1 / 0.1593017578125) * 10000 / _WHITE


def _from_hlg(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of the scene, from 0 to 1, of HLG codes from 0 to 1 (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)


def _rolled_off(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moebius' curve: itself up to the knee, 1 at the peak, without a corner between."""
    a = -(_KNEE**2) * (_PEAK - 1) / (_KNEE**2 - 2 * _KNEE + _PEAK)
    b = (_KNEE**2 - 2 * _KNEE * _PEAK + _PEAK) / (_PEAK - 1)
    rolled = (b**2 + 2 * b * _KNEE + _KNEE**2) / (b - a) * (light + a) / (light + b)
    return np.clip(np.where(light <= _KNEE, light, rolled), 0, 1)
