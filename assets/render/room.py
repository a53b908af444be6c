"""Render the room of the demo: a bright home office, as a webcam would see it.

This script makes `assets/humanseg_assets/demo/room.webp`, wholly by code: no photograph, no texture file. It needs what
the package needs and nothing else, and takes some minutes:

    python assets/render/room.py                     # 1920x1080, as shipped
    python assets/render/room.py --quick look.png    # a small noisy one, to try a change

Metres; x to the right, y up, z away from the camera, which stands at the desk and looks at the wall 3.4 m away.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from develop import photograph
from furniture import box, rotation, shape, shelf, tree
from numpy.typing import ArrayLike
from paint import DARK, OAK, WALL, WHITE, forms, garden, hills, plain, plaster, wood
from tracer import Array, Light, Scene, Shape, floats, render

TARGET = Path(__file__).parents[1] / "humanseg_assets" / "demo" / "room.webp"

EYE = floats([0, 1.25, 0])
HALF_WIDTH = 0.62
"""Tangent of half the horizontal angle of view: about 64 degrees, a usual webcam."""

EXPOSURE = 2.6

DAYLIGHT, DUSK, WARM = floats([0.86, 0.95, 1.08]), floats([1.0, 0.95, 0.88]), floats([1.0, 0.62, 0.3])


def shell() -> list[Shape]:
    """Floor, ceiling and walls; the back wall leaves the window open."""
    wall, left, right, low, high = plaster(WALL), -1.86, -0.94, 0.92, 2.24
    return [
        box((-2.5, -0.1, -2), (2.6, 0, 3.6), wood(OAK, 0, 1.0)),
        box((-2.5, 2.7, -2), (2.6, 2.8, 3.6), plain(WHITE)),
        box((-2.5, 0, -2), (-2.3, 2.7, 3.6), wall),
        box((2.4, 0, -2), (2.6, 2.7, 3.6), wall),
        box((-2.5, 0, -2.1), (2.6, 2.7, -2), plain(WALL)),
        box((-2.5, 0, 3.4), (left, 2.7, 3.6), wall),
        box((right, 0, 3.4), (2.6, 2.7, 3.6), wall),
        box((left, 0, 3.4), (right, low, 3.6), wall),
        box((left, high, 3.4), (right, 2.7, 3.6), wall),
        box((-2.3, 0, 3.38), (2.4, 0.1, 3.4), plain(WHITE)),
        box((-3.4, 0.2, 4.2), (0.4, 3.0, 4.25), garden, shine=0.8),
    ]


def window() -> list[Shape]:
    """Frame, bars, sill, and a linen curtain drawn to each side."""
    white = plain(WHITE)
    parts = [
        box((-1.9, 0.86, 3.3), (-0.9, 0.92, 3.5), white),
        box((-1.9, 2.2, 3.42), (-0.9, 2.26, 3.5), white),
        box((-1.88, 0.92, 3.42), (-1.81, 2.24, 3.5), white),
        box((-0.99, 0.92, 3.42), (-0.92, 2.24, 3.5), white),
        box((-1.425, 0.92, 3.43), (-1.375, 2.24, 3.49), white),
        box((-1.86, 1.76, 3.44), (-0.94, 1.79, 3.48), white),
        shape("drum", (-1.4, 2.36, 3.3), (0.012, 0.72, 0.012), plain(DARK), turn=rotation(0, 0, np.pi / 2)),
    ]
    linen = plain((0.74, 0.71, 0.65))
    for start in (-2.1, -1.02):
        for fold in range(9):
            x, deep = start + 0.034 * fold, 3.31 + 0.02 * np.sin(2.4 * fold + start)
            parts.append(shape("drum", (x, 1.2, deep), (0.024, 1.14, 0.03 + 0.006 * np.sin(fold * 1.7)), linen))
    return parts


def things() -> list[list[Shape]]:
    """Prints on the wall and a floor lamp with a paper shade."""
    prints = []
    for (x, y), (w, h), art in (((-0.12, 1.83), (0.2, 0.26), forms), ((0.4, 1.76), (0.26, 0.33), hills)):
        prints.append(shape("box", (x, y, 3.385), (w + 0.02, h + 0.02, 0.014), plain((0.1, 0.075, 0.05))))
        prints.append(shape("box", (x, y, 3.375), (w, h, 0.008), art))
    lamp = [
        shape("drum", (0.82, 0.75, 3.12), (0.011, 0.75, 0.011), plain(DARK)),
        shape("drum", (0.82, 0.02, 3.12), (0.14, 0.015, 0.14), plain(DARK)),
        shape(
            "drum",
            (0.82, 1.56, 3.12),
            (0.135, 0.13, 0.135),
            lambda own: WARM * (1.0 - 0.25 * own[:, 1:2] ** 2),
            shine=0.9,
        ),
    ]
    return [prints, lamp]


def lights() -> list[Light]:
    """Daylight from the window and from another one behind the camera, and the lamp's glow on the wall around it."""

    def panel(corner: ArrayLike, across: ArrayLike, up: ArrayLike, radiance: Array) -> Light:
        return Light(floats(corner), np.stack([floats(across), floats(up)]), radiance)

    return [
        panel((-1.8, 0.95, 3.6), (0.85, 0, 0), (0, 1.26, 0), DAYLIGHT * 15),
        panel((0.1, 0.9, -1.9), (-2.2, 0, 0), (0, 1.5, 0), DUSK * 3.4),
        panel((0.7, 1.71, 3.02), (0.24, 0, 0), (0, 0, 0.2), WARM * 9),
        panel((0.7, 1.41, 3.22), (0.24, 0, 0), (0, 0, -0.2), WARM * 7),
        panel((0.94, 1.45, 3.27), (-0.24, 0, 0), (0, 0.22, 0), WARM * 5),
    ]


def main() -> None:
    """Write the room."""
    quick = "--quick" in sys.argv
    size, scale, passes = ((640, 360), 1, 6) if quick else ((1920, 1080), 2, 40)
    chance = np.random.default_rng(11)
    scene = Scene([shell(), window(), *shelf(chance), *tree(chance), *things()], lights())
    width, height = size[0] // scale, size[1] // scale

    def rays(jitter: np.random.Generator) -> Array:
        y, x = np.mgrid[:height, :width] + jitter.random((2, height, width))
        out = np.dstack([x / width * 2 - 1, (1 - y / height * 2) * height / width, np.full_like(x, 1 / HALF_WIDTH)])
        return np.asarray(out / np.linalg.norm(out, axis=2, keepdims=True), np.float32)

    picture = photograph(render(scene, rays, EYE, passes), size, EXPOSURE)
    target = Path(sys.argv[-1]) if quick else TARGET
    cv2.imwrite(str(target), np.round(picture[..., ::-1]).astype(np.uint8), [cv2.IMWRITE_WEBP_QUALITY, 92])


if __name__ == "__main__":
    main()
