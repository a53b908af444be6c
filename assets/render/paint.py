"""What the things in the demo room are painted with: functions from a shape's own space to linear RGB, 0..1."""

import numpy as np
from numpy.typing import ArrayLike
from tracer import Array, Paint, floats

WALL, WHITE = (0.58, 0.57, 0.485), (0.8, 0.78, 0.74)
OAK, DARK, CLAY = (0.42, 0.25, 0.13), (0.03, 0.03, 0.035), (0.45, 0.2, 0.11)


def plain(colour: ArrayLike) -> Paint:
    """One colour all over."""
    return lambda own: np.broadcast_to(floats(colour), own.shape)


def plaster(colour: ArrayLike) -> Paint:
    """A wall: one colour, a little uneven."""

    def paint(own: Array) -> Array:
        x, y = own[:, 0] * 9, own[:, 1] * 7
        uneven = np.sin(x + 1.7 * np.sin(0.8 * y)) * np.sin(1.3 * y + np.sin(1.1 * x))
        return floats(colour) * (1 + 0.02 * uneven[:, None])

    return paint


def wood(colour: ArrayLike, along: int, seed: float) -> Paint:
    """Boards with grain that runs along one axis."""

    def paint(own: Array) -> Array:
        u, v = own[:, along] * 2 + seed, own[:, (along + 1) % 3] * 3 + own[:, (along + 2) % 3] * 5 + seed * 3
        rings = np.sin(9 * v + 2.5 * np.sin(1.5 * u + v)) + 0.6 * np.sin(31 * v + 3 * np.sin(2.3 * u))
        return floats(floats(colour) * (1 + 0.12 * rings[:, None]))

    return paint


def spine(colour: ArrayLike, band: ArrayLike, heights: tuple[float, ...]) -> Paint:
    """A book: cloth, with bands and a title block across its back, and paper at the top."""

    def paint(own: Array) -> Array:
        y = own[:, 1:2]
        out = np.broadcast_to(floats(colour), own.shape)
        for height in heights:
            out = np.where(np.abs(y - height) < 0.035, floats(band), out)
        title = (np.abs(y - heights[0] + 0.3) < 0.16) & (np.abs(own[:, 0:1]) < 0.45)
        out = np.where(title, floats(band) * 0.8, out)
        return np.where(y > 0.995, floats([0.7, 0.66, 0.55]), out)

    return paint


def hills(own: Array) -> Array:
    """A framed print: a pale sun over three rows of hills, with a white margin."""
    x, y = own[:, 0:1], own[:, 1:2]
    out = floats([0.86, 0.72, 0.55]) + floats([-0.1, 0.02, 0.12]) * (y + 0.2)
    out = np.where(np.hypot(x - 0.25, (y - 0.28) * 1.3) < 0.2, floats([0.85, 0.36, 0.16]), out)
    for level, wave, tone in (
        (0.02, 2.1, (0.42, 0.5, 0.48)),
        (-0.2, 3.4, (0.2, 0.33, 0.36)),
        (-0.42, 2.6, (0.06, 0.15, 0.2)),
    ):
        out = np.where(y < level + 0.13 * np.sin(wave * x + 5 * level), floats(tone), out)
    return np.where((np.abs(x) > 0.74) | (np.abs(y) > 0.78), floats([0.8, 0.79, 0.76]), out).astype(np.float32)


def forms(own: Array) -> Array:
    """A framed print: three simple shapes on paper."""
    x, y = own[:, 0:1], own[:, 1:2]
    out = np.broadcast_to(floats([0.78, 0.75, 0.68]), own.shape)
    out = np.where(np.hypot(x + 0.1, (y - 0.3) * 1.35) < 0.36, floats([0.1, 0.2, 0.3]), out)
    out = np.where((np.abs(x - 0.18) < 0.34) & (np.abs(y + 0.25) < 0.3), floats([0.7, 0.38, 0.12]), out)
    return np.where(np.hypot(x + 0.3, (y + 0.42) * 1.35) < 0.22, floats([0.4, 0.12, 0.09]), out).astype(np.float32)


def garden(own: Array) -> Array:
    """Out of the window: a bright sky over trees that are far out of focus."""
    x, y = own[:, 0:1], own[:, 1:2]
    crown = -0.25 + 0.16 * np.sin(3.1 * x + 0.7) + 0.07 * np.sin(9.3 * x)
    tree = 1 / (1 + np.exp((y - crown) * 9))
    dapple = 1 + 0.25 * np.sin(13 * x + 3 * y) * np.sin(11 * y - 2 * x)
    sky = floats([0.86, 0.95, 1.0]) * (0.95 - 0.07 * y)
    return floats(sky * (1 - tree) + floats([0.36, 0.47, 0.24]) * dapple * tree)
