"""A small path tracer: boxes, balls and drums in daylight. `room.py` builds a room from them.

Everything is matt. A picture is made of three layers that are kept apart until the end: what shines by itself, the
colour of each surface, and the light that falls on it. Only the last one is noisy, so only that one is smoothed, and
the edges and textures stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from develop import smooth
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
"""Of float32, as everything here."""
Paint = Callable[[Array], Array]
"""Nx3 points of a shape's own space to Nx3 colours, each 0..1 and linear."""

NEAR = 1e-3
"""Metres from a surface within which a ray does not meet it again."""

BRIGHTEST = 12
"""No path brings more light than this, and no more than 1 after a bounce: a rare huge value would be a white dot."""


def floats(values: ArrayLike) -> Array:
    """The values as an array of float32."""
    return np.asarray(values, np.float32)


@dataclass(frozen=True, eq=False)
class Shape:
    """A box, ball or drum (a cylinder on end) that fills -1..1 of its own space, and its place in the world."""

    kind: str
    centre: Array
    """Metres: x to the right, y up, z away from the camera."""
    axes: Array
    """3x3, one row an axis: half the shape's extent along it, in metres."""
    paint: Paint
    shine: Array
    """Light it gives off, linear RGB; zero for most."""

    def interval(self, origin: Array, direction: Array) -> tuple[Array, Array]:
        """Where each ray enters and leaves, as multiples of its direction; it misses where the first is the larger."""
        towards = np.linalg.inv(self.axes)
        o, d = (origin - self.centre) @ towards, direction @ towards
        d = np.where(np.abs(d) < 1e-9, np.float32(1e-9), d)
        if self.kind == "box":
            return _slabs(o, d)
        if self.kind == "ball":
            return _round(o, d)
        enter, leave = _round(o[:, [0, 2]], d[:, [0, 2]])
        lower, upper = _slabs(o[:, 1:2], d[:, 1:2])
        return np.maximum(enter, lower), np.minimum(leave, upper)

    def surface(self, points: Array) -> tuple[Array, Array]:
        """Outward unit normals and colours at world points that lie on the shape, both Nx3."""
        towards = np.linalg.inv(self.axes)
        own = (points - self.centre) @ towards
        normal = own.copy()
        if self.kind == "box":
            normal = np.where(np.abs(own) >= np.abs(own).max(axis=1, keepdims=True) - 1e-6, np.sign(own), 0)
        elif self.kind == "drum":
            on_end = np.abs(own[:, 1]) > np.hypot(own[:, 0], own[:, 2])
            normal[:, 1] = 0
            normal[on_end] = np.sign(own[on_end]) * [0, 1, 0]
        normal = normal @ towards.T
        return normal / np.linalg.norm(normal, axis=1, keepdims=True), self.paint(own)

    def bounds(self) -> tuple[Array, Array]:
        """The lower and upper corner of a box around it in the world."""
        reach = np.abs(self.axes).sum(axis=0)
        return self.centre - reach, self.centre + reach


@dataclass(frozen=True, eq=False)
class Light:
    """A rectangle that lights what lies on one side of it, and is itself not seen (a shape that shines is).

    Its back is the side towards which the cross product of its two edges points.
    """

    corner: Array
    edges: Array
    radiance: Array


class Scene:
    """Groups of shapes (a shelf of books, a plant: rays that miss the whole group are dropped at once) and lights."""

    def __init__(self, groups: list[list[Shape]], lights: list[Light]) -> None:
        self.shapes = [shape for group in groups for shape in group]
        self.lights = lights
        self._groups = []
        first = 0
        for group in groups:
            corners = [shape.bounds() for shape in group]
            lower, upper = np.min([c[0] for c in corners], axis=0), np.max([c[1] for c in corners], axis=0)
            self._groups.append((first, group, (lower - NEAR).astype(np.float32), (upper + NEAR).astype(np.float32)))
            first += len(group)

    def hit(self, origin: Array, direction: Array, limit: float = 1e6) -> tuple[Array, NDArray[np.int32]]:
        """The distance to the nearest shape and its number (-1: none nearer than `limit`), along unit directions."""
        distance = np.full(len(origin), limit, np.float32)
        which = np.full(len(origin), -1, np.int32)
        for first, group, lower, upper in self._groups:
            enter, leave = _slabs(origin, np.where(np.abs(direction) < 1e-9, np.float32(1e-9), direction), lower, upper)
            some = np.flatnonzero((enter < leave) & (leave > NEAR) & (enter < distance))
            if not some.size:
                continue
            o, d, best, number = origin[some], direction[some], distance[some], which[some]
            for offset, shape in enumerate(group):
                enter, leave = shape.interval(o, d)
                reached = np.where(enter > NEAR, enter, leave)
                nearer = (enter < leave) & (reached > NEAR) & (reached < best)
                best[nearer] = reached[nearer]
                number[nearer] = first + offset
            distance[some], which[some] = best, number
        return distance, which

    def surface(self, points: Array, direction: Array, which: NDArray[np.int32]) -> tuple[Array, Array, Array]:
        """Normals that face the ray, colours and own light at the points that were hit, each Nx3."""
        normal, colour, shine = np.zeros((3, *points.shape), np.float32)
        for number in np.unique(which[which >= 0]):
            mine = which == number
            normal[mine], colour[mine] = self.shapes[number].surface(points[mine])
            shine[mine] = self.shapes[number].shine * colour[mine]
        facing = np.where((normal * direction).sum(axis=1, keepdims=True) > 0, np.float32(-1), np.float32(1))
        return normal * facing, colour, shine


