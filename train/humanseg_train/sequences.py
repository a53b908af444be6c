"""How steady the alpha of a clip is, with the true alpha (dtSSD) and without (flicker)."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.matting.matter import Matter
from humanseg.sources.demo import DemoSource
from humanseg.sources.source import Source

STILL = 4.0
"""Largest change of brightness (0..255, after a blur against noise) of a pixel in which nothing happens."""


@dataclass
class Steadiness:
    """Adds up the frames of one clip, in order."""

    _last: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None] | None = None
    _flicker: list[float] = field(default_factory=list)
    _dtssd: list[float] = field(default_factory=list)

    def add(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32], true: NDArray[np.float32] | None = None) -> None:
        """The next frame HxWx3, its alpha HxW, and its true alpha if that is known."""
        light = cv2.blur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), (5, 5))
        now = (np.asarray(light, np.float32), alpha, true)
        if self._last is not None:
            before, alpha_before, true_before = self._last
            still = np.abs(light - before) <= STILL
            if still.any():
                self._flicker.append(1000 * float(np.abs(alpha - alpha_before)[still].mean()))
            if true is not None and true_before is not None:
                change = (alpha - alpha_before) - (true - true_before)
                self._dtssd.append(100 * float(np.sqrt(np.square(change).mean())))
        self._last = now

    def figures(self) -> dict[str, float]:
        """What is known so far.

        Returns:
            `flicker`: mean change of alpha from frame to frame, in thousandths, in pixels whose brightness stayed:
            there a steady matte has no reason to change. `dtssd`: root mean square, in hundredths, of the change of
            alpha less the change of the true alpha (Erofeev et al. 2015), where there is one. Lower is steadier; a
            clip of one frame has neither.
        """
        means = {"flicker": self._flicker, "dtssd": self._dtssd}
        return {name: float(np.mean(values)) for name, values in means.items() if values}


def measure_clip(matter: Matter, source: Source) -> dict[str, float]:
    """The steadiness of a model on a clip: flicker, and dtSSD on the demo, whose truth is known.

    Raises:
        HumansegError: the clip cannot be read, or the model fails.
    """
    steadiness = Steadiness()
    matter.reset()
    try:
        for frame in source:
            true = source.truth(frame.index) if isinstance(source, DemoSource) else None
            steadiness.add(frame.rgb, matter.alpha(frame.rgb), true)
    finally:
        source.close()
    matter.reset()
    return steadiness.figures()
