"""The person alone, for a picture with transparency."""

from typing import TYPE_CHECKING

import numpy as np

from humanseg.compositing.foreground import estimate_foreground
from humanseg_desktop.tickets import ClearedFrame

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cut_out(cleared: ClearedFrame) -> "NDArray[np.uint8]":
    """HxWx4 uint8 RGBA, straight alpha, black where it is transparent: a viewer that ignores alpha shows no room."""
    matte = cleared.matte
    person = estimate_foreground(cleared.before.rgb, matte.alpha) if matte.foreground is None else matte.foreground
    alpha = np.rint(matte.alpha * np.float32(255)).astype(np.uint8)
    rgba = np.dstack((person, alpha))
    rgba[alpha == 0] = 0
    return rgba
