"""The person's own colour where the outline mixes it with the old background's.

Fast foreground estimation by blurring (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021), with its
means taken on a reduced picture, and applied only where alpha is between 0 and 1.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np

from humanseg.fitting import averaged
from humanseg.tiles import enlarged, marked_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

REDUCED = 120
"""Shorter side of the reduced picture, in pixels."""

NEAREST, WIDER = 2, (4, 10)
"""Half the sides of the windows of the means: of the nearest in its pixels, of the wider ones in twice as large ones.

Where the nearest holds no sure pixel, the next counts.
"""

FAINT = 0.03
"""How much a window counts beside the next nearer one."""

SQUARINGS = 4
"""So often is alpha squared before it weighs the person's mean, and 1 - alpha the room's: only sure pixels count."""

LEAST = 1e-7
"""How much all of the picture counts beside the widest; more than what is left over when its sum has run along."""

SURE = 1 / 512
"""Alpha this near to 0 and 1 needs no estimate: it shows in no composite."""

TILE = 48
"""Side of the squares of the frame that are worked on or left alone, in pixels."""


def estimate_foreground(rgb: "NDArray[np.uint8]", alpha: "NDArray[np.float32]") -> "NDArray[np.uint8]":
    """The person without the old background: F in rgb = alpha * F + (1 - alpha) * background.

    Args:
        rgb: HxWx3 uint8 RGB; only read.
        alpha: HxW float32, 0 to 1; only read.

    Returns:
        HxWx3 uint8, the caller's own: `rgb` where alpha is 1, an estimate where it is less. Where it is 0 any colour.
    """
    height, width = alpha.shape
    scale = min(1.0, REDUCED / min(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    foreground = rgb.copy()
    covered = np.asarray(averaged(alpha, size), np.float32)
    mixed = (covered > SURE) & (covered < 1 - SURE)
    if not mixed.any():
        return foreground
    # Samples of four pixels, not means of all: those would be mixtures where the frame has none. One alone is noisier.
    sampled = cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_RGB2RGBA)
    opacity = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), np.float32)
    person, room = (_mean(np.asarray(sampled, np.uint8), weight) for weight in (opacity, 1 - opacity))
    for part in marked_runs(mixed, alpha.shape, TILE):
        inside, behind = (enlarged(mean, part, alpha.shape) for mean in (person, room))
        foreground[part] = _unmix(rgb[part], alpha[part], inside, behind)
    return foreground


def _mean(sampled: "NDArray[np.uint8]", weight: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The mean colour about each pixel of an RGBA picture, opaque all over, of those that count.

    Returns:
        hxwx4 float32, the last channel of no use (four are quicker).
    """
    for _ in range(SQUARINGS):
        weight = weight * weight
    # The fourth channel counts, in parts of 255.
    weighted = np.asarray(cv2.multiply(sampled, cv2.merge((weight,) * 4), dtype=cv2.CV_32F), np.float32)
    height, width = weight.shape
    halved = cv2.resize(weighted, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    near, far = (_window(np.asarray(halved, np.float32), reach) for reach in WIDER)
    # Where no window holds anything, all of the picture.
    far = np.asarray(cv2.add(far, LEAST * np.array(cv2.mean(sampled))), np.float32)
    wider = cv2.resize(cv2.scaleAdd(far, FAINT, near), (width, height), interpolation=cv2.INTER_LINEAR)
    total = cv2.scaleAdd(wider, FAINT, _window(weighted, NEAREST))
    count = cv2.extractChannel(total, 3)
    return np.asarray(cv2.divide(total, cv2.cvtColor(count, cv2.COLOR_GRAY2RGBA), scale=255), np.float32)


def _window(weighted: "NDArray[np.float32]", reach: int) -> "NDArray[np.float32]":
    """The mean over a window about each pixel."""
    return np.asarray(cv2.blur(weighted, (2 * reach + 1, 2 * reach + 1)), np.float32)


def _unmix(
    rgb: "NDArray[np.uint8]", alpha: "NDArray[np.float32]", inside: "NDArray[np.float32]", behind: "NDArray[np.float32]"
) -> "NDArray[np.uint8]":
    """One part of the frame: mean colours, and what it has beyond their mixture, as far as it is the person's."""
    weight = np.asarray(cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGBA), np.float32)  # merging takes twice as long
    beyond = cv2.subtract(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), behind, dtype=cv2.CV_32F)
    beyond = cv2.multiply(weight, cv2.subtract(beyond, cv2.multiply(weight, cv2.subtract(inside, behind))))
    found = cv2.add(inside, beyond, dtype=cv2.CV_8U)
    return np.asarray(cv2.cvtColor(found, cv2.COLOR_RGBA2RGB), np.uint8)
