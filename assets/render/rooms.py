"""Rooms of the gallery, for the path tracer: a library, a window at dusk, a green study, a studio by day.

Metres; x to the right, y up, z away from the camera, which stands at the desk.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from furniture import box, plant, rotation, shape, shelf, tree
from numpy.typing import ArrayLike
from paint import CLAY, DARK, OAK, WHITE, forms, hills, plain, plaster, spine, wood
from tracer import Array, Light, Paint, Scene, Shape, floats

WARM, DAY, BLUE = floats([1.0, 0.62, 0.3]), floats([0.9, 0.96, 1.05]), floats([0.36, 0.5, 0.95])
WALNUT = (0.2, 0.11, 0.06)


@dataclass(frozen=True)
class Room:
    """A scene, and how it is looked at."""

    scene: Callable[[], Scene]
    eye: tuple[float, float, float]
    exposure: float
    blur: float
    """How far out of focus it is: standard deviation in parts of the width."""


def panel(corner: ArrayLike, across: ArrayLike, up: ArrayLike, radiance: Array) -> Light:
    """A light from a corner and two edges; its back is towards across x up."""
    return Light(floats(corner), np.stack([floats(across), floats(up)]), radiance)


def lamp(x: float, y: float, z: float, size: float = 0.13) -> tuple[list[Shape], list[Light]]:
    """A lamp with a paper shade at a place, and the light that falls from it up, down and towards the camera."""
    paper: Paint = lambda own: WARM * (1.0 - 0.25 * own[:, 1:2] ** 2)  # noqa: E731
    parts = [shape("drum", (x, y, z), (size, size * 0.95, size), paper, shine=1.0)]
    w = size * 1.7
    glow = [
        panel((x - w / 2, y + size + 0.01, z - w / 2), (w, 0, 0), (0, 0, w), WARM * 11),
        panel((x - w / 2, y - size - 0.01, z + w / 2), (w, 0, 0), (0, 0, -w), WARM * 9),
        panel((x - w / 2, y - w / 2, z - size - 0.01), (w, 0, 0), (0, w, 0), WARM * 3),
    ]
    return parts, glow


def walls(colour: ArrayLike, floor: ArrayLike = OAK, ceiling: ArrayLike = WHITE) -> list[Shape]:
    """A closed room of 5 by 5.6 by 2.7 m."""
    wall = plaster(colour)
    return [
        box((-2.5, -0.1, -2), (2.6, 0, 3.6), wood(floor, 0, 1.0)),
        box((-2.5, 2.7, -2), (2.6, 2.8, 3.6), plain(ceiling)),
        box((-2.6, 0, -2), (-2.4, 2.7, 3.6), wall),
        box((2.4, 0, -2), (2.6, 2.7, 3.6), wall),
        box((-2.5, 0, -2.1), (2.6, 2.7, -2), wall),
        box((-2.5, 0, 3.4), (2.6, 2.7, 3.6), wall),
        box((-2.4, 0, 3.38), (2.4, 0.1, 3.4), plain(floats(colour) * 0.8)),
    ]


def bookwall(chance: np.random.Generator, left: float, right: float, case: ArrayLike, bays: int) -> list[list[Shape]]:
    """A wall of books: bays between uprights, six boards, and here and there a pot or a gap."""
    back, front, boards = 3.4, 3.06, (0.08, 0.5, 0.92, 1.34, 1.76, 2.18, 2.58)
    width = (right - left) / bays
    frame = [
        box((left + n * width - 0.02, 0, front), (left + n * width + 0.02, 2.62, back), wood(case, 1, n))
        for n in range(bays + 1)
    ]
    frame += [box((left, y - 0.018, front), (right, y + 0.018, back), wood(case, 0, y)) for y in boards]
    frame.append(box((left, 0, back - 0.02), (right, 2.6, back), wood(floats(case) * 0.7, 0, 3.0)))
    cloth = floats([
        (0.30, 0.06, 0.05), (0.05, 0.10, 0.18), (0.07, 0.14, 0.10), (0.50, 0.38, 0.18), (0.55, 0.50, 0.42),
        (0.09, 0.09, 0.10), (0.14, 0.22, 0.27), (0.42, 0.18, 0.07), (0.26, 0.11, 0.13), (0.60, 0.54, 0.45),
        (0.20, 0.13, 0.08),
    ])  # fmt: skip
    groups = [frame]
    for bay in range(bays):
        for board in boards[:-1]:
            x, end, row = left + bay * width + 0.035, left + (bay + 1) * width - 0.035, []
            if chance.random() < 0.22:
                y = board + 0.02
                tone = (CLAY, (0.62, 0.6, 0.55), (0.12, 0.2, 0.22))[chance.integers(3)]
                row.append(shape("ball", (x + 0.09, y + 0.1, 3.22), (0.085, 0.1, 0.085), plain(tone)))
                row.append(shape("drum", (x + 0.09, y + 0.2, 3.22), (0.035, 0.03, 0.035), plain(tone)))
                x += 0.22
            stop = end - (chance.uniform(0.1, 0.25) if chance.random() < 0.3 else 0.0)
            shade = cloth[chance.integers(len(cloth))]
            while x < stop - 0.05:
                thick, tall, deep = chance.uniform(0.018, 0.05), chance.uniform(0.2, 0.33), chance.uniform(0.12, 0.16)
                if chance.random() < 0.6:
                    shade = cloth[chance.integers(len(cloth))]
                band = (0.6, 0.48, 0.25) if shade.mean() < 0.3 else (0.15, 0.12, 0.1)
                paint = spine(
                    shade * chance.uniform(0.8, 1.15), band, (0.62, -0.7, 0.75)[: 2 + int(chance.random() < 0.4)]
                )
                middle = (x + thick / 2, board + 0.019 + tall / 2, front + 0.05 + deep + chance.uniform(0, 0.02))
                row.append(shape("box", middle, (thick / 2 - 0.001, tall / 2, deep), paint))
                x += thick
            groups.append(row)
    return groups


def library() -> Scene:
    """Books from wall to wall, by lamplight and a little day."""
    chance = np.random.default_rng(4)
    parts, glow = lamp(-1.35, 1.42, 2.7, 0.15)
    stand = [shape("drum", (-1.35, 0.65, 2.7), (0.012, 0.65, 0.012), plain(DARK))]
    day = panel((0.9, 0.8, -1.9), (-2.2, 0, 0), (0, 1.6, 0), DAY * 2.2)
    return Scene(
        [walls((0.3, 0.27, 0.22), WALNUT), *bookwall(chance, -2.4, 2.4, WALNUT, 5), parts + stand], [*glow, day]
    )


def city(own: Array) -> Array:
    """Out of a window at dusk: the sky from orange to blue, and a town of dark blocks with a few lit windows."""
    x, y = own[:, 0:1], own[:, 1:2]
    height = ((y + 1) / 2).clip(0, 1)
    sky = floats([0.95, 0.5, 0.28]) * (1 - height) ** 2 + floats([0.1, 0.19, 0.42]) * (0.25 + 0.75 * height)
    out = sky
    for row, (count, tall, tone) in enumerate(((37, 0.75, (0.13, 0.14, 0.22)), (23, 0.52, (0.04, 0.05, 0.09)))):
        block = np.floor((x + 1) * count / 2)
        chance = np.abs(np.sin(block * 12.9898 + row * 78.2)) % 1
        roof = -1 + tall * (0.55 + 0.9 * chance)
        inside = y < roof
        u, v = ((x + 1) * count / 2) % 1, (y + 1) * 26 + row
        cell = np.abs(np.sin(np.floor(u * 5) * 3.7 + np.floor(v) * 7.3 + block * 5.1)) % 1
        lit = (cell > 0.83) & (np.abs(u * 5 % 1 - 0.5) < 0.3) & (np.abs(v % 1 - 0.5) < 0.28) & (u > 0.08) & (u < 0.92)
        out = np.where(inside, np.where(lit, floats([1.0, 0.62, 0.26]) * 0.9, floats(tone)), out)
    return floats(out)


def dusk() -> Scene:
    """A wide window over a town at dusk, a sill with plants, a lamp."""
    chance = np.random.default_rng(8)
    colour = (0.22, 0.23, 0.27)
    wall, left, right, low, high = plaster(colour), -1.95, 0.81, 0.95, 2.25
    shell = walls(colour, WALNUT, (0.4, 0.4, 0.42))[:5]
    shell += [
        box((-2.5, 0, 3.4), (left, 2.7, 3.6), wall),
        box((right, 0, 3.4), (2.6, 2.7, 3.6), wall),
        box((left, 0, 3.4), (right, low, 3.6), wall),
        box((left, high, 3.4), (right, 2.7, 3.6), wall),
        box((-4.6, 0.0, 5.0), (4.2, 3.6, 5.05), city, shine=0.75),
    ]
    bars = [
        box((x - 0.025, low, 3.44), (x + 0.025, high, 3.5), plain((0.16, 0.12, 0.09)))
        for x in (left, -1.03, -0.11, right)
    ]
    bars += [box((left, y - 0.025, 3.44), (right, y + 0.025, 3.5), plain((0.16, 0.12, 0.09))) for y in (low, high)]
    sill = [box((left - 0.1, low - 0.05, 3.18), (right + 0.1, low, 3.45), wood(WALNUT, 0, 2.0))]
    pots, parts = [], []
    for x, size in ((-1.55, 0.085), (0.5, 0.1)):
        pots.append(shape("drum", (x, low + size, 3.3), (size, size, size), plain(CLAY if x < 0 else WHITE)))
        parts.append(plant(chance, (x, low + 2.1 * size, 3.3), 26, 0.26, 0.085, droop=0.6))
    shade, glow = lamp(1.3, 1.5, 3.0, 0.16)
    foot = [shape("drum", (1.3, 0.67, 3.0), (0.013, 0.67, 0.013), plain(DARK))]
    sky = panel((-3.2, 0.4, 4.7), (5.4, 0, 0), (0, 3.0, 0), BLUE * 1.6)
    fill = panel((0.9, 1.0, -1.9), (-1.8, 0, 0), (0, 1.2, 0), WARM * 2.4)
    return Scene([shell, bars + sill, pots, *parts, shade + foot], [*glow, sky, fill])


def study() -> Scene:
    """A dark green wall with prints, a low board with things on it, a lamp."""
    chance = np.random.default_rng(15)
    board = [
        box((-1.5, 0.3, 2.98), (1.7, 0.8, 3.4), wood(OAK, 0, 4.0)),
        *(
            box((x, 0.33, 2.965), (x + 0.76, 0.77, 2.98), wood(floats(OAK) * 1.1, 0, x))
            for x in (-1.47, -0.68, 0.11, 0.9)
        ),
        *(shape("drum", (x, 0.15, 3.15), (0.02, 0.15, 0.02), plain(DARK)) for x in (-1.4, 1.6)),
    ]
    prints = []
    for (x, y), (w, h), art in (
        ((-0.95, 1.62), (0.27, 0.36), forms),
        ((-0.3, 1.55), (0.2, 0.27), hills),
        ((1.15, 1.62), (0.36, 0.27), hills),
    ):
        prints.append(shape("box", (x, y, 3.385), (w + 0.02, h + 0.02, 0.014), plain((0.5, 0.36, 0.2))))
        prints.append(shape("box", (x, y, 3.375), (w, h, 0.008), art))
    shade, glow = lamp(0.42, 1.33, 3.15, 0.14)
    foot = [
        shape("ball", (0.42, 0.89, 3.15), (0.08, 0.09, 0.08), plain((0.2, 0.24, 0.22))),
        shape("drum", (0.42, 1.05, 3.15), (0.012, 0.12, 0.012), plain(DARK)),
    ]
    things = [
        shape("ball", (-1.2, 0.9, 3.18), (0.1, 0.1, 0.1), plain(CLAY)),
        shape("drum", (-1.2, 1.0, 3.18), (0.04, 0.05, 0.04), plain(CLAY)),
        *(box((-0.72, 0.8 + 0.035 * n, 3.05 + 0.01 * n), (-0.4 - 0.02 * n, 0.833 + 0.035 * n, 3.28), plain(tone))
          for n, tone in enumerate(((0.5, 0.46, 0.4), (0.3, 0.1, 0.07), (0.1, 0.16, 0.22)))),
        shape("drum", (1.45, 0.9, 3.2), (0.1, 0.1, 0.1), plain(WHITE)),
    ]  # fmt: skip
    leaves = plant(chance, (1.45, 1.08, 3.2), 34, 0.34, 0.11, droop=0.7)
    day = panel((-1.9, 0.9, -1.2), (0, 0, 1.8), (0, 1.4, 0), DAY * 5)
    return Scene([walls((0.075, 0.125, 0.1)), board, prints, shade + foot, things, leaves], [*glow, day])


def studio() -> Scene:
    """A light room by day: a bookcase, a rubber plant, two prints on a warm white wall."""
    chance = np.random.default_rng(23)
    prints = []
    for (x, y), (w, h), art in (((-0.15, 1.7), (0.3, 0.4), hills), ((0.52, 1.7), (0.3, 0.4), forms)):
        prints.append(shape("box", (x, y, 3.385), (w + 0.018, h + 0.018, 0.014), plain((0.62, 0.48, 0.32))))
        prints.append(shape("box", (x, y, 3.375), (w, h, 0.008), art))
    slats = [
        shape("box", (-2.4 + 0.055 * n, 1.35, 3.385), (0.02, 1.35, 0.02), wood(OAK, 1, 0.7 * n), turn=rotation(0))
        for n in range(24)
    ]
    window = panel((2.35, 0.7, 0.2), (0, 0, 2.2), (0, 1.7, 0), DAY * 7)
    ahead = panel((1.4, 0.7, -1.9), (-2.8, 0, 0), (0, 1.7, 0), DAY * 3)
    return Scene([walls((0.66, 0.62, 0.56)), slats, prints, *shelf(chance), *tree(chance)], [window, ahead])


ROOMS = {
    "library": Room(library, (0, 1.3, 0.1), 3.4, 0.0022),
    "dusk": Room(dusk, (0, 1.3, 0.2), 3.4, 0.0018),
    "study": Room(study, (0.1, 1.2, 0.4), 4.2, 0.0018),
    "studio": Room(studio, (0.2, 1.25, 0.2), 3.0, 0.0018),
}
"""By the name in the gallery."""
