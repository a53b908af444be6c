"""Cut the person of the demo out of a public-domain portrait.

The portrait is `skimage.data.astronaut()`: Eileen Collins, photographed by NASA, in the public domain. This script
makes `assets/humanseg_assets/demo/person.png` from it. It needs scikit-image and scipy, which the package itself
does not:

    pip install scikit-image scipy
    python assets/render/portrait.py

Four steps: an outline drawn by hand becomes a trimap; closed-form matting (Levin, Lischinski and Weiss, "A closed-form
solution to natural image matting", 2008) finds the alpha inside its unknown band; fast multi-level foreground
estimation (Forte, 2021) takes the old background out of the rim; the colours are fitted to the light of the demo room.
"""

from pathlib import Path

import cv2
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import skimage.data
from numpy.typing import NDArray

TARGET = Path(__file__).parents[1] / "humanseg_assets" / "demo" / "person.png"

WIDTH, HEIGHT = 392, 342
"""The part of the portrait that is kept, from its upper left corner: below it the helmet on her lap begins."""

SHARP, CLOTH, HAIR, WISPS = 0.0, 2.5, 4.0, 8.0
"""How far, in pixels on either side, the outline may be from the truth. SHARP: both sides look alike, so the
outline itself is taken for the truth."""

OUTLINE: list[tuple[float, list[tuple[float, float]]]] = [
    # Drawn by hand at six to ten times magnification, clockwise from the lower left, as (x, y) pixels of the portrait.
    # Her right arm and shoulder, before the flag.
    (CLOTH, [(24.5, 370), (25.5, 344), (27.5, 338), (30, 331), (33, 319), (36, 310), (39, 303), (40, 294), (43, 286)]),
    (CLOTH, [(45.8, 279), (50, 272), (53, 268), (56, 262), (62, 251), (69, 243), (75, 237.5), (82, 232), (90, 226.5)]),
    (CLOTH, [(97, 220), (104, 214), (109, 207), (112.5, 205)]),
    # The latches of the neck ring, then its upper edge.
    (
        SHARP,
        [(113, 202), (113.8, 199), (115.5, 197), (114.3, 195), (113.3, 190.5), (113, 187.5), (114.5, 186), (118, 186)],
    ),
    (SHARP, [(119.2, 183.5), (121.8, 179), (124.6, 175), (126.6, 171), (129, 167), (132, 163.2), (136, 159.6)]),
    (SHARP, [(140, 156.9), (144, 154.4)]),
    (CLOTH, [(152, 150.6), (160, 148.8), (168, 148.2), (176, 148.2), (183.5, 148.8)]),
    # Neck, jaw and ear.
    (CLOTH, [(182.8, 140), (182.3, 131.5), (179, 132), (174.5, 127.5), (171, 119.5)]),
    # Hair, from ear to ear; single strands stand off on the upper left.
    (HAIR, [(166, 115), (158.5, 106), (155, 97), (153.2, 80), (153.5, 66), (156.5, 57), (162, 51), (170.5, 44.5)]),
    (WISPS, [(180, 38.5), (189, 34), (191.5, 29.5), (198, 24.5), (207, 20)]),
    (
        HAIR,
        [(216, 19), (224, 16.5), (232, 15.5), (240, 16.5), (247, 18.5), (257, 22), (266, 26), (274, 30.5), (282.5, 36)],
    ),
    (HAIR, [(288, 42), (292.5, 50), (296, 58), (297.2, 66), (299.5, 74), (301.4, 82), (301.5, 90), (299.5, 98)]),
    (HAIR, [(296, 107), (289.5, 117), (282.5, 125)]),
    # Ear, neck, ring.
    (
        CLOTH,
        [(277.5, 131.5), (271, 136.7), (267, 136.8), (265.5, 145), (263, 151.5), (258, 160), (256, 168), (255, 173.5)],
    ),
    (
        CLOTH,
        [(264, 179), (272, 184.5), (281, 193.5), (290, 203), (297, 213.5), (301.3, 223), (303.5, 230), (304.2, 233.5)],
    ),
    # Her left shoulder and arm; the sleeve is closed downwards where the helmet would cover it.
    (
        CLOTH,
        [(309, 238), (318, 243), (326.5, 249), (335, 254.7), (340.8, 262), (344.5, 270), (347.5, 278.5), (349, 283)],
    ),
    (SHARP, [(351.5, 285), (353, 289), (354.8, 295), (356.6, 304), (357.3, 312), (357.6, 318), (358.7, 323)]),
    (SHARP, [(360.6, 328), (363, 331.5), (360.8, 333), (360.6, 338), (361, 342), (362, 370)]),
]


