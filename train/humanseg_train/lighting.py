"""In what light a photograph was taken, told from its pixels: cameras lose most in the dark and against a window."""

import cv2
import numpy as np
from numpy.typing import NDArray

DARK, BRIGHT = 80, 160
"""Mean luma of a photograph below and above which it counts as dark and bright, 0..255."""

AGAINST = 50
"""By how much the room is lighter than the person, in luma, if somebody sits against the light."""


def lighting(rgb: NDArray[np.uint8], alpha: NDArray[np.float32]) -> str:
    """`against the light`, `dark`, `bright` or `even light`.

    Args:
        rgb: HxWx3 uint8.
        alpha: HxW float32, 0..1: where the person is.
    """
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    mean, person = float(luma.mean()), alpha > 0.5
    if person.any() and not person.all() and float(luma[~person].mean() - luma[person].mean()) >= AGAINST:
        return "against the light"
    if mean < DARK:
        return "dark"
    return "bright" if mean > BRIGHT else "even light"
