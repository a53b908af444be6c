"""What a comparison shows: a table for terminals, Markdown and HTML, curves, and photographs side by side."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.table import Table

import humanseg
from humanseg_train.curves import draw_curves, read_metrics
from humanseg_train.data.samples import find_samples
from humanseg_train.page import Page
from humanseg_train.panels import write_side_by_side

Row = Mapping[str, Any]

_COLUMNS: dict[str, tuple[Callable[[Row], float], str, bool | None]] = {
    "parameters, M": (lambda row: row["parameters"], ".2f", False),
    "GFLOPs": (lambda row: row["gflops"], ".2f", False),
    "training, min": (lambda row: row["minutes"], ".1f", None),
    "IoU": (lambda row: row["metrics"]["iou"], ".4f", True),
    "IoU, micro": (lambda row: row["micro"]["iou"], ".4f", True),
    "Dice": (lambda row: row["metrics"]["dice"], ".4f", True),
    "boundary IoU": (lambda row: row["metrics"]["boundary_iou"], ".4f", True),
    "MAE": (lambda row: row["metrics"]["mae"], ".4f", False),
    "flicker": (lambda row: row.get("flicker", float("nan")), ".2f", False),
    "dtSSD": (lambda row: row.get("dtssd", float("nan")), ".2f", False),
}
"""Heading: value of a row, how it is written, and whether more is better (None: neither)."""


def table(rows: Sequence[Row]) -> Table:
    """The comparison for a terminal: a column for each run, since there are more figures than runs."""
    headings, cells, best = _grid(rows)
    grid = Table(title="comparison")
    grid.add_column("", no_wrap=True)
    for run, *_ in cells:
        grid.add_column(run, justify="right", min_width=7)
    for place, heading in enumerate(headings[1:], start=1):
        figures = [
            f"[bold]{line[place]}[/]" if (number, place) in best else line[place] for number, line in enumerate(cells)
        ]
        grid.add_row(heading, *figures)
    return grid


def write_comparison(rows: Sequence[Row], out: Path, root: Path) -> None:
    """Write `comparison.json`, `comparison.md`, `curves.png`, `side-by-side.jpg` and `report.html` into `out`.

    Args:
        rows: as `humanseg_train.comparison.measure` gives them.
        out: folder of the comparison, which holds a run of each row's name.
        root: the data set.

    Raises:
        HumansegError: a model or a photograph cannot be used, or a file not written.
    """
    headings, cells, best = _grid(rows)
    said = _said(rows, root)
    lines = [said, "", f"| {' | '.join(headings)} |", "| --- " * len(headings) + "|"]
    lines += [f"| {' | '.join(line)} |" for line in cells]
    (out / "comparison.md").write_text("\n".join(lines) + "\n")
    (out / "comparison.json").write_text(json.dumps(list(rows), indent=2) + "\n")
    draw_curves({row["name"]: read_metrics(out / row["name"]) for row in rows}, out / "curves.png")
    with ExitStack() as stack:
        matters = {row["name"]: stack.enter_context(humanseg.open_matter(out / row["name"] / "model")) for row in rows}
        scores = {row["name"]: row["photographs"] for row in rows}
        write_side_by_side(matters, find_samples(root, "val"), scores, out / "side-by-side.jpg")
    page = Page("Comparison")
    page.text(said)
    page.table(headings, cells, list(best))
    page.heading("Curves")
    page.picture(out / "curves.png", "Loss, validation figures and learning rate of each run over epochs")
    page.heading("The same photographs")
    page.picture(out / "side-by-side.jpg", "Photographs, truth and what each model made of them")
    page.write(out / "report.html")


def _said(rows: Sequence[Row], root: Path) -> str:
    first = rows[0]
    return (
        f"Measured on the {first['metrics']['photographs']} validation photographs of {root.name} at their own "
        "resolution; IoU, Dice, boundary IoU and MAE are means over photographs, micro is over all pixels together. "
        f"Trained on {first['device']}. GFLOPs of one 16:9 frame as the network sees it; ms is the median for a "
        "1280x720 frame, with pre-processing and upsampling. "
        f"Flicker and dtSSD on {first['clip']}: lower is steadier."
    )


def _grid(rows: Sequence[Row]) -> tuple[list[str], list[list[str]], set[tuple[int, int]]]:
    """Headings, cells as text, and the places of the best value of each column."""
    columns = dict(_COLUMNS)
    for engine in dict.fromkeys(engine for row in rows for engine in row["ms"]):
        columns[f"ms, {engine}"] = (lambda row, engine=engine: row["ms"].get(engine, float("nan")), ".1f", False)  # type: ignore[misc]
    headings = ["", "network", "encoder", "weights from", *columns]
    cells = [[row["name"], row["network"], row["encoder"], Path(row["start"]).name] for row in rows]
    best = set()
    for place, (value, form, more) in enumerate(columns.values(), start=4):
        values = [value(row) for row in rows]
        for number, one in enumerate(values):
            cells[number].append("-" if one != one else f"{one:{form}}")
        known = [one for one in values if one == one]
        if more is not None and len(known) > 1:
            goal = max(known) if more else min(known)
            best |= {(number, place) for number, one in enumerate(values) if one == goal}
    return headings, cells, best