def render(
    scene: Scene, rays: Callable[[np.random.Generator], Array], eye: Array, passes: int, bounces: int = 3
) -> Array:
    """The scene as HxWx3 linear light.

    Args:
        scene: what there is to see.
        rays: HxWx3 unit directions from the eye, differently jittered within each pixel at each call.
        eye: where the camera stands.
        passes: light paths for each pixel.
        bounces: how often light is followed from surface to surface.
    """
    chance = np.random.default_rng(7)
    height, width = rays(chance).shape[:2]
    glow, lit, albedo, normals, depth = (np.zeros((height * width, n), np.float32) for n in (3, 3, 3, 3, 1))
    for _ in range(passes):
        direction = rays(chance).reshape(-1, 3)
        origin = np.broadcast_to(eye, direction.shape).astype(np.float32)
        carried = np.ones_like(direction)
        arriving = np.zeros_like(direction)
        for bounce in range(bounces):
            distance, which = scene.hit(origin, direction)
            points = origin + direction * distance[:, None]
            normal, colour, shine = scene.surface(points, direction, which)
            if bounce == 0:
                first = colour * (shine.sum(axis=1, keepdims=True) == 0)
                glow += shine
                albedo += first
                normals += normal
                depth += distance[:, None]
            else:
                carried *= colour
            arriving += np.minimum(carried * _direct(scene, points, normal, chance), BRIGHTEST if bounce == 0 else 1)
            origin, direction = points + normal * NEAR, _scatter(normal, chance)
        lit += first * arriving
    shape = (height, width, -1)
    light = smooth(
        (lit / np.maximum(albedo, 1e-3 * passes)).reshape(shape),
        np.concatenate([normals * 4, albedo * 3, np.log(depth / passes) * 8 * passes], axis=1).reshape(shape) / passes,
    )
    return glow.reshape(shape) / passes + light * albedo.reshape(shape) / passes


def _direct(scene: Scene, points: Array, normal: Array, chance: np.random.Generator) -> Array:
    """Light that falls on each point straight from one light chosen at random, shadows included, over pi."""
    chosen = chance.integers(len(scene.lights), size=len(points))
    corner = np.array([light.corner for light in scene.lights], np.float32)[chosen]
    edges = np.array([light.edges for light in scene.lights], np.float32)[chosen]
    radiance = np.array([light.radiance for light in scene.lights], np.float32)[chosen]
    u, v = chance.random((2, len(points), 1), np.float32)
    across = np.cross(edges[:, 0], edges[:, 1])
    towards = corner + u * edges[:, 0] + v * edges[:, 1] - points
    distance = np.linalg.norm(towards, axis=1, keepdims=True)
    towards /= distance
    share = np.maximum((normal * towards).sum(axis=1, keepdims=True), 0)
    share *= np.maximum((across * towards).sum(axis=1, keepdims=True), 0)
    share *= len(scene.lights) / np.pi / np.maximum(distance, 0.05) ** 2
    seen = np.flatnonzero(share[:, 0] > 0)
    blocked, which = scene.hit((points + normal * NEAR)[seen], towards[seen])
    share[seen[(which >= 0) & (blocked < distance[seen, 0] - 0.01)]] = 0
    return floats(share * radiance)


def _scatter(normal: Array, chance: np.random.Generator) -> Array:
    """Directions as a matt surface sends light on: likelier the steeper."""
    ball = chance.normal(size=normal.shape).astype(np.float32)
    out = normal * np.float32(1.001) + ball / np.linalg.norm(ball, axis=1, keepdims=True)
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True), np.float32)


def _slabs(o: Array, d: Array, lower: Array | float = -1.0, upper: Array | float = 1.0) -> tuple[Array, Array]:
    """Where rays enter and leave the box between two corners."""
    a, b = (lower - o) / d, (upper - o) / d
    return np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)


def _round(o: Array, d: Array) -> tuple[Array, Array]:
    """Where rays enter and leave the unit circle or ball around the origin."""
    a, b, c = (d * d).sum(axis=1), (o * d).sum(axis=1), (o * o).sum(axis=1) - 1
    root = b * b - a * c
    reach = np.sqrt(np.maximum(root, 0))
    miss = root < 0
    return np.where(miss, np.float32(1), (-b - reach) / a), np.where(miss, np.float32(0), (-b + reach) / a)
