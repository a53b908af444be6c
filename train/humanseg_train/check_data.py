"""`humanseg-train check-data`: what is wrong with a data set, all of it at once, before time is spent on training.

Every photograph and mask is read once; only hashes are kept. Photographs are compared across splits as they are,
resized, recompressed and mirrored; crops and other edits are not recognised.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console
from rich.progress import track
from rich.table import Table

from humanseg_train.data.inspect import Inspection, inspect
from humanseg_train.data.likeness import near_pairs
from humanseg_train.data.samples import SPLITS, Sample, Scan, scan

HANDFUL = 5
"""Fewer samples than this in train or val are too few to learn from or to measure by."""

KINDS = {
    "missing-image": ("error", "Unpack every part of the data set, or take the sample out."),
    "missing-mask": ("error", "Unpack every part of the data set, or take the sample out."),
    "unreadable-image": ("error", "Replace the file, or take the sample out."),
    "unreadable-mask": ("error", "Replace the file, or take the sample out."),
    "size-mismatch": ("error", "Make the mask as large as the photograph."),
    "exif-rotation": ("error", "Turn the photograph's pixels and remove its EXIF orientation, or turn the mask."),
    "mask-values": ("error", "Write the mask as 0 and 255, 0 and 1, or an 8-bit alpha that reaches 255."),
    "empty-mask": ("warning", "Draw the person; leave it only if the photograph shows nobody."),
    "full-mask": ("warning", "Draw the background; nothing can be learnt of an outline that is not there."),
    "all-empty": ("error", "Check how the masks were exported: none of them shows a person."),
    "unknown-split": ("error", f"Name one of the splits {', '.join(SPLITS)}."),
    "repeated-row": ("error", "Keep one of the rows."),
    "duplicate": ("warning", "Keep one of the copies."),
    "duplicate-across-splits": ("error", "Keep all copies in one split."),
    "near-duplicate-across-splits": (
        "warning",
        "Look at them; if they are the same photograph, keep them in one split.",
    ),
    "group-across-splits": ("warning", "Keep the frames of one video, session or person in one split."),
    "missing-split": ("error", "Training needs photographs in train and in val."),
    "few-samples": ("warning", "Add photographs; so few neither teach nor measure."),
}
"""Every kind of finding: its severity, and what to do."""

# What cameras and people call any picture; such a stem is no clip.
_COMMON = {
    "img",
    "image",
    "dsc",
    "dscf",
    "dscn",
    "pxl",
    "photo",
    "picture",
    "pic",
    "frame",
    "person",
    "people",
    "sample",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or may be."""

    kind: str
    """A key of `KINDS`."""

    severity: str
    """`error` or `warning`."""

    text: str
    """What is wrong."""

    hint: str
    """What to do."""

    files: tuple[str, ...]
    """The files concerned, relative to the data set's folder."""

    leak: bool = False
    """The same picture or group is in two splits, so validation would flatter."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was found in a data set."""

    root: Path
    samples: dict[str, int]
    """Number of complete samples by split."""

    findings: tuple[Finding, ...]
    """Errors first, then by kind and file."""

    @property
    def errors(self) -> int:
        """Number of findings that must be mended."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def leaks(self) -> int:
        """Number of findings by which one split knows of another."""
        return sum(finding.leak for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {"root": str(self.root), "samples": self.samples, "errors": self.errors, "leaks": self.leaks}
        return {**plain, "findings": [asdict(finding) for finding in self.findings]}


def check(root: Path | str, *, workers: int = 2) -> Report:
    """Look for faults in a data set of any layout that training reads.

    Args:
        root: folder of the data set.
        workers: threads that read pictures.

    Raises:
        HumansegError: the folder has no known layout.
    """
    root = Path(root)
    found = scan(root)
    samples = list({sample.name: sample for sample in reversed(found.samples)}.values())[::-1]
    with _opencv_on_one_thread(), ThreadPoolExecutor(workers, thread_name_prefix="humanseg-check") as pool:
        results = pool.map(inspect, samples)
        console = Console(stderr=True)
        shown = track(
            results, total=len(samples), description="check-data", console=console, transient=True,
            disable=not console.is_terminal,
        )  # fmt: skip
        inspections = list(shown)
    findings = [
        *_listed(found, root),
        *_alone(samples, inspections, root),
        *_duplicates(samples, inspections, root),
        *_groups(samples, root),
        *_splits(found),
    ]
    order = list(KINDS)
    findings.sort(key=lambda one: (one.severity != "error", order.index(one.kind), one.files))
    counts = {split: sum(sample.split == split for sample in samples) for split in SPLITS}
    return Report(root=root, samples=counts, findings=tuple(findings))


@contextmanager
def _opencv_on_one_thread() -> Iterator[None]:
    """Inside, the pool is the parallelism; afterwards OpenCV has its threads again, for whoever calls from Python."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def table(report: Report) -> Table:
    """The findings by kind."""
    counts = ", ".join(f"{count} {split}" for split, count in report.samples.items())
    title = f"{report.root}: {counts}; {report.errors} errors, {report.leaks} leaks"
    drawn = Table("finding", "severity", "times", "first", "what to do", title=title)
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        kinds[finding.kind].append(finding)
    for kind, same in kinds.items():
        colour = "red" if same[0].severity == "error" else "yellow"
        drawn.add_row(kind, f"[{colour}]{same[0].severity}[/]", str(len(same)), same[0].text, same[0].hint)
    return drawn


