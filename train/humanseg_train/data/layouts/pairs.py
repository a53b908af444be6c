"""Folders of photographs beside folders of masks of the same names.

`Training_Images/` with `Ground_Truth/`, as the 290-image Human Segmentation Dataset is published; `images/` with
`masks/`; and either pair inside `train/`, `val/` and `test/`. A set without such folders has no split of its own: every
tenth photograph in the order of names (shorter names first, so that 9 comes before 10) is `val`, the others `train`.
"""

from pathlib import Path

from humanseg_train.data.records import SPLITS, Sample, Scan, by_stem, every_tenth, lost

PAIRS = (("Training_Images", "Ground_Truth"), ("images", "masks"))


def recognises(root: Path) -> bool:
    """Whether the folder, or those of its splits, hold such a pair."""
    return bool(_pair(root)) or any(_pair(root / split) for split in SPLITS)


def scan(root: Path) -> Scan:
    """Every photograph and mask.

    Raises:
        HumansegError: one of the two folders is missing.
    """
    scans = [_scan(root, None)] if _pair(root) else [_scan(root / s, s) for s in SPLITS if _pair(root / s)]
    return Scan(
        samples=tuple(sample for found in scans for sample in found.samples),
        faults=tuple(fault for found in scans for fault in found.faults),
    )


def _pair(root: Path) -> tuple[str, str] | None:
    return next((pair for pair in PAIRS if (root / pair[0]).is_dir()), None)


def _scan(root: Path, split: str | None) -> Scan:
    pair = _pair(root) or PAIRS[0]
    folders = root / pair[0], root / pair[1]
    images, masks = by_stem(folders[0]), by_stem(folders[1])
    alone = sorted(images.keys() ^ masks.keys())
    names = sorted(images.keys() & masks.keys(), key=lambda name: (len(name), name))
    prefix = f"{split}/" if split else ""
    return Scan(
        samples=tuple(
            Sample(
                name=prefix + name,
                image=images[name],
                mask=masks[name],
                split=split or every_tenth(k),
                source=root.parent.name if split else root.name,
            )
            for k, name in enumerate(names)
        ),
        faults=tuple(fault for name in alone for fault in lost(name, images, masks, *folders, split or "")),
    )
