"""The furniture of the demo room: shapes, a bookcase with what stands on it, and plants."""

import numpy as np
from numpy.typing import ArrayLike
from paint import CLAY, DARK, OAK, WHITE, plain, spine, wood
from tracer import Array, Paint, Shape, floats


def shape(
    kind: str,
    centre: ArrayLike,
    half: ArrayLike,
    paint: Paint,
    *,
    turn: Array | None = None,
    shine: float = 0,
) -> Shape:
    """A shape of half extents `half`, turned by a 3x3 rotation if one is given."""
    axes = np.diag(floats(half)) @ (np.eye(3, dtype=np.float32) if turn is None else turn)
    return Shape(kind, floats(centre), axes.astype(np.float32), paint, np.full(3, shine, np.float32))


def box(lower: ArrayLike, upper: ArrayLike, paint: Paint, shine: float = 0) -> Shape:
    """An upright box between two corners."""
    a, b = floats(lower), floats(upper)
    return shape("box", (a + b) / 2, (b - a) / 2, paint, shine=shine)


def rotation(yaw: float, pitch: float = 0, roll: float = 0) -> Array:
    """Rows are the turned axes; angles in radians, about y, then x, then z."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(t), np.sin(t)) for t in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y, np.float32)


def shelf(chance: np.random.Generator) -> list[list[Shape]]:
    """A bookcase, and one group for the things on each of its boards."""
    left, right, back, front, boards = 1.0, 2.14, 3.4, 3.08, (0.06, 0.44, 0.83, 1.22, 1.6, 1.98)
    case = [box((x, 0, front), (x + 0.03, 2.01, back), wood(OAK, 1, x)) for x in (left - 0.03, right)]
    case += [box((left, y - 0.015, front), (right, y + 0.015, back), wood(OAK, 0, y)) for y in boards]
    case.append(box((left, 0, back - 0.015), (right, 2.0, back), wood(floats(OAK) * 0.8, 0, 5.0)))
    cloth = floats(
        [
            (0.35, 0.07, 0.05),
            (0.06, 0.12, 0.22),
            (0.08, 0.17, 0.12),
            (0.55, 0.42, 0.2),
            (0.6, 0.57, 0.5),
            (0.1, 0.1, 0.11),
            (0.16, 0.28, 0.34),
            (0.5, 0.22, 0.08),
            (0.3, 0.12, 0.16),
            (0.68, 0.63, 0.55),
        ]
    )
    spans = {
        0.06: [(1.02, 2.1)],
        0.44: [(1.02, 2.1)],
        0.83: [(1.02, 1.6)],
        1.22: [(1.38, 2.1)],
        1.6: [(1.02, 1.52), (1.9, 2.1)],
    }
    groups = [case]
    for board, runs in spans.items():
        books = []
        for start, end in runs:
            x = start
            while x < end - 0.05:
                thick, tall, deep = chance.uniform(0.018, 0.05), chance.uniform(0.19, 0.3), chance.uniform(0.14, 0.2)
                colour = cloth[chance.integers(len(cloth))] * chance.uniform(0.75, 1.15)
                band = (0.6, 0.5, 0.28) if colour.mean() < 0.3 else (0.15, 0.12, 0.1)
                paint = spine(colour, band, (0.62, -0.7, 0.75)[: 2 + int(chance.random() < 0.4)])
                lean = 0.16 if chance.random() < 0.07 else chance.normal(0, 0.006)
                thick_across = thick + abs(lean) * tall
                middle = (
                    x + thick_across / 2,
                    board + 0.016 + tall / 2,
                    front + 0.03 + deep / 2 + chance.uniform(0, 0.025),
                )
                books.append(shape("box", middle, (thick / 2, tall / 2, deep / 2), paint, turn=rotation(0, 0, lean)))
                x += thick_across + 0.002
        groups.append(books)
    groups.append(
        [
            shape("ball", (1.78, 0.965, 3.2), (0.11, 0.11, 0.11), plain((0.14, 0.26, 0.3))),
            shape("drum", (1.78, 0.85, 3.2), (0.06, 0.012, 0.06), plain(DARK)),
            box((1.95, 0.845, 3.14), (2.1, 0.94, 3.34), plain((0.55, 0.5, 0.42))),
            shape("drum", (1.16, 1.32, 3.2), (0.06, 0.085, 0.06), plain((0.62, 0.6, 0.56))),
            shape("ball", (1.7, 1.7, 3.22), (0.07, 0.085, 0.07), plain(CLAY)),
            shape("drum", (1.7, 1.8, 3.22), (0.028, 0.03, 0.028), plain(CLAY)),
            box((1.2, 1.996, 3.12), (1.62, 2.1, 3.34), plain((0.5, 0.44, 0.36))),
        ]
    )
    groups.append(plant(chance, (1.16, 1.4, 3.2), 26, 0.2, 0.07, droop=1.1))
    groups.append(plant(chance, (1.88, 2.08, 3.22), 30, 0.24, 0.075, droop=1.2))
    groups[-1].append(shape("drum", (1.88, 2.05, 3.22), (0.075, 0.055, 0.075), plain(WHITE)))
    return groups


def plant(
    chance: np.random.Generator, root: ArrayLike, leaves: int, reach: float, size: float, droop: float
) -> list[Shape]:
    """Leaves on short stalks around a root: pale above where they are young, hanging the more the further out."""
    parts = []
    for number in range(leaves):
        yaw, out = 2.4 * number + chance.normal(0, 0.3), np.sqrt((number + 0.5) / leaves)
        rise = reach * (0.9 - droop * out * out) + chance.normal(0, 0.1 * reach)
        place = floats(root) + floats([np.sin(yaw) * out * reach, max(rise, -0.1), np.cos(yaw) * out * reach * 0.6])
        pitch = 0.9 * droop * out - 0.5 + chance.normal(0, 0.25)
        green = floats([0.1, 0.22, 0.06]) * chance.uniform(0.7, 1.5) + floats([0.05, 0.04, 0]) * (1 - out)
        half = (size * 0.45, size * 0.06, size * chance.uniform(0.8, 1.15))
        parts.append(shape("ball", place, half, plain(green), turn=rotation(yaw, -pitch, chance.normal(0, 0.3))))
    return parts


def tree(chance: np.random.Generator) -> list[list[Shape]]:
    """A rubber plant in a clay pot on a stool, beside the window."""
    x, z = -0.66, 3.05
    stems = [
        shape("drum", (x + dx, 1.1, z), (0.011, 0.55, 0.011), plain((0.2, 0.14, 0.08)), turn=rotation(0, 0, -dx * 2))
        for dx in (-0.05, 0.04)
    ]
    pot = [
        shape("drum", (x, 0.52, z), (0.15, 0.14, 0.15), plain(CLAY)),
        shape("drum", (x, 0.66, z), (0.165, 0.025, 0.165), plain(CLAY)),
        shape("drum", (x, 0.36, z), (0.2, 0.02, 0.2), wood(OAK, 0, 2.0)),
    ]
    crown = []
    for number in range(46):
        yaw, level = 2.4 * number + chance.normal(0, 0.2), number / 45
        reach = 0.13 + 0.17 * np.sin(np.pi * (0.25 + 0.7 * level))
        place = (x + np.sin(yaw) * reach, 0.92 + 0.85 * level + chance.normal(0, 0.02), z + np.cos(yaw) * reach * 0.8)
        green = floats([0.07, 0.16, 0.06]) * chance.uniform(0.8, 1.5) + floats([0.03, 0.05, 0.01]) * level
        half = (0.062, 0.006, 0.125 * chance.uniform(0.8, 1.15))
        crown.append(
            shape(
                "ball",
                place,
                half,
                plain(green),
                turn=rotation(yaw, 0.7 - 1.2 * level + chance.normal(0, 0.25), chance.normal(0, 0.25)),
            )
        )
    return [stems + pot, crown]
