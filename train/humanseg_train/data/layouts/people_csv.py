"""`people.csv` beside `images/NAME.*` and `masks/NAME.*`.

Its columns are name, split, webcam_like, source and group; all but name may be absent.
"""

import csv
from pathlib import Path

from humanseg.errors import HumansegError
from humanseg_train.data.records import SPLITS, Fault, Sample, Scan, by_stem, lost


def recognises(root: Path) -> bool:
    """Whether the folder has the list."""
    return (root / "people.csv").is_file()


def scan(root: Path) -> Scan:
    """Every row of the list.

    Raises:
        HumansegError: the list has no names, or a folder is missing.
    """
    images, masks = by_stem(root / "images"), by_stem(root / "masks")
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
            gone = lost(name, images, masks, root / "images", root / "masks", split)
            faults += gone
            if not gone:
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


def _fault(kind: str, name: str, where: Path, text: str, split: str) -> Fault:
    return Fault(kind=kind, name=name, where=where, text=text, split=split)
