"""COCO: `annotations/*.json` (or one JSON in the folder itself), the photographs anywhere below.

The people of a photograph are its alpha: the union of all annotations of the category `person`, crowds too. Photographs
without people are samples without anybody. The split is in the file's name (`instances_val2017.json`), or by tenths.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from humanseg.errors import HumansegError
from humanseg_train.data.outlines import Outlines
from humanseg_train.data.records import PICTURES, SPLITS, Fault, Sample, Scan, every_tenth


def recognises(root: Path) -> bool:
    """Whether there is such a file; its content is looked at in `scan`."""
    return bool(_files(root))


def scan(root: Path) -> Scan:
    """Every photograph that is listed.

    Raises:
        HumansegError: a file is not COCO's, or has no category `person`.
    """
    photographs = {path.name: path for path in sorted(root.rglob("*")) if path.suffix.lower() in PICTURES}
    samples: list[Sample] = []
    faults: list[Fault] = []
    for file in _files(root):
        content = _read(file)
        people = {entry["id"] for entry in content["categories"] if entry["name"].lower() == "person"}
        if not people:
            raise HumansegError(f"{file} has no category person.", "Give annotations of people.")
        drawn: dict[Any, list[Any]] = defaultdict(list)
        for annotation in content["annotations"]:
            if annotation["category_id"] in people:
                drawn[annotation["image_id"]].append(annotation["segmentation"])
        named = next((split for split in SPLITS if split in file.stem.lower()), None)
        for index, entry in enumerate(sorted(content["images"], key=lambda one: one["file_name"])):
            base = Path(entry["file_name"]).name
            name, split = Path(base).stem, named or every_tenth(index)
            path = root / entry["file_name"]
            image = path if path.is_file() else photographs.get(base)
            if image is None:
                text = f"{name} has no image."
                faults.append(Fault(kind="missing-image", name=name, where=path, text=text, split=split))
                continue
            outlines = Outlines.of_coco(drawn[entry["id"]], (entry["width"], entry["height"]))
            samples.append(Sample(name=name, image=image, mask=file, split=split, outlines=outlines))
    return Scan(samples=tuple(samples), faults=tuple(faults))


def _files(root: Path) -> list[Path]:
    folder = root / "annotations"
    if folder.is_dir():
        return sorted(folder.glob("instances*.json")) or sorted(folder.glob("*.json"))
    return [path for name in ("annotations.json", "_annotations.coco.json") if (path := root / name).is_file()]


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
        for part in ("images", "annotations", "categories"):
            content[part][:0]
    except (ValueError, KeyError, TypeError) as error:
        raise HumansegError(
            f"{file} is no COCO file: {error}.", "It needs images, annotations and categories."
        ) from error
    return dict(content)
