"""How steady the alpha of a clip is, with the true alpha (dtSSD) and without (flicker)."""

import numpy as np
from numpy.typing import NDArray

from humanseg.matting.flicker import Flicker
from humanseg.matting.matter import Matter
from humanseg.sources.demo import DemoSource
from humanseg.sources.source import Source


class Steadiness:
    """Adds up the frames of one clip, in order."""

    def __init__(self) -> None:
        self._flicker = Flicker()
        self._last: tuple[NDArray[np.float32], NDArray[np.float32] | None] | None = None
        self._dtssd: list[float] = []

    def add(self, rgb: NDArray[np.uint8], alpha: NDArray[np.float32], true: NDArray[np.float32] | None = None) -> None:
        """The next frame HxWx3, its alpha HxW, and its true alpha if that is known."""
        self._flicker.add(rgb, alpha)
        if self._last is not None and true is not None and self._last[1] is not None:
            change = (alpha - self._last[0]) - (true - self._last[1])
            self._dtssd.append(100 * float(np.sqrt(np.square(change).mean())))
        self._last = alpha, true

    def figures(self) -> dict[str, float]:
        """What is known so far.

        Returns:
            `flicker`: see `Flicker.mean`. `dtssd`: root mean square, in hundredths, of the change of alpha less the
            change of the true alpha (Erofeev et al. 2015), where there is one. Lower is steadier; a clip of one frame
            has neither.
        """
        flicker = self._flicker.mean
        return {
            **({"flicker": flicker} if flicker is not None else {}),
            **({"dtssd": float(np.mean(self._dtssd))} if self._dtssd else {}),
        }


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
