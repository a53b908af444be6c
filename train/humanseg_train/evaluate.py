"""`humanseg-train evaluate`: an exported model on the photographs of a data set, at their own resolution.

The model runs as users run it: through `humanseg.open_matter`, with its pre-processing, engine and upsampling.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import humanseg
from humanseg_train.data.pictures import read_pair
from humanseg_train.data.samples import Sample, find_samples
from humanseg_train.metrics import METRICS

GROUPS: dict[str, Callable[[Sample], bool]] = {
    "all": lambda _: True,
    "webcam_like": lambda sample: sample.webcam_like,
    "not webcam_like": lambda sample: not sample.webcam_like,
}


def evaluate(model: str | Path | None, root: Path, *, split: str = "val", engine: str = "auto") -> dict[str, Any]:
    """Figures of a model on one split.

    Args:
        model: model folder or name of a packaged model; None is the default one.
        root: folder of the data set.
        split: which of its splits; "all" for every photograph.
        engine: which engine runs the network.

    Returns:
        `model`, `split`, `groups`: for each group of samples `photographs` (how many) and the mean over photographs of
        every metric; groups are all, webcam_like and not, and each source. `worst`: the ten names with the lowest IoU.

    Raises:
        HumansegError: the model, the engine or the data set cannot be used.
    """
    samples = find_samples(root, None if split == "all" else split)
    figures: list[dict[str, float]] = []
    with humanseg.open_matter(model, engine) as matter:
        name = matter.model.name
        for sample in track(samples, description=f"{name} on {split}", console=Console(stderr=True), transient=True):
            rgb, true = read_pair(sample)
            predicted, target = matter.alpha(rgb), np.divide(true, 255, dtype=np.float32)
            figures.append({metric: measure(predicted, target) for metric, measure in METRICS.items()})
    pairs = list(zip(samples, figures, strict=True))
    groups = dict(GROUPS)
    for source in sorted({sample.source for sample in samples if sample.source}):
        groups[source] = lambda sample, source=source: sample.source == source  # type: ignore[misc]
    return {
        "model": name,
        "split": split,
        "groups": {
            group: _means(figure for sample, figure in pairs if belongs(sample))
            for group, belongs in groups.items()
            if any(belongs(sample) for sample in samples)
        },
        "worst": [sample.name for sample, _ in sorted(pairs, key=lambda pair: pair[1]["iou"])[:10]],
    }


def table(report: dict[str, Any]) -> Table:
    """The report as a table for a terminal."""
    grid = Table(title=f"{report['model']} on {report['split']}, mean over photographs")
    for heading in ("", "photographs", *METRICS):
        grid.add_column(heading, justify="left" if not heading else "right")
    for group, row in report["groups"].items():
        grid.add_row(group, str(row["photographs"]), *(f"{row[metric]:.4f}" for metric in METRICS))
    return grid


def markdown(report: dict[str, Any]) -> str:
    """The report as a Markdown table for a model card."""
    lines = [f"| {report['split']} | photographs | {' | '.join(METRICS)} |", "| --- " * (len(METRICS) + 2) + "|"]
    for group, row in report["groups"].items():
        cells = " | ".join(f"{row[metric]:.4f}" for metric in METRICS)
        lines.append(f"| {group} | {row['photographs']} | {cells} |")
    return "\n".join(lines) + "\n"


def _means(figures: Iterable[dict[str, float]]) -> dict[str, float]:
    rows = list(figures)
    means = {metric: float(np.mean([row[metric] for row in rows])) for metric in METRICS}
    return {"photographs": len(rows), **means}
