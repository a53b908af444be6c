"""Supervisely's export: `meta.json`, and `DATASET/img/NAME` with `DATASET/ann/NAME.json`.

The people of a photograph are its alpha: objects whose class has person, people or human in its name, polygons and
bitmaps alike; neutral ones with holes cut out. The split is the data set's name, or by tenths.
"""

import json
from pathlib import Path
from typing import Any

from humanseg.errors import HumansegError
from humanseg_train.data.outlines import Outlines
from humanseg_train.data.records import PEOPLE_WORDS, PICTURES, SPLITS, Fault, Sample, Scan, every_tenth


def recognises(root: Path) -> bool:
    """Whether the folder has the two."""
    return (root / "meta.json").is_file() and any(root.glob("*/ann"))


def scan(root: Path) -> Scan:
    """Every photograph of every data set in the project.

    Raises:
        HumansegError: an annotation is none.
    """
    samples: list[Sample] = []
    faults: list[Fault] = []
    for folder in sorted(path.parent for path in root.glob("*/ann")):
        own = folder.name.lower() if folder.name.lower() in SPLITS else None
        images = sorted(path for path in (folder / "img").iterdir() if path.suffix.lower() in PICTURES)
        for index, image in enumerate(images):
            name, split = f"{folder.name}/{image.stem}", own or every_tenth(index)
            annotation = folder / "ann" / f"{image.name}.json"
            if not annotation.is_file():
                text = f"{name} has no annotation."
                faults.append(Fault(kind="missing-mask", name=name, where=annotation, text=text, split=split))
                continue
            outlines = _outlines(annotation)
            samples.append(
                Sample(name=name, image=image, mask=annotation, split=split, outlines=outlines, source=folder.name)
            )
    return Scan(samples=tuple(samples), faults=tuple(faults))


def _outlines(file: Path) -> Outlines:
    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        people = [one for one in content["objects"] if any(word in one["classTitle"].lower() for word in PEOPLE_WORDS)]
        return Outlines.of_supervisely(people, (content["size"]["width"], content["size"]["height"]))
    except (ValueError, KeyError, TypeError) as error:
        raise HumansegError(f"{file} is no annotation of Supervisely: {error}.", "Export the project again.") from error
