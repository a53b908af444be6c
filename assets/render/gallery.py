"""Make the gallery: `assets/humanseg_assets/backgrounds/*.webp`, wholly by code, without a photograph.

To run:
python assets/render/gallery.py                      # all of it: about half an hour on one core
python assets/render/gallery.py library study        # these two rooms have no picture in the gallery yet
python assets/render/gallery.py --quick /tmp dusk    # small and noisy, into another folder, to try a change
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from develop import photograph
from rooms import ROOMS, Room
from scenery import FLAT
from tracer import Array, floats, render

TARGET = Path(__file__).parents[1] / "humanseg_assets" / "backgrounds"

HALF_WIDTH = 0.62
"""Tangent of half the horizontal angle of view: about 64 degrees, a usual webcam."""

GRAIN = 0.7
"""Standard deviation, in levels of 255: what keeps a slow change of colour from showing steps."""


def traced(room: Room, *, quick: bool) -> Array:
    """A room as HxWx3 float32 of sRGB, 0..255."""
    size, scale, passes = ((640, 360), 1, 5) if quick else ((1920, 1080), 2, 26)
    width, height = size[0] // scale, size[1] // scale

    def rays(jitter: np.random.Generator) -> Array:
        y, x = np.mgrid[:height, :width] + jitter.random((2, height, width))
        out = np.dstack([x / width * 2 - 1, (1 - y / height * 2) * height / width, np.full_like(x, 1 / HALF_WIDTH)])
        return np.asarray(out / np.linalg.norm(out, axis=2, keepdims=True), np.float32)

    light = render(room.scene(), rays, floats(room.eye), passes)
    light = cv2.GaussianBlur(light, (0, 0), room.blur * width)
    return photograph(light, size, room.exposure)


def write(picture: Array, path: Path, quality: int) -> None:
    """Save it with a little grain. Args: picture: HxWx3, 0..255."""
    chance = np.random.default_rng(1)
    grain = chance.standard_normal((*picture.shape[:2], 1), np.float32) * GRAIN
    rgb = np.rint(picture + grain).clip(0, 255).astype(np.uint8)
    cv2.imwrite(str(path), rgb[..., ::-1], [cv2.IMWRITE_WEBP_QUALITY, quality])


def main() -> None:
    """Write what is asked for."""
    words = sys.argv[1:]
    quick = bool(words) and words[0] == "--quick"
    target = Path(words[1]) if quick else TARGET
    names = words[2:] if quick else words
    target.mkdir(parents=True, exist_ok=True)
    for name in names or [*FLAT, *ROOMS]:
        picture = FLAT[name]() * 255 if name in FLAT else traced(ROOMS[name], quick=quick)
        # A slow change of colour needs the higher quality, or its grain is lost and steps are seen.
        write(picture, target / f"{name}.webp", 97 if name in FLAT else 88)


if __name__ == "__main__":
    main()
