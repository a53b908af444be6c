"""The samples of a data set, whatever its layout on disk.

Two layouts are read:

- `people.csv` (columns name, split, webcam_like, source) beside `images/NAME.*` and `masks/NAME.*`;
- `Training_Images/N.jpg` beside `Ground_Truth/N.png`, as the 290-image Human Segmentation Dataset is published. It has
  no split of its own: every tenth photograph in the order of N is `val`, the others are `train`.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from humanseg.errors import HumansegError

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One photograph, where its alpha is, and what the data set says of it."""

    name: str
    image: Path
    mask: Path
    split: str
    """`train`, `val` or `test`."""

    webcam_like: bool = False
    """One person whose alpha reaches the bottom edge."""

    source: str = ""
    """Where the data set got it from."""


def find_samples(root: Path, split: str | None = None) -> list[Sample]:
    """All samples of a data set in a stable order, or those of one split.

    Raises:
        HumansegError: the folder has no known layout, or a listed picture is missing.
    """
    if (root / "people.csv").is_file():
        samples = _from_csv(root)
    elif (root / "Training_Images").is_dir():
        samples = _from_folders(root)
    else:
        raise HumansegError(
            f"{root} is no data set.",
            "It needs people.csv with images/ and masks/, or Training_Images/ with Ground_Truth/.",
        )
    chosen = [sample for sample in samples if split in (None, sample.split)]
    if not chosen:
        known = ", ".join(sorted({sample.split for sample in samples})) or "none"
        raise HumansegError(f"{root} has no samples in the split {split}.", f"Its splits are: {known}.")
    return chosen


def find_rooms(root: Path) -> list[Path]:
    """The pictures without people in a folder or in its `images/`, in a stable order.

    Raises:
        HumansegError: there are none.
    """
    folder = root / "images" if (root / "images").is_dir() else root
    rooms = sorted(_by_stem(folder).values())
    if not rooms:
        raise HumansegError(f"There are no pictures of rooms in {folder}.", "Give the folder that has them.")
    return rooms


def _from_csv(root: Path) -> list[Sample]:
    images, masks = _by_stem(root / "images"), _by_stem(root / "masks")
    samples, missing = [], []
    with (root / "people.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name = row["name"]
            if name not in images or name not in masks:
                missing.append(name)
                continue
            samples.append(
                Sample(
                    name=name,
                    image=images[name],
                    mask=masks[name],
                    split=row.get("split") or "train",
                    webcam_like=row.get("webcam_like") == "1",
                    source=row.get("source") or "",
                )
            )
    if missing:
        raise HumansegError(
            f"{root / 'people.csv'} lists {len(missing)} samples without an image or a mask: {', '.join(missing[:5])}.",
            "Unpack every part of the data set into the same folder, or take those rows out.",
        )
    return samples


def _from_folders(root: Path) -> list[Sample]:
    images, masks = _by_stem(root / "Training_Images"), _by_stem(root / "Ground_Truth")
    alone = sorted(images.keys() ^ masks.keys())
    if alone:
        raise HumansegError(
            f"{root} has {len(alone)} photographs or masks without the other: {', '.join(alone[:5])}.",
            "Complete the pairs, or remove these files.",
        )
    names = sorted(images, key=lambda name: (len(name), name))
    return [
        Sample(name=name, image=images[name], mask=masks[name], split="train" if k % 10 else "val", source=root.name)
        for k, name in enumerate(names)
    ]


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise HumansegError(f"The folder {folder} is missing.", "Unpack the data set there.")
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES}
