"""The samples of a data set, whatever its layout on disk.

Two layouts are read:

- `people.csv` (columns name, split, webcam_like, source, group; all but name may be absent) beside `images/NAME.*` and
  `masks/NAME.*`;
- `Training_Images/N.jpg` beside `Ground_Truth/N.png`, as the 290-image Human Segmentation Dataset is published. It has
  no split of its own: every tenth photograph in the order of N is `val`, the others are `train`.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from humanseg.errors import HumansegError

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
SPLITS = ("train", "val", "test")
MISSING = ("missing-image", "missing-mask")


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

    group: str = ""
    """What it belongs to and must not be parted from: a video, a session, a person."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something of a data set that is not as its layout asks."""

    kind: str
    """`missing-image`, `missing-mask`, `unknown-split` or `repeated-row`."""

    name: str
    """The sample's name."""

    where: Path
    """The file that should be there, or the list that has the row."""

    text: str
    """What is wrong, as a sentence."""

    split: str = ""
    """The split that the row gives."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What a data set's folder holds: samples whose two files are there, and the faults of all others."""

    samples: tuple[Sample, ...]
    faults: tuple[Fault, ...]


def scan(root: Path) -> Scan:
    """Everything in a data set, in a stable order, with every fault of its layout; no picture is opened.

    Raises:
        HumansegError: the folder has no known layout.
    """
    if (root / "people.csv").is_file():
        return _scan_csv(root)
    if (root / "Training_Images").is_dir():
        return _scan_folders(root)
    raise HumansegError(
        f"{root} is no data set.",
        "It needs people.csv with images/ and masks/, or Training_Images/ with Ground_Truth/.",
    )


def find_samples(root: Path, split: str | None = None) -> list[Sample]:
    """All samples of a data set in a stable order, or those of one split.

    Raises:
        HumansegError: the folder has no known layout, or a listed picture is missing.
    """
    found = scan(root)
    missing = list(dict.fromkeys(fault.name for fault in found.faults if fault.kind in MISSING))
    if missing and (root / "people.csv").is_file():
        raise HumansegError(
            f"{root / 'people.csv'} lists {len(missing)} samples without an image or a mask: {', '.join(missing[:5])}.",
            "Unpack every part of the data set into the same folder, or take those rows out.",
        )
    if missing:
        raise HumansegError(
            f"{root} has {len(missing)} photographs or masks without the other: {', '.join(missing[:5])}.",
            "Complete the pairs, or remove these files.",
        )
    chosen = [sample for sample in found.samples if split in (None, sample.split)]
    if not chosen:
        known = ", ".join(sorted({sample.split for sample in found.samples})) or "none"
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


def _scan_csv(root: Path) -> Scan:
    images, masks = _by_stem(root / "images"), _by_stem(root / "masks")
    samples, faults = [], []
    rows: dict[str, list[str]] = {}
    table = root / "people.csv"
    with table.open(newline="") as file:
        reader = csv.DictReader(file)
        if "name" not in (reader.fieldnames or ()):
            raise HumansegError(f"{table} has no column name.", "Its first row names the columns: name, split.")
        for row in reader:
            name, split = row["name"], row.get("split") or "train"
            if split not in SPLITS:
                faults.append(_fault("unknown-split", name, table, f"{name} is in the split {split}.", split))
            if name in rows:
                text = f"{name} is listed again: {', '.join([*rows[name], split])}."
                faults.append(_fault("repeated-row", name, table, text, split))
            rows.setdefault(name, []).append(split)
            lost = _lost(name, images, masks, root / "images", root / "masks", split)
            faults += lost
            if not lost:
                samples.append(
                    Sample(
                        name=name,
                        image=images[name],
                        mask=masks[name],
                        split=split,
                        webcam_like=row.get("webcam_like") == "1",
                        source=row.get("source") or "",
                        group=row.get("group") or "",
                    )
                )
    return Scan(samples=tuple(samples), faults=tuple(faults))


def _scan_folders(root: Path) -> Scan:
    folders = root / "Training_Images", root / "Ground_Truth"
    images, masks = _by_stem(folders[0]), _by_stem(folders[1])
    alone = sorted(images.keys() ^ masks.keys())
    names = sorted(images.keys() & masks.keys(), key=lambda name: (len(name), name))
    return Scan(
        samples=tuple(
            Sample(
                name=name, image=images[name], mask=masks[name], split="train" if k % 10 else "val", source=root.name
            )
            for k, name in enumerate(names)
        ),
        faults=tuple(fault for name in alone for fault in _lost(name, images, masks, *folders)),
    )


def _lost(
    name: str, images: dict[str, Path], masks: dict[str, Path], image_folder: Path, mask_folder: Path, split: str = ""
) -> list[Fault]:
    """One fault for each of a sample's two files that is not there."""
    found = []
    if name not in images:
        found.append(_fault("missing-image", name, image_folder / name, f"{name} has no image.", split))
    if name not in masks:
        found.append(_fault("missing-mask", name, mask_folder / name, f"{name} has no mask.", split))
    return found


def _fault(kind: str, name: str, where: Path, text: str, split: str) -> Fault:
    return Fault(kind=kind, name=name, where=where, text=text, split=split)


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise HumansegError(f"The folder {folder} is missing.", "Unpack the data set there.")
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES}