def trimap() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How much of each pixel lies inside the outline, HEIGHTxWIDTH in 0..1, and where that is not to be trusted."""
    scale = 8
    points = np.array([point for _, run in OUTLINE for point in run])
    bands = np.array([band for band, run in OUTLINE for _ in run])
    fixed = np.round(points * scale).astype(np.int32)
    inside = np.zeros((HEIGHT * scale, WIDTH * scale), np.uint8)
    cv2.fillPoly(inside, [fixed], 255)
    soft = cv2.GaussianBlur(inside, (0, 0), 0.5 * scale)  # as the lens is
    near = np.zeros_like(inside)
    for start, end, band in zip(fixed[:-1], fixed[1:], bands[1:], strict=True):
        if band:
            cv2.line(near, start.tolist(), end.tolist(), 255, round(2 * band * scale))
    share, unknown = (cv2.resize(plane, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for plane in (soft, near))
    return np.asarray(share, np.float64) / 255, unknown > 127


def closed_form_alpha(
    colour: NDArray[np.float64], known: NDArray[np.float64], unknown: NDArray[np.bool_], epsilon: float = 1e-5
) -> NDArray[np.float64]:
    """The alpha that is a linear function of the colour in every 3x3 window, as nearly as the known pixels allow.

    Args:
        colour: HxWx3 in 0..1.
        known: HxW alpha in 0..1, held where it is known.
        unknown: HxW, where it is to be found.
        epsilon: how much a window's linear function is held flat; larger is smoother.

    Returns:
        HxW float64 in 0..1.
    """
    height, width = known.shape
    # Only windows that touch the unknown band say anything about it.
    touched = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    index = np.arange(height * width).reshape(height, width)
    windows = np.lib.stride_tricks.sliding_window_view(index, (3, 3))[touched].reshape(-1, 9)
    values = colour.reshape(-1, 3)[windows]
    centred = values - values.mean(axis=1, keepdims=True)
    covariance = np.einsum("nki,nkj->nij", centred, centred) / 9
    inverse = np.linalg.inv(covariance + epsilon / 9 * np.eye(3))
    affinity = (1 + np.einsum("nki,nij,nlj->nkl", centred, inverse, centred)) / 9
    rows = np.repeat(windows, 9, axis=1).ravel()
    columns = np.tile(windows, (1, 9)).ravel()
    weights = scipy.sparse.csr_matrix((affinity.ravel(), (rows, columns)), shape=(index.size, index.size))
    laplacian = scipy.sparse.diags_array(np.asarray(weights.sum(axis=1)).ravel()) - weights
    free = np.flatnonzero(unknown.ravel())
    held = np.flatnonzero(~unknown.ravel())
    alpha = known.flatten()
    system = laplacian.tocsr()[free]
    alpha[free] = scipy.sparse.linalg.spsolve(system[:, free].tocsc(), -system[:, held] @ alpha[held])
    return alpha.reshape(height, width).clip(0, 1)


def foreground(colour: NDArray[np.float64], alpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """The person's own colour without the old background, HxWx3 in 0..1, carried a little beyond the rim too."""
    front, back = colour.copy(), colour.copy()
    opacity = alpha[..., None]
    for radius in (41, 15, 7, 5, 3, 3):
        kernel = (radius, radius)

        def spread(
            values: NDArray[np.float64], weight: NDArray[np.float64], kernel: tuple[int, int] = kernel
        ) -> NDArray[np.float64]:
            total = cv2.blur(weight, kernel)[..., None]
            return np.asarray(cv2.blur(values * weight[..., None], kernel) / (total + 1e-5))

        smooth_front, smooth_back = spread(front, alpha), spread(back, 1 - alpha)
        rest = colour - opacity * smooth_front - (1 - opacity) * smooth_back
        front = (smooth_front + opacity * rest).clip(0, 1)
        back = (smooth_back + (1 - opacity) * rest).clip(0, 1)
    return front


def tint_hair(own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the strands at the upper left the colour of the hair beside them; the grey backdrop shines through them."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    near = np.exp(-((((x - 182) / 11) ** 2 + ((y - 41) / 8) ** 2) ** 2))[..., None]
    beside = own[20:60, 205:260].mean(axis=(0, 1))
    brightness = own.mean(axis=2, keepdims=True)
    return np.asarray(own + near * (beside * (brightness / beside.mean()) ** 1.2 * 0.72 - own))


def in_the_room(own: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colours under the room's softer and warmer light, not a studio's flash."""
    grey = own.mean(axis=2, keepdims=True)
    return np.asarray((grey + 0.9 * (own - grey)) * (0.97, 0.955, 0.93) + 0.015)


def main() -> None:
    """Write the person with alpha."""
    portrait = skimage.data.astronaut()[:HEIGHT, :WIDTH]
    colour = portrait / 255.0
    alpha = closed_form_alpha(colour, *trimap())
    own = in_the_room(tint_hair(foreground(colour, alpha))).clip(0, 1)
    pixels = np.dstack([own[..., ::-1], alpha])
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(TARGET), np.round(pixels * 255).astype(np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
