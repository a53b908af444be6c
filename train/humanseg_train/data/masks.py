"""Mask files: the ways in which they say where the person is, and values that say something else."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_PNG = b"\x89PNG\r\n\x1a\n"
_FLAT = 0.03
"""Share of the pixels that one grey may have before it is a label and no soft edge."""


class Mask(NamedTuple):
    """A mask as it is read."""

    alpha: NDArray[np.uint8]
    """HxW, 0 (background) to 255 (person)."""

    form: str
    """`grey`, `alpha`, `palette`, `colour` or `16-bit`; the last two are no masks of a person."""


def decode_mask(data: bytes) -> Mask | None:
    """The mask in a file's bytes, or None if they are no picture.

    Zeros and ones are stretched to 0 and 255. An alpha channel that varies is the mask. Of a palette with black and one
    colour, the colour is the person. Of anything else with colours, the brightness is taken.
    """
    picture = _decode(data, cv2.IMREAD_UNCHANGED)
    if picture is None:
        return None
    if picture.dtype != np.uint8:
        grey = _decode(data, cv2.IMREAD_GRAYSCALE)
        return None if grey is None else Mask(np.asarray(grey, np.uint8), "16-bit")
    if picture.ndim == 3 and picture.shape[2] == 4 and picture[..., 3].min() != picture[..., 3].max():
        return Mask(_stretch(np.ascontiguousarray(picture[..., 3])), "alpha")
    # Only now: unlike IMREAD_UNCHANGED, these two turn a picture as its EXIF says.
    grey = _decode(data, cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return None
    if picture.ndim == 2 or picture.shape[2] < 3:
        return Mask(_stretch(grey), "grey")
    colours = picture[..., :3]
    if int((colours.max(axis=2) - colours.min(axis=2)).max()) <= 8:
        return Mask(_stretch(grey), "grey")
    palette = data.startswith(_PNG) and data[25:26] == b"\x03"
    lit = np.unique(colours[colours.any(axis=2)].reshape(-1, 3), axis=0)
    if palette and len(lit) == 1:
        return Mask(np.where(grey > 0, np.uint8(255), np.uint8(0)), "palette")
    return Mask(grey, "colour")


def unexpected_values(mask: Mask) -> str:
    """What a mask holds that is neither 0/1, nor 0/255, nor a soft alpha, as a phrase; empty where all is well."""
    if mask.form == "16-bit":
        return "16 bits a pixel"
    if mask.form == "colour":
        return "several colours"
    counts = np.bincount(mask.alpha.ravel(), minlength=256)
    values = np.flatnonzero(counts)
    listed = ", ".join(str(value) for value in values[:8]) + (", ..." if len(values) > 8 else "")
    person = counts[248:].sum()
    if values[-1] > 0 and not person:
        return f"the values {listed}, none of them 255"
    # A soft edge spreads over many greys; a label or an "unknown" band stays on one.
    flat = np.flatnonzero(counts[8:248] > _FLAT * mask.alpha.size) + 8
    if len(flat):
        return f"large areas of {', '.join(map(str, flat[:8]))}"
    if counts[1:8].max() > person:
        return f"the values {listed}, most of them small numbers"
    return ""


def _decode(data: bytes, flags: int) -> Any:
    if not data:
        return None
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:  # an absurd size in the header
        return None


def _stretch(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(alpha * 255 if alpha.max() == 1 else alpha)
