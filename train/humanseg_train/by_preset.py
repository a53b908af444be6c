"""How good each preset of a model is, on photographs it was not trained on: of the same sources and of another."""

from collections.abc import Collection, Iterator
from pathlib import Path

from humanseg_train.data.samples import scan
from humanseg_train.evaluation import evaluate

FIGURES = ("iou", "dice", "boundary_iou", "mae")


def compare_presets(model: Path, presets: Collection[str], check: Path, elsewhere: Path | None) -> str:
    """A Markdown table: photographs and preset a row, means over photographs.

    Args:
        model: model folder.
        presets: those to measure.
        check: data set whose `val` photographs are measured, all and webcam-like ones, and those of `test`, if any.
        elsewhere: data set of another source, measured whole; or None.

    Raises:
        HumansegError: the model or a data set cannot be used.
    """
    lines = [f"| photographs | preset | number | {' | '.join(FIGURES)} |", "| --- " * (len(FIGURES) + 3) + "|"]
    for root, split in _sets(check, elsewhere):
        reports = {preset: evaluate(model, root, split=split, preset=preset, metrics=FIGURES) for preset in presets}
        for group, title in (("webcam_like", f"{root.name} {split}, webcam-like"), ("all", f"{root.name} {split}")):
            for preset, report in reports.items():
                row = report["groups"].get(group)
                if row and (group == "all" or row["photographs"] < report["groups"]["all"]["photographs"]):
                    cells = [str(row["photographs"]), *(f"{row[figure]:.4f}" for figure in FIGURES)]
                    lines.append(f"| {title} | {preset} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _sets(check: Path, elsewhere: Path | None) -> Iterator[tuple[Path, str]]:
    yield check, "val"
    if any(sample.split == "test" for sample in scan(check).samples):
        yield check, "test"
    if elsewhere is not None:
        yield elsewhere, "all"
