"""Backgrounds that need no room: colour fields, lights out of focus, hills in mist, sunlight on a wall.

Each function gives a picture as HxWx3 float32 of sRGB, 0..1. `gallery.py` writes them.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]

WIDTH, HEIGHT = 1920, 1080


def colours(*names: str) -> Array:
    """Hexadecimal colours as Nx3, 0..1."""
    return np.array([[int(name[at : at + 2], 16) for at in (0, 2, 4)] for name in names], np.float32) / 255


def plane() -> tuple[Array, Array]:
    """The place of every pixel: x from 0 to 16/9, y from 0 (above) to 1."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32) / HEIGHT
    return x, y


def noise(seed: int, scale: float, octaves: int = 4, aspect: float = 1.0) -> Array:
    """Smooth chance, HxW around 0 with a spread of about 1: lumps of `scale` of the height, and finer ones."""
    chance = np.random.default_rng(seed)
    total = np.zeros((HEIGHT, WIDTH), np.float32)
    for octave in range(octaves):
        lump = max(2.0, scale * HEIGHT / 2**octave)
        grid = (int(HEIGHT / lump) + 4, int(WIDTH / (lump * aspect)) + 4)
        field = cv2.resize(chance.standard_normal(grid, np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        total += field / 2**octave
    return np.asarray(total / total.std(), np.float32)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, and smooth between."""
    t = ((value - low) / (high - low)).clip(0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def field(spots: ArrayLike, tones: Array, seed: int, reach: float = 0.55) -> Array:
    """Colours that flow into one another: each spot (x, y) gives its tone to what is near."""
    x, y = plane()
    bend_x, bend_y = noise(seed, 0.9, 2) * 0.07, noise(seed + 1, 0.9, 2) * 0.07
    total, weights = np.zeros((HEIGHT, WIDTH, 3), np.float32), np.full((HEIGHT, WIDTH, 1), 1e-6, np.float32)
    for (cx, cy), tone in zip(np.asarray(spots, np.float32), tones, strict=True):
        weight = np.exp(-((x + bend_x - cx) ** 2 + (y + bend_y - cy) ** 2) / (2 * reach**2 / 4))[..., None]
        total += weight * tone**2.2
        weights += weight
    return np.asarray((total / weights) ** (1 / 2.2), np.float32)


def dawn() -> Array:
    """Peach, rose and lavender."""
    tones = colours("f6d9c3", "efb9a6", "c9a3c4", "8f93c8", "f3e6da", "a9b7dc")
    return field([(0.2, 0.95), (0.75, 0.8), (1.2, 0.45), (1.65, 0.1), (0.1, 0.3), (0.8, 0.05)], tones, 3)


def lagoon() -> Array:
    """Deep teal and ink blue."""
    tones = colours("0f2a3d", "13505f", "2a8a8c", "17344f", "0c1c2c", "5fb3a8")
    return field([(0.15, 0.1), (0.6, 0.55), (1.1, 0.9), (1.6, 0.2), (1.75, 0.9), (0.1, 1.0)], tones, 9, 0.6)


def hills() -> Array:
    """Seven ridges in morning mist, the sun just up."""
    x, y = plane()
    sky = (1 - y[..., None]) * colours("b9cfe0")[0] + y[..., None] * colours("ffe3c2")[0]
    sun = np.exp(-((x - 1.22) ** 2 + (y - 0.4) ** 2) / 0.06)[..., None]
    out = sky + sun * (colours("fff3dc")[0] - sky) * 0.9
    disc = smoothstep(0.048, 0.044, np.hypot(x - 1.22, y - 0.4))[..., None]
    out = out + disc * (1 - out) * 0.85
    chance = np.random.default_rng(21)
    for level in range(7):
        far = 1 - level / 6
        ridge = np.zeros(WIDTH, np.float32)
        for wave in range(9):
            length = 1.5 / 1.75**wave
            ridge += (
                np.sin(x[0] * 2 * np.pi / length + chance.uniform(0, 6.3)) * length * 0.062 * chance.uniform(0.5, 1.1)
            )
        top = 0.44 + 0.085 * level - ridge * (0.55 + 0.11 * level)
        edge = 0.0018 + 0.001 * far
        cover = smoothstep(-edge, edge, y - top[None])[..., None]
        tone = far * colours("c6cfd6")[0] + (1 - far) * colours("1f3a40")[0]
        warm = np.exp(-((x - 1.22) ** 2) / 0.35)[..., None] * far
        tone = tone + warm * (colours("ffd9b0")[0] - tone) * 0.55
        mist = smoothstep(0.0, 0.2, y - top[None])[..., None] * (0.35 + 0.4 * far)
        shade = tone + mist * (colours("f0e6dc")[0] * (0.45 + 0.55 * far) - tone) * (0.2 + 0.8 * far)
        out = out + cover * (shade - out)
    return np.asarray(out, np.float32)


def lights() -> Array:
    """A street at night, far out of focus."""
    x, y = plane()
    base = colours("0a0f1c")[0] + (colours("1d2137")[0] - colours("0a0f1c")[0]) * y[..., None]
    glow = np.exp(-((x - 0.95) ** 2 / 0.5 + (y - 0.62) ** 2 / 0.04))[..., None]
    light = (base + glow * colours("5a3218")[0]) ** 2.2
    chance = np.random.default_rng(5)
    tones = colours("ffb45e", "ff8f3c", "ffd9a0", "ff5a4a", "fff0d8", "7fb4ff", "59d3c8") ** 2.2
    share = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.06, 0.04])
    for number in range(190):
        depth = chance.beta(1.3, 2.2)
        radius = 0.014 + 0.062 * depth
        cx, cy = chance.uniform(-0.05, 1.83), 0.58 + chance.normal(0, 0.07 + 0.2 * depth)
        strength = chance.uniform(0.3, 1.0) * (0.75 - 0.5 * depth) * (0.4 if number % 3 else 1.3)
        left, top = int((cx - radius * 1.2) * HEIGHT), int((cy - radius * 1.2) * HEIGHT)
        right, bottom = int((cx + radius * 1.2) * HEIGHT), int((cy + radius * 1.2) * HEIGHT)
        part = (slice(max(0, top), max(0, bottom)), slice(max(0, left), max(0, right)))
        far = np.hypot(x[part] - cx, y[part] - cy) / radius
        # A lens gives discs with a brighter rim.
        disc = smoothstep(1.03, 0.97, far) * (0.72 + 0.28 * far**4)
        light[part] += disc[..., None] * tones[chance.choice(7, p=share)] * strength
    light = light * 1.4
    light = cv2.GaussianBlur(light, (0, 0), 2.2)
    light = 0.9 * light + 0.1 * cv2.GaussianBlur(light, (0, 0), 70)
    return np.asarray((light / (1 + light * 0.35)).clip(0, 1) ** (1 / 2.2), np.float32)


def paper() -> Array:
    """Sheets of cut paper, one over the other, in blue and sand."""
    x, y = plane()
    tones = colours("f2ece2", "e6d8c3", "d9c0a3", "b9c4c4", "86a3ad", "557f92", "335f78", "1f4359")
    out = np.broadcast_to(tones[0], (HEIGHT, WIDTH, 3)).astype(np.float32)
    chance = np.random.default_rng(31)
    grain = 1 + 0.005 * noise(77, 0.006, 2)[..., None]
    for level, tone in enumerate(tones[1:]):
        wave = sum(
            chance.uniform(0.6, 1)
            * length
            * 0.075
            * np.sin((x + 0.25 * y) * 2 * np.pi / length + chance.uniform(0, 6.3))
            for length in (1.9, 1.1, 0.62)
        )
        edge = y - (0.2 + 0.118 * level) - wave
        sheet = smoothstep(-0.0012, 0.0012, np.asarray(edge))
        shadow = cv2.GaussianBlur(np.roll(sheet, (-9, -5), (0, 1)), (0, 0), 13) * 0.42
        shadow = np.maximum(shadow, cv2.GaussianBlur(np.roll(sheet, (-3, -2), (0, 1)), (0, 0), 4) * 0.3)
        out *= 1 - shadow[..., None] * colours("c8b8a0")[0]
        lit = tone * (1.04 - 0.12 * smoothstep(0, 0.5, np.asarray(edge)))[..., None] * grain
        out = out + sheet[..., None] * (lit - out)
    return out


def _leaf(leaves: Array, root: Array, heading: float, length: float) -> None:
    """Draw one leaf from its root (x, y) on into an HxW picture."""
    along = np.linspace(0, 1, 24)
    across = 0.17 * np.sin(np.pi * along**0.8) * length
    spine = root + np.outer(along * length, [np.cos(heading), np.sin(heading)])
    aside = np.outer(across, [-np.sin(heading), np.cos(heading)])
    outline = np.concatenate([spine + aside, (spine - aside)[::-1]]) * HEIGHT * 16
    cv2.fillPoly(leaves, [np.rint(outline).astype(np.int32)], 1.0, cv2.LINE_8, 4)


def sunlight() -> Array:
    """Late sun through a window onto a plaster wall, with the shadow of a plant."""
    x, y = plane()
    plaster = 1 + 0.012 * noise(41, 0.05, 5) + 0.008 * noise(43, 0.5, 3)
    wall = colours("d8c3ae")[0] ** 2.2 * plaster[..., None]
    sky = wall * np.array([0.34, 0.345, 0.37], np.float32) * (0.8 + 0.22 * (1 - x / 1.78))[..., None]
    # In the slanted frame of the light that falls.
    u, v = x - 0.24 - 0.2 * (y - 0.5), y - 0.5 + 0.22 * (x - 0.9)
    panes = np.zeros((HEIGHT, WIDTH), np.float32)
    for row in range(2):
        for column in range(3):
            inside = np.maximum(np.abs(u - 0.5 * column) - 0.232, np.abs(v + 0.33 - 0.56 * row) - 0.262)
            panes += smoothstep(0.004, -0.004, inside)
    leaves = np.zeros((HEIGHT, WIDTH), np.float32)
    chance = np.random.default_rng(12)
    for root, aim, reach in (
        ((1.8, 0.95), 3.75, 0.85),
        ((1.85, 0.5), 3.35, 0.7),
        ((1.6, 1.12), 4.3, 0.75),
        ((-0.1, 1.0), 5.5, 0.6),
    ):
        place, heading = np.array(root), aim
        for step in range(int(reach / 0.055)):
            place = place + 0.055 * np.array([np.cos(heading), np.sin(heading)])
            heading += chance.normal(0, 0.06) + 0.012 * (step - 6) * np.sign(np.cos(aim))
            size = 0.17 * chance.uniform(0.75, 1.15) * (1.1 - 0.5 * step * 0.055 / reach)
            for side in (-1, 1):
                _leaf(leaves, place, heading + side * chance.uniform(0.45, 1.0), size * chance.uniform(0.8, 1.1))
    near = cv2.GaussianBlur(leaves, (0, 0), 6)
    far = cv2.GaussianBlur(np.roll(leaves, (60, -170), (0, 1)), (0, 0), 20)
    light = cv2.GaussianBlur(panes, (0, 0), 7) * (1 - 0.8 * near) * (1 - 0.55 * far)
    sun = (
        wall
        * np.array([1.35, 1.14, 0.86], np.float32)
        * light[..., None]
        * (0.72 + 0.28 * smoothstep(1.6, 0.2, x))[..., None]
    )
    bounce = cv2.GaussianBlur(sun, (0, 0), 160) * 0.16
    picture = sky + sun + bounce
    picture = cv2.GaussianBlur(picture, (0, 0), 1.6)
    return np.asarray((picture / (1 + 0.28 * picture)).clip(0, 1) ** (1 / 2.2), np.float32)


FLAT = {
    "dawn": dawn,
    "lagoon": lagoon,
    "misty-hills": hills,
    "night-lights": lights,
    "paper": paper,
    "sunlight": sunlight,
}
"""By the name in the gallery."""
