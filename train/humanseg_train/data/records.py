"""The records of a data set: a photograph with its mask, and what is not as it should be."""

from dataclasses import dataclass
from pathlib import Path

from humanseg.errors import HumansegError
from humanseg_train.data.outlines import Outlines

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
SPLITS = ("train", "val", "test")

PEOPLE_WORDS = ("person", "people", "human")
"""A class with one of them in its name is of people, where a data set's author names classes."""


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

    outlines: Outlines | None = None
    """What `mask`, a file of annotations, says of this photograph; None where `mask` is a picture."""

    people: tuple[int, ...] = ()
    """Values of a mask of classes that are people; empty where the mask is an alpha."""

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


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by their names without ending, in a stable order.

    Raises:
        HumansegError: there is no such folder.
    """
    if not folder.is_dir():
        raise HumansegError(f"The folder {folder} is missing.", "Unpack the data set there.")
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES}


def every_tenth(index: int) -> str:
    """The split of a sample of a data set that has none of its own, by its place in the order of names."""
    return "train" if index % 10 else "val"


def lost(
    name: str, images: dict[str, Path], masks: dict[str, Path], image_folder: Path, mask_folder: Path, split: str = ""
) -> list[Fault]:
    """One fault for each of a sample's two files that is not there."""
    found = []
    if name not in images:
        text = f"{name} has no image."
        found.append(Fault(kind="missing-image", name=name, where=image_folder / name, text=text, split=split))
    if name not in masks:
        text = f"{name} has no mask."
        found.append(Fault(kind="missing-mask", name=name, where=mask_folder / name, text=text, split=split))
    return found
