"""A picture as the background."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from humanseg.errors import SettingsError
from humanseg.fitting import FITS, Fit, fitted
from humanseg.frames import Frame, Matte

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ImageBackground:
    """One still picture, brought to the frame's size once for each size."""

    def __init__(self, rgb: "NDArray[np.uint8]", fit: Fit = "fill") -> None:
        """Take a picture.

        Args:
            rgb: HxWx3 uint8 RGB of any size from 1x1. It is kept, so do not write into it afterwards.
            fit: "fill" crops it to the frame's aspect, "fit" shows all of it with black bars, "stretch" distorts it.

        Raises:
            ValueError: `rgb` is no such array, or there is no such fit.
        """
        if fit not in FITS:
            raise ValueError(f"fit is {fit!r}; it must be one of {', '.join(FITS)}.")
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or rgb.size == 0:
            raise ValueError(f"background is {rgb.dtype} of shape {rgb.shape}; it must be HxWx3 uint8, with pixels.")
        self._rgb = rgb
        self._fit: Fit = fit
        self._fitted: NDArray[np.uint8] = np.empty((0, 0, 3), np.uint8)

    def render(self, frame: Frame, matte: Matte) -> "NDArray[np.uint8]":
        """See `Background.render`."""
        if self._fitted.shape != frame.rgb.shape:
            self._fitted = fitted(self._rgb, frame.size, self._fit)
            if self._fitted is not self._rgb:
                self._fitted.flags.writeable = False
        return self._fitted


def read_picture(path: Path) -> "NDArray[np.uint8]":
    """A picture file as HxWx3 uint8 RGB: upright by its EXIF orientation, grey made colour, transparency over black.

    (A file with transparency is taken as it lies; such files do not come from cameras.)

    Raises:
        SettingsError: the file is missing, cannot be read, or holds no picture that OpenCV knows.
    """
    try:
        # Not cv2.imread: it cannot tell why it failed, nor open every path on Windows.
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise SettingsError(f"The picture {path} cannot be read: {error.strerror}.", "Check the path.") from error
    try:
        picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        if picture is not None and not (picture.ndim == 3 and picture.shape[2] == 4):
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)  # turns it upright, and makes it 8 bits and three channels
    except cv2.error as error:
        raise SettingsError(f"The picture {path} cannot be decoded: {error}.", "Save it again, smaller.") from error
    if picture is None:
        raise SettingsError(f"{path} is not a picture that can be read.", "Use a JPEG, PNG or WebP file.")
    if picture.shape[2] == 4:
        full = {"uint8": 255, "uint16": 65535}.get(picture.dtype.name, 1)
        colours = np.clip(picture.astype(np.float32) / np.float32(full), 0, 1)
        picture = np.rint(colours[:, :, :3] * colours[:, :, 3:] * 255).astype(np.uint8)
    return cast("NDArray[np.uint8]", cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
