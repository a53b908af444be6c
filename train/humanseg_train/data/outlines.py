"""People drawn by annotations: polygons, run lengths and small bitmaps, kept as they are until an alpha is wanted."""

import base64
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_PNG = b"\x89PNG"
"""How PNG files begin."""


@dataclass(frozen=True)
class Polygon:
    """Points inside which somebody is; `holes` are cut out of it."""

    points: tuple[float, ...]
    """x and y by turns, in pixels."""

    holes: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Runs:
    """Lengths of runs of nobody and somebody by turns, down the columns; as text in COCO's compressed form."""

    counts: str | tuple[int, ...]


@dataclass(frozen=True)
class Bitmap:
    """A small PNG in base64, deflated or not, and the place (x, y) of its corner."""

    data: str
    corner: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Outlines:
    """Everybody in one photograph."""

    size: tuple[int, int]
    """(width, height) in pixels."""

    parts: tuple[Polygon | Runs | Bitmap, ...]

    @classmethod
    def of_coco(cls, segmentations: Sequence[Any], size: tuple[int, int]) -> "Outlines":
        """From the `segmentation` of each person: lists of polygons, or run lengths."""
        parts: list[Polygon | Runs | Bitmap] = []
        for one in segmentations:
            if isinstance(one, Mapping):
                counts = one["counts"]
                parts.append(Runs(counts if isinstance(counts, str) else tuple(counts)))
            else:
                parts += [Polygon(tuple(polygon)) for polygon in one]
        return cls(size=size, parts=tuple(parts))

    @classmethod
    def of_supervisely(cls, objects: Sequence[Mapping[str, Any]], size: tuple[int, int]) -> "Outlines":
        """From the objects that are people."""
        parts: list[Polygon | Runs | Bitmap] = []
        for one in objects:
            if one.get("bitmap"):
                x, y = one["bitmap"]["origin"]
                parts.append(Bitmap(one["bitmap"]["data"], (int(x), int(y))))
            elif one.get("points"):
                holes = tuple(_flat(hole) for hole in one["points"].get("interior", ()))
                parts.append(Polygon(_flat(one["points"]["exterior"]), holes))
        return cls(size=size, parts=tuple(parts))

    def alpha(self) -> NDArray[np.uint8]:
        """HxW, 255 where anybody is and 0 elsewhere.

        Raises:
            ValueError: the runs or a bitmap are damaged.
        """
        width, height = self.size
        alpha = np.zeros((height, width), np.uint8)
        for part in self.parts:
            if isinstance(part, Polygon):
                drawn = np.zeros_like(alpha)
                cv2.fillPoly(drawn, [_points(part.points)], 255)
                if part.holes:
                    cv2.fillPoly(drawn, [_points(hole) for hole in part.holes], 0)
                alpha |= drawn
            elif isinstance(part, Runs):
                alpha |= _spread(part.counts, self.size)
            else:
                _stamp(alpha, part)
        return alpha


def _flat(points: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(value for point in points for value in point)


def _points(flat: Sequence[float]) -> NDArray[np.int32]:
    return np.rint(np.array(flat, np.float64).reshape(-1, 2)).astype(np.int32)


def _spread(counts: str | Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    runs = list(_decode(counts)) if isinstance(counts, str) else list(counts)
    values = np.repeat(np.arange(len(runs)) % 2 * 255, runs).astype(np.uint8)
    return values.reshape(size).T


def _decode(text: str) -> Iterator[int]:
    """COCO's compressed runs: six bits a character, low ones first; from the third on, the change since two before."""
    runs: list[int] = []
    value, shift = 0, 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:  # a negative number
            value |= -1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value, shift = 0, 0
    yield from runs


def _stamp(alpha: NDArray[np.uint8], bitmap: Bitmap) -> None:
    packed = base64.b64decode(bitmap.data)
    try:
        packed = packed if packed.startswith(_PNG) else zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError(f"a bitmap is damaged: {error}") from error
    picture = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError("a bitmap is no picture")
    lit = picture[..., -1] if picture.ndim == 3 else picture
    x, y = bitmap.corner
    part = alpha[y : y + lit.shape[0], x : x + lit.shape[1]]
    part[lit[: part.shape[0], : part.shape[1]] > 0] = 255
