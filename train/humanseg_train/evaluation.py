"""`humanseg-train evaluate`: a model on the photographs of a data set, at their own resolution.

The model runs as users run it: through a `Matter`, with its pre-processing, engine and upsampling.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from humanseg_train.data.pictures import read_pair, read_rgb
from humanseg_train.data.samples import Sample, find_samples
from humanseg_train.lighting import lighting
from humanseg_train.metrics import METRICS, Micro
from humanseg_train.torch_engine import open_any

GROUPS: dict[str, Callable[[Sample], bool]] = {
    "all": lambda _: True,
    "webcam_like": lambda sample: sample.webcam_like,
    "not webcam_like": lambda sample: not sample.webcam_like,
}


def evaluate(
    model: str | Path | None,
    root: Path | str,
    *,
    split: str = "val",
    engine: str = "auto",
    preset: str = "live",
    metrics: Collection[str] = tuple(METRICS),
) -> dict[str, Any]:
    """Figures of a model on one split.

    Args:
        model: model folder, name of a packaged model (None is the default one), or a checkpoint, which runs in torch.
        root: folder of the data set.
        split: which of its splits; "all" for every photograph.
        engine: which engine runs the network.
        preset: how much of a photograph the network gets to see.
        metrics: names of those to compute, `iou` among them; some take longer than the matte.

    Returns:
        `model`, `split`, `groups`: for each group of samples `photographs` (how many) and the mean over photographs of
        every such metric; groups are all, webcam_like and not, each source, and each kind of `lighting`. `micro`:
        figures over all pixels together.
        `photographs`: the IoU of each by name, lowest first. `worst`: the ten names with the lowest IoU.

    Raises:
        HumansegError: the model, the engine or the data set cannot be used.
    """
    # An engine prepares itself for each shape anew: photographs of one shape follow one another.
    samples = sorted(find_samples(Path(root), None if split == "all" else split), key=_aspect)
    figures: list[dict[str, float]] = []
    lights: dict[str, str] = {}
    micro = Micro()
    with open_any(model, engine, preset=preset) as matter:
        name = matter.model.name
        for sample in track(samples, description=f"{name} on {split}", console=Console(stderr=True), transient=True):
            rgb, true = read_pair(sample)
            matter.reset()
            predicted, target = matter.alpha(rgb), np.divide(true, 255, dtype=np.float32)
            lights[sample.name] = lighting(rgb, target)
            figures.append({metric: METRICS[metric](predicted, target) for metric in metrics})
            micro.add(predicted, target)
    pairs = list(zip(samples, figures, strict=True))
    groups = dict(GROUPS)
    for source in sorted({sample.source for sample in samples if sample.source}):
        groups[source] = lambda sample, source=source: sample.source == source  # type: ignore[misc]
    for light in sorted(set(lights.values())):
        groups[light] = lambda sample, light=light: lights[sample.name] == light  # type: ignore[misc]
    ranked = sorted(((sample.name, figure["iou"]) for sample, figure in pairs), key=lambda pair: pair[1])
    return {
        "model": name,
        "split": split,
        "groups": {
            group: _means(figure for sample, figure in pairs if belongs(sample))
            for group, belongs in groups.items()
            if any(belongs(sample) for sample in samples)
        },
        "micro": {"photographs": len(pairs), **micro.figures()},
        "photographs": dict(ranked),
        "worst": [name for name, _ in ranked[:10]],
    }


def table(report: dict[str, Any]) -> Table:
    """The report as a table for a terminal: a column for each group, since there are more figures than groups."""
    grid = Table(title=f"{report['model']} on {report['split']}, at the photographs' own resolution")
    rows = rows_of(report)
    grid.add_column("", no_wrap=True)
    for group, _ in rows:
        grid.add_column(group, justify="right", min_width=6)
    for place, name in enumerate(("photographs", *METRICS)):
        grid.add_row(name, *(cells[place] for _, cells in rows))
    return grid


def markdown(report: dict[str, Any]) -> str:
    """The report as a Markdown table for a model card."""
    lines = [f"| {report['split']} | photographs | {' | '.join(METRICS)} |", "| --- " * (len(METRICS) + 2) + "|"]
    lines += [f"| {group} | {' | '.join(cells)} |" for group, cells in rows_of(report)]
    return "\n".join(lines) + "\n"


def rows_of(report: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Means over photographs, a row for each group, and last the figures over all pixels: title, count and figures."""
    means = [(f"{group}, mean" if group == "all" else group, row) for group, row in report["groups"].items()]
    return [
        (title, [str(row["photographs"]), *(f"{row[metric]:.4f}" if metric in row else "-" for metric in METRICS)])
        for title, row in [*means, ("all, micro", report["micro"])]
    ]


def _aspect(sample: Sample) -> float:
    height, width, _ = read_rgb(sample.image).shape
    return float(width / height)


def _means(figures: Iterable[dict[str, float]]) -> dict[str, float]:
    rows = list(figures)
    means = {metric: float(np.mean([row[metric] for row in rows])) for metric in rows[0]}
    return {"photographs": len(rows), **means}
