"""`splits.csv` with columns image and mask (paths from its folder), split, and group; the last two may be absent."""

import csv
from pathlib import Path

from humanseg.errors import HumansegError
from humanseg_train.data.records import SPLITS, Fault, Sample, Scan, every_tenth


def recognises(root: Path) -> bool:
    """Whether the folder has the list."""
    return (root / "splits.csv").is_file()


def scan(root: Path) -> Scan:
    """Every row of the list.

    Raises:
        HumansegError: the list has not the columns image and mask.
    """
    table = root / "splits.csv"
    samples: list[Sample] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    with table.open(newline="") as file:
        reader = csv.DictReader(file)
        if not {"image", "mask"} <= set(reader.fieldnames or ()):
            raise HumansegError(
                f"{table} has no columns image and mask.", "Its first row names the columns: image, mask, split."
            )
        for index, row in enumerate(reader):
            name, split = row["image"], row.get("split") or every_tenth(index)
            image, mask = root / row["image"], root / row["mask"]
            gone = [
                Fault(kind=kind, name=name, where=path, text=f"{path} is not there.", split=split)
                for kind, path in (("missing-image", image), ("missing-mask", mask))
                if not path.is_file()
            ]
            if split not in SPLITS:
                text = f"{name} is in the split {split}."
                faults.append(Fault(kind="unknown-split", name=name, where=table, text=text, split=split))
            if name in seen:
                text = f"{name} is listed again."
                faults.append(Fault(kind="repeated-row", name=name, where=table, text=text, split=split))
            seen.add(name)
            faults += gone
            if not gone:
                samples.append(Sample(name=name, image=image, mask=mask, split=split, group=row.get("group") or ""))
    return Scan(samples=tuple(samples), faults=tuple(faults))
