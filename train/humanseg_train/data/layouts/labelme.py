"""LabelMe: beside each photograph a `NAME.json`, in the folder itself, or in its `train/`, `val/` and `test/`.

The people of a photograph are its alpha: shapes whose label has person, people or human in it, be they polygons,
rectangles, circles or masks; lines and points enclose nothing and are left out. A photograph without a JSON is one that
nobody has labelled. The split is the folder's name, or by tenths.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from humanseg.errors import HumansegError
from humanseg_train.data.outlines import Bitmap, Outlines, Polygon
from humanseg_train.data.records import PEOPLE_WORDS, PICTURES, SPLITS, Fault, Sample, Scan, every_tenth

_CORNERS = 64
"""Of the polygon that a circle becomes."""


def recognises(root: Path) -> bool:
    """Whether a JSON lies beside a photograph of its name."""
    return any(_photograph(file) for folder in _folders(root) for file in folder.glob("*.json"))


def scan(root: Path) -> Scan:
    """Every photograph that has a JSON, and every one that should.

    Raises:
        HumansegError: a JSON is none of LabelMe's.
    """
    samples: list[Sample] = []
    faults: list[Fault] = []
    for folder in _folders(root):
        own = folder.name if folder != root else None
        photographs = [path for path in folder.iterdir() if path.suffix.lower() in PICTURES]
        names = sorted({path.stem for path in photographs} | {path.stem for path in folder.glob("*.json")})
        for index, base in enumerate(names):
            split, file = own or every_tenth(index), folder / f"{base}.json"
            name = f"{own}/{base}" if own else base
            if not file.is_file():
                text = f"{name} has no annotation."
                faults.append(Fault(kind="missing-mask", name=name, where=file, text=text, split=split))
                continue
            content = _read(file)
            image = _photograph(file, content.get("imagePath"))
            if image is None:
                where, text = folder / base, f"{name} has no image."
                faults.append(Fault(kind="missing-image", name=name, where=where, text=text, split=split))
                continue
            outlines = _outlines(file, content)
            samples.append(
                Sample(name=name, image=image, mask=file, split=split, outlines=outlines, source=folder.name)
            )
    return Scan(samples=tuple(samples), faults=tuple(faults))


def _folders(root: Path) -> list[Path]:
    splits = [root / split for split in SPLITS if any((root / split).glob("*.json"))]
    return splits or [root]


def _photograph(file: Path, said: str | None = None) -> Path | None:
    """The photograph of a JSON: the one that it names, or the one beside it; None if neither is there."""
    named = [file.parent / PureWindowsPath(said).as_posix()] if said else []  # Windows writes backslashes
    beside = [file.with_suffix(ending) for lower in PICTURES for ending in (lower, lower.upper())]
    return next((path for path in [*named, *beside] if path.is_file()), None)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
        content["shapes"][:0]
    except (ValueError, KeyError, TypeError) as error:
        raise HumansegError(f"{file} is no annotation of LabelMe: {error}.", "Save it again, or remove it.") from error
    return dict(content)


def _outlines(file: Path, content: Mapping[str, Any]) -> Outlines:
    try:
        people = [one for one in content["shapes"] if any(word in one["label"].lower() for word in PEOPLE_WORDS)]
        parts = tuple(part for one in people for part in _parts(one))
        return Outlines(size=(int(content["imageWidth"]), int(content["imageHeight"])), parts=parts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HumansegError(f"{file} is no annotation of LabelMe: {error}.", "Save it again, or remove it.") from error


def _parts(shape: Mapping[str, Any]) -> Iterator[Polygon | Bitmap]:
    points = [(float(x), float(y)) for x, y in shape["points"]]
    match shape.get("shape_type") or "polygon":
        case "polygon":
            yield Polygon(tuple(value for point in points for value in point))
        case "rectangle":
            (left, top), (right, bottom) = points
            yield Polygon((left, top, right, top, right, bottom, left, bottom))
        case "circle":
            (x, y), rim = points
            radius, turn = math.dist((x, y), rim), 2 * math.pi / _CORNERS
            corners = ((x + radius * math.cos(k * turn), y + radius * math.sin(k * turn)) for k in range(_CORNERS))
            yield Polygon(tuple(value for corner in corners for value in corner))
        case "mask":
            yield Bitmap(shape["mask"], (round(points[0][0]), round(points[0][1])))