def _finding(
    kind: str, text: str, files: Iterable[Path | str], root: Path | None = None, *, leak: bool = False
) -> Finding:
    severity, hint = KINDS[kind]
    names = (file.relative_to(root).as_posix() if isinstance(file, Path) and root else str(file) for file in files)
    return Finding(kind=kind, severity=severity, text=text, hint=hint, files=tuple(names), leak=leak)


def _listed(found: Scan, root: Path) -> Iterator[Finding]:
    first = {sample.name: sample.split for sample in reversed(found.samples)}
    for fault in found.faults:
        leak = fault.kind == "repeated-row" and first.get(fault.name, fault.split) != fault.split
        yield _finding(fault.kind, fault.text, [fault.where], root, leak=leak)


def _alone(samples: Sequence[Sample], inspections: Sequence[Inspection], root: Path) -> Iterator[Finding]:
    empty = []
    for sample, inspection in zip(samples, inspections, strict=True):
        for kind, text in inspection.faults:
            if kind == "empty-mask":
                empty.append(sample.mask)
            yield _finding(kind, text, [sample.image, sample.mask], root)
    if samples and len(empty) == len(samples):
        yield _finding("all-empty", f"All {len(empty)} masks are empty.", empty, root)


def _duplicates(samples: Sequence[Sample], inspections: Sequence[Inspection], root: Path) -> Iterator[Finding]:
    same: dict[str, list[int]] = defaultdict(list)
    for index, inspection in enumerate(inspections):
        if inspection.digest:
            same[inspection.digest].append(index)
    for copies in same.values():
        if len(copies) > 1:
            splits = sorted({samples[index].split for index in copies})
            kind = "duplicate" if len(splits) == 1 else "duplicate-across-splits"
            names = ", ".join(f"{samples[index].name} ({samples[index].split})" for index in copies)
            files = [samples[index].image for index in copies]
            yield _finding(kind, f"The same photograph: {names}.", files, root, leak=len(splits) > 1)
    compared = [index for index, inspection in enumerate(inspections) if inspection.likeness is not None]
    likenesses = [likeness for inspection in inspections if (likeness := inspection.likeness) is not None]
    for first, second, bits in near_pairs(likenesses, [samples[index].split for index in compared]):
        one, other = compared[first], compared[second]
        if inspections[one].digest != inspections[other].digest:
            names = " and ".join(f"{samples[index].name} ({samples[index].split})" for index in (one, other))
            text = f"{names} look the same: {bits} of 255 bits differ."
            files = [samples[one].image, samples[other].image]
            yield _finding("near-duplicate-across-splits", text, files, root, leak=True)


def _groups(samples: Sequence[Sample], root: Path) -> Iterator[Finding]:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if group := sample.group or _clip(sample.name):
            groups[group].append(sample)
    for group, members in groups.items():
        splits = sorted({sample.split for sample in members})
        declared = any(sample.group for sample in members)
        # A stem that most of the names have is how the set numbers its pictures.
        if len(splits) > 1 and (declared or len(members) <= len(samples) / 2):
            text = f"{group} ({len(members)} pictures) is in {' and '.join(splits)}."
            yield _finding("group-across-splits", text, [sample.image for sample in members], root, leak=True)


def _clip(name: str) -> str:
    """The stem of a numbered name, `clip` of clip_0001; empty where there is none."""
    match = re.fullmatch(r"(.*[A-Za-z].*?)[ _.\-]*\d+", name)
    stem = match[1].rstrip(" _.-") if match else ""
    return "" if stem.lower() in _COMMON else stem


def _splits(found: Scan) -> Iterator[Finding]:
    for split in ("train", "val"):
        count = sum(sample.split == split for sample in found.samples)
        if not count:
            yield _finding("missing-split", f"There is nothing in {split}.", [])
        elif count < HANDFUL:
            yield _finding("few-samples", f"There are {count} samples in {split}.", [])
