"""`curves.png`: how a run went, drawn anew after every epoch."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

_PANELS = (
    ("loss", ("train/loss", "val/loss")),
    ("validation", ("val/iou", "val/accuracy")),
    ("learning rate", ("lr",)),
)


class Curves(Callback):
    """Draws `metrics.csv` of a run into `curves.png` beside it."""

    def __init__(self, run: Path) -> None:
        self._run = run

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Once more for the end."""
        self._draw(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The epochs before this one."""
        if trainer.current_epoch:
            self._draw(trainer)

    def _draw(self, trainer: Trainer) -> None:
        if trainer.is_global_zero and (self._run / "metrics.csv").exists():
            draw_curves({"": read_metrics(self._run)}, self._run / "curves.png")


def read_metrics(run: Path) -> list[dict[str, float]]:
    """The rows of a run's `metrics.csv`, one an epoch."""
    with (run / "metrics.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def draw_curves(runs: Mapping[str, Sequence[Mapping[str, float]]], path: Path) -> None:
    """Draw loss, validation and learning rate over epochs, a colour for each run; written whole."""
    # Without pyplot: no window system is asked for, and nothing is kept between calls.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(13, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (title, names) in enumerate(_PANELS):
        axes = figure.add_subplot(1, len(_PANELS), place + 1)
        for number, (run, rows) in enumerate(runs.items()):
            for name, line in zip(names, ("-", "--"), strict=False):
                if name in rows[0]:
                    colour = f"C{number if len(runs) > 1 else names.index(name)}"
                    label = name if len(runs) == 1 else run if line == "-" else None
                    _plot(axes, rows, name, label, f"{line}", colour)
        if title == "loss":
            _leave_out_the_first(axes)
        axes.set_title(title if len(runs) == 1 else f"{title}: {', '.join(names)}")
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if title == "learning rate" and axes.lines:
            axes.set_yscale("log")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="small")
    draft = path.with_name(f".{path.name}.partial")
    figure.savefig(draft, format="png", dpi=110)
    draft.replace(path)


def _leave_out_the_first(axes: Any) -> None:
    """Cut a first epoch off that is far above all others: batch normalisation has no figures to go by yet."""
    later = [value for line in axes.lines for value in line.get_ydata()[1:]]
    if later and axes.get_ylim()[1] > 3 * max(later):
        axes.set_ylim(top=1.2 * max(later))


def _plot(axes: Any, rows: Sequence[Mapping[str, float]], name: str, label: str | None, line: str, colour: str) -> None:
    # A rate ends at 0, which a logarithm cannot show.
    points = [(row["epoch"], row[name]) for row in rows if name in row and (name != "lr" or row[name] > 0)]
    if not points:
        return
    axes.plot(*zip(*points, strict=True), line, label=label, color=colour, marker="." if len(points) < 40 else None)
    if name == "val/iou":
        best = max(points, key=lambda point: point[1])
        axes.plot(*best, marker="*", markersize=11, color=colour)
