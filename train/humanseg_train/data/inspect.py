"""One sample looked at by itself: what is wrong with its two files, and the hashes by which it is compared."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg.errors import HumansegError
from humanseg_train.data.likeness import Likeness, likeness
from humanseg_train.data.masks import Mask, decode_mask, unexpected_values
from humanseg_train.data.pictures import read_mask, same_shape
from humanseg_train.data.samples import Sample


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What is kept of a sample: no pixels."""

    faults: tuple[tuple[str, str], ...]
    """(kind, text) of each fault."""

    digest: str = ""
    """SHA-1 of the decoded photograph; empty if it is unreadable."""

    likeness: Likeness | None = None


def inspect(sample: Sample) -> Inspection:
    """Read both files of a sample and look for faults; nothing is raised."""
    faults: list[tuple[str, str]] = []
    image_bytes, mask_bytes = _bytes(sample.image), _bytes(sample.mask)
    rgb = _picture(image_bytes, cv2.IMREAD_COLOR)
    mask = _mask(sample, mask_bytes)
    if rgb is None:
        faults.append(("unreadable-image", f"{sample.image.name} is no picture."))
    if mask is None:
        faults.append(("unreadable-mask", f"the mask {sample.mask.name} is no picture."))
    else:
        faults += _mask_faults(sample, mask)
    if rgb is None:
        return Inspection(faults=tuple(faults))
    if mask is not None:
        faults += _pair_faults(sample, image_bytes, rgb, mask_bytes, mask)
    digest = hashlib.sha1(repr(rgb.shape).encode() + np.ascontiguousarray(rgb).tobytes(), usedforsecurity=False)
    return Inspection(
        faults=tuple(faults), digest=digest.hexdigest(), likeness=likeness(np.ascontiguousarray(rgb[..., ::-1]))
    )


def _mask(sample: Sample, data: bytes) -> Mask | None:
    if sample.outlines is None and not sample.people:
        return decode_mask(data)
    try:
        return Mask(read_mask(sample), "grey")
    except HumansegError:
        return None


def _mask_faults(sample: Sample, mask: Mask) -> list[tuple[str, str]]:
    strange = unexpected_values(mask)
    if strange:
        return [("mask-values", f"{sample.mask.name} has {strange}.")]
    if not mask.alpha.any():
        return [("empty-mask", f"{sample.mask.name} shows nobody.")]
    if mask.alpha.min() >= 248:
        return [("full-mask", f"{sample.mask.name} is white all over.")]
    return []


def _pair_faults(
    sample: Sample, image_bytes: bytes, rgb: NDArray[np.uint8], mask_bytes: bytes, mask: Mask
) -> list[tuple[str, str]]:
    sizes = f"{rgb.shape[1]}x{rgb.shape[0]} and {mask.alpha.shape[1]}x{mask.alpha.shape[0]}"
    stored = _as_stored(image_bytes, rgb)
    if stored is not None and _as_stored(mask_bytes, None) is None:
        if mask.alpha.shape == rgb.shape[:2] != stored.shape[:2]:
            return []  # only a mask drawn on the turned photograph fits
        if mask.alpha.shape == stored.shape[:2]:
            sure = "does not fit it" if stored.shape != rgb.shape else "may not fit it"
            return [("exif-rotation", f"EXIF turns {sample.image.name}; its mask is not turned and {sure}.")]
    if not same_shape(rgb, mask.alpha):
        return [("size-mismatch", f"{sample.image.name} and its mask differ in shape: {sizes}.")]
    return []


def _as_stored(data: bytes, turned: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """The picture without its EXIF rotation, or None where there is none."""
    if not any(word in data for word in (b"Exif\0\0", b"eXIf", b"EXIF")):
        return None
    turned = _picture(data, cv2.IMREAD_COLOR) if turned is None else turned
    stored = _picture(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if turned is None or stored is None or np.array_equal(stored, turned) else stored


def _picture(data: bytes, flags: int) -> Any:
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:  # an absurd size in the header
        return None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
