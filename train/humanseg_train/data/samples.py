"""The samples of a data set, whatever its layout on disk.

- `people.csv` (columns name, split, webcam_like, source, group; all but name may be absent) beside `images/NAME.*` and
  `masks/NAME.*`;
- `splits.csv` (columns image, mask, split, group; paths from its folder);
- `Training_Images/` with `Ground_Truth/`, or `images/` with `masks/`, there or inside `train/`, `val/`, `test/`;
- COCO: `annotations/instances_*.json`, the photographs anywhere below; its people are the alpha;
- Supervisely: `meta.json`, and `img/` with `ann/` in a folder for each data set; its people are the alpha;
- LabelMe: `NAME.json` beside each photograph, there or inside `train/`, `val/`, `test/`; its people are the alpha;
- Cityscapes: `leftImg8bit/` with `gtFine/*_labelTrainIds.png`; classes, of which 11 and 12 are people.

Where there is no split, every tenth sample in the order of names is `val`, the others are `train`.
"""

from pathlib import Path

from humanseg.errors import HumansegError
from humanseg_train.data.layouts import cityscapes, coco, labelme, pairs, people_csv, splits_csv, supervisely
from humanseg_train.data.records import PICTURES, SPLITS, Fault, Sample, Scan

__all__ = ["PICTURES", "SPLITS", "Fault", "Sample", "Scan", "find_samples", "scan"]

MISSING = ("missing-image", "missing-mask")

LAYOUTS = (people_csv, splits_csv, cityscapes, coco, supervisely, labelme, pairs)
"""Asked in this order: a list goes before the folders that it lists."""


def scan(root: Path) -> Scan:
    """Everything in a data set, in a stable order, with every fault of its layout; no picture is opened.

    Raises:
        HumansegError: the folder has no known layout.
    """
    for layout in LAYOUTS:
        if layout.recognises(root):
            found: Scan = layout.scan(root)
            return found
    raise HumansegError(
        f"{root} is no data set.",
        "It needs people.csv with images/ and masks/, or Training_Images/ with Ground_Truth/, or splits.csv, or the "
        "layout of COCO, Supervisely, LabelMe or Cityscapes.",
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
