"""Cityscapes: `leftImg8bit/SPLIT/CITY/*_leftImg8bit.png` with `gtFine/SPLIT/CITY/*_gtFine_labelTrainIds.png`.

Masks hold classes 0 to 18, and 255 where nothing is said; persons (11) and riders (12) are people.
"""

from pathlib import Path

from humanseg_train.data.records import SPLITS, Fault, Sample, Scan
from humanseg_train.scenes.cityscapes import PEOPLE

_PHOTOGRAPH, _LABELS = "_leftImg8bit", "_gtFine_labelTrainIds.png"


def recognises(root: Path) -> bool:
    """Whether the folder has the two."""
    return (root / "leftImg8bit").is_dir() and (root / "gtFine").is_dir()


def scan(root: Path) -> Scan:
    """Every photograph; those of `test` only where they have labels, since the published set has none there."""
    samples, faults = [], []
    for image in sorted((root / "leftImg8bit").glob(f"*/*/*{_PHOTOGRAPH}.*")):
        split, city = image.parts[-3:-1]
        name = image.stem.removesuffix(_PHOTOGRAPH)
        mask = root / "gtFine" / split / city / f"{name}{_LABELS}"
        if split not in SPLITS:
            text = f"{name} is in the split {split}."
            faults.append(Fault(kind="unknown-split", name=name, where=image, text=text, split=split))
        if mask.is_file():
            samples.append(Sample(name=name, image=image, mask=mask, split=split, group=city, people=PEOPLE))
        elif split != "test":
            text = f"{name} has no {_LABELS}: csCreateTrainIdLabelImgs of cityscapesscripts writes it."
            faults.append(Fault(kind="missing-mask", name=name, where=mask, text=text, split=split))
    return Scan(samples=tuple(samples), faults=tuple(faults))
