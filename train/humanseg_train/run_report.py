"""`report.html` of a run: its curves, what its best checkpoint scores and how its mattes look."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import tomli_w

from humanseg_train.checkpoints import load_recipe, plain, read_checkpoint
from humanseg_train.curves import draw_curves, read_metrics
from humanseg_train.data.samples import find_samples
from humanseg_train.evaluation import evaluate, rows_of
from humanseg_train.metrics import METRICS
from humanseg_train.page import Page
from humanseg_train.panels import write_panels
from humanseg_train.provenance import read_provenance
from humanseg_train.scenes.evaluate import evaluate_scenes
from humanseg_train.torch_engine import checkpoint_matter


def write_run_report(run: Path | str) -> Path:
    """Measure the best checkpoint of a run on its validation photographs; write `panels.jpg` and `report.html`.

    Raises:
        HumansegError: the run has no checkpoint, or its data set cannot be read any more.
    """
    run = Path(run)
    checkpoint = run / "best.ckpt"
    recipe, facts = load_recipe(checkpoint), read_provenance(checkpoint)
    epoch = int(read_checkpoint(checkpoint)["epoch"]) + 1
    page = Page(f"{recipe.name}: training run")
    page.text(_summary(epoch, facts))
    page.heading("Curves")
    rows = read_metrics(run)
    draw_curves({"": rows}, run / "curves.png")
    page.picture(run / "curves.png", "Loss, validation figures and learning rate over epochs")
    page.text(_turns(rows) if recipe.optimiser.schedule == "plateau" else f"{len(rows)} epochs.")
    page.heading("Validation photographs, at their own resolution")
    if recipe.network.classes > 1:
        figures = evaluate_scenes(checkpoint, recipe.data.root, panels=run / "panels.jpg")
        page.text(f"Pixel accuracy {figures['pixel_accuracy']:.4f}, mean IoU {figures['mean_iou']:.4f}.")
        page.table(["class", "IoU"], [[name, f"{iou:.4f}"] for name, iou in figures["iou"].items()])
    else:
        report = evaluate(checkpoint, recipe.data.root)
        page.table(["", "photographs", *METRICS], [[name, *cells] for name, cells in rows_of(report)])
        with checkpoint_matter(checkpoint) as matter:
            samples = find_samples(recipe.data.root, "val")
            write_panels(matter, samples, report["photographs"], run / "panels.jpg")
    page.picture(run / "panels.jpg", "Photographs, truth and predictions")
    page.heading("Recipe")
    page.code(tomli_w.dumps(plain(recipe)))
    page.write(run / "report.html")
    return run / "report.html"


def _summary(epoch: int, facts: dict[str, Any]) -> str:
    if not facts:
        return f"The best weights are of epoch {epoch}."
    return (
        f"The best weights are of epoch {epoch}; it took {facts['seconds'] / 60:.1f} minutes until then. Trained on "
        f"{facts['train']} photographs of {facts['data']}, validated on {facts['val']} others (SHA-256 of both: "
        f"{facts['sha256']}), in {facts['processes']} process(es) on {facts['device']}, torch {facts['torch']}."
    )


def _turns(rows: list[dict[str, float]]) -> str:
    """In which epochs the rate was lowered on a plateau."""
    falls = [
        f"epoch {now['epoch']:.0f} ({before['lr']:.2g} to {now['lr']:.2g})"
        for before, now in pairwise(rows)
        if now["lr"] < 0.5 * before["lr"]
    ]
    return f"{len(rows)} epochs. The learning rate was lowered in {', '.join(falls) or 'none of them'}."
