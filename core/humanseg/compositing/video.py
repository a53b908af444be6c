"""A video as the background, looping at its own rate."""

import logging
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from humanseg.errors import SettingsError, SourceError
from humanseg.fitting import FITS, Fit, fitted
from humanseg.frames import Frame, Matte
from humanseg.sources.file_reel import FileReel
from humanseg.sources.reel import Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_SKIP = Fraction(2)
"""Seconds: what lies further ahead is jumped to and not played through."""


class VideoBackground:
    """The picture that the video shows at the frame's own time, over and over.

    It depends on the frame's time only: the same frame gets the same picture whether it is played live or written to a
    file, and a frame that was dropped does not slow the video down. Pictures are decoded when they are due. One thread
    only.
    """

    def __init__(self, path: Path, fit: Fit = "fill") -> None:
        """Open the video.

        Args:
            path: any video that FFmpeg decodes.
            fit: as for `ImageBackground`.

        Raises:
            SettingsError: it cannot be read.
            ValueError: there is no such fit.
        """
        if fit not in FITS:
            raise ValueError(f"fit is {fit!r}; it must be one of {', '.join(FITS)}.")
        try:
            self._reel = FileReel(path)
        except SourceError as error:
            raise SettingsError(error.problem, error.hint) from error
        self._fit: Fit = fit
        self._length = self._reel.length
        self._pictures: Iterator[Picture] = iter(())
        self._shown: Picture | None = None
        self._following: Picture | None = None
        self._fitted: tuple[Picture, NDArray[np.uint8]] | None = None

    def render(self, frame: Frame, matte: Matte) -> "NDArray[np.uint8]":
        """See `Background.render`.

        Raises:
            SourceError: not one picture can be decoded any more.
        """
        shown = self._at(frame.time % self._length)
        if self._fitted is None or self._fitted[0] is not shown or self._fitted[1].shape != frame.rgb.shape:
            rgb = fitted(shown.rgb, frame.size, self._fit)
            rgb.flags.writeable = False
            self._fitted = shown, rgb
        return self._fitted[1]

    def close(self) -> None:
        """Release the file; without it, that happens when the background is let go."""
        self._reel.close()

    def _at(self, time: Fraction) -> Picture:
        """The picture that is shown at a time from the beginning of the video."""
        if self._shown is None or time < self._shown.time or time > self._shown.time + _SKIP:
            self._pictures = self._reel.pictures(time)
            self._shown, self._following = None, self._next()
        while self._following is not None and (self._shown is None or self._following.time <= time):
            self._shown, self._following = self._following, self._next()
        if self._shown is None:
            raise SourceError("The background video has no picture that can be decoded.", "Choose another background.")
        return self._shown

    def _next(self) -> Picture | None:
        try:
            return next(self._pictures, None)
        except SourceError as error:
            # What could be decoded goes on, and loops; the last picture stands for the rest.
            logger.warning("the background video: %s", error.problem)
            return None
