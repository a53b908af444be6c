"""The alpha of the frame before, made up for a photograph that has none.

What the network gets when it runs is its own last alpha: of a person who has moved a little, with a part missing or too
much, or of another scene after a cut, or nothing at the start. It is trained with all of these, so that it uses what
helps, needs none of it, and never holds on to what is gone. (The idea of training a video network on photographs with
a transformed true mask is that of Tkachenka et al. 2019, "Real-time Hair Segmentation and Recoloring on Mobile GPUs".)
"""

import cv2
import numpy as np
from numpy.typing import NDArray

ABSENT, NEAR = 0.35, 0.5
"""Shares of samples with no alpha before, and with one of the same person; the rest has one of another scene."""


def previous_alpha(alpha: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """HxW uint8, the true alpha -> HxW uint8, what may have been computed one frame earlier."""
    kind = random.random()
    if kind < ABSENT:
        return np.zeros_like(alpha)
    if kind < ABSENT + NEAR:
        near = _moved(alpha, random, shift=0.03, turn=3.0, scale=0.04)
        near = _softened(_bent(near, random), random)
        if random.random() < 0.5:
            near = _damaged(near, random)
        return near
    far = _moved(alpha[:, ::-1] if random.random() < 0.5 else alpha, random, shift=0.4, turn=15.0, scale=0.4)
    return _damaged(_softened(far, random), random)


def _moved(
    alpha: NDArray[np.uint8], random: np.random.Generator, *, shift: float, turn: float, scale: float
) -> NDArray[np.uint8]:
    """Shifted by up to a share of the width, turned by degrees, scaled about the centre."""
    height, width = alpha.shape
    matrix = cv2.getRotationMatrix2D(
        (width / 2, height / 2), random.uniform(-turn, turn), 1 + random.uniform(-scale, scale)
    )
    matrix[:, 2] += random.uniform(-shift, shift, 2) * width
    # What the frame's edge cuts goes on beyond it.
    return np.asarray(
        cv2.warpAffine(np.ascontiguousarray(alpha), matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    )


def _bent(alpha: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Parts of the outline moved by a few pixels, each in its own direction, as limbs do."""
    height, width = alpha.shape
    reach = width * random.uniform(0, 0.025)
    coarse = random.normal(0, reach, (5, 5, 2)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(alpha, x + field[..., 0], y + field[..., 1], cv2.INTER_LINEAR))


def _softened(alpha: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Wider or narrower by up to two pixels, soft at the edge, and not quite sure of itself."""
    size = int(random.integers(-2, 3))
    if size:
        grow = cv2.dilate if size > 0 else cv2.erode
        alpha = np.asarray(grow(alpha, np.ones((2 * abs(size) + 1,) * 2, np.uint8)))
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), random.uniform(0.3, 2.0)))
    sure = random.uniform(0.85, 1.0)
    return np.asarray(cv2.convertScaleAbs(alpha, alpha=sure, beta=random.uniform(0, 6)))


def _damaged(alpha: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """With ellipses missing or added: a lost arm, a chair taken for a shoulder."""
    height, width = alpha.shape
    damaged = alpha.copy()
    for _ in range(int(random.integers(1, 4))):
        centre = int(random.integers(0, width)), int(random.integers(0, height))
        axes = int(random.uniform(0.03, 0.2) * width), int(random.uniform(0.03, 0.2) * height)
        value = int(random.choice([0, 0, 128, 255]))
        cv2.ellipse(damaged, centre, axes, random.uniform(0, 180), 0, 360, value, -1)
    return np.asarray(cv2.GaussianBlur(damaged, (0, 0), 1.0))
