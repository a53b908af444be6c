"""`humanseg-train compare`: several recipes on the same photographs, and one table of what came out.

A run lies in a folder of its own below the comparison's. What is finished is not done again: a comparison that was
interrupted goes on where it was, in the middle of a training run too.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

import humanseg
from humanseg.errors import HumansegError
from humanseg.matting.preprocess import network_size
from humanseg.sources import open_source
from humanseg.sources.demo import DemoSource
from humanseg.sources.source import Source
from humanseg_train.checkpoints import load_recipe, plain
from humanseg_train.compare_report import write_comparison
from humanseg_train.evaluation import evaluate
from humanseg_train.exporting import export
from humanseg_train.fitting import fit
from humanseg_train.networks.deployed import MULTIPLE, PIXELS, load_network
from humanseg_train.provenance import read_provenance
from humanseg_train.recipe import Recipe
from humanseg_train.run_report import write_run_report
from humanseg_train.sequences import measure_clip
from humanseg_train.speed import FRAME, measure_speed

logger = logging.getLogger(__name__)


def compare(recipes: Mapping[str, Recipe], out: Path | str, *, clip: Path | None = None) -> list[dict[str, Any]]:
    """Train, export and measure each recipe; write the table, pictures and `report.html`.

    Args:
        recipes: by the names that runs and rows get; all with the same data set and seed.
        out: folder of the comparison; `out/NAME` holds a run with its `model/` and `measured.json`.
        clip: video on which flicker is measured; None is two seconds of the built-in demo.

    Returns:
        A row for each recipe: see `measure`.

    Raises:
        HumansegError: the recipes differ in data or seed, a run there was trained by another recipe, or a run fails.
    """
    out = Path(out)
    _refuse_unfair(recipes)
    rows = []
    for name, recipe in recipes.items():
        run = out / name
        _train(recipe, run)
        measured = run / "measured.json"
        if not measured.exists():
            model = run / "model"
            if not model.exists():
                export(run / "best.ckpt", model, check=recipe.data.root)
            write_run_report(run)
            row = measure(name, run, model, recipe.data.root, clip=clip)
            _write_whole(measured, json.dumps(row, indent=2) + "\n")
        rows.append(json.loads(measured.read_text()))
    write_comparison(rows, out, next(iter(recipes.values())).data.root)
    return rows


def measure(name: str, run: Path, model: Path, root: Path, *, clip: Path | None) -> dict[str, Any]:
    """The row of one run.

    Returns:
        `name`, `network`, `encoder`, `epochs`, `minutes` of training, `device`, `parameters` in millions, `gflops` of
        one 16:9 frame (a multiplication and an addition are two), `ms` per 1280x720 frame (median) by engine,
        `metrics` (means over photographs), `micro`, `photographs` (IoU by name), `flicker` and, on the demo, `dtssd`.

    Raises:
        HumansegError: something of it cannot be used.
    """
    network, recipe, _ = load_network(run / "best.ckpt")
    report = evaluate(model, root)
    with humanseg.open_matter(model) as matter:
        steadiness = measure_clip(matter, _clip(clip))
    facts = read_provenance(run / "last.ckpt")
    return {
        "name": name,
        "network": recipe.network.architecture,
        "encoder": recipe.network.encoder,
        "start": recipe.network.start or recipe.network.encoder_weights,
        "epochs": recipe.schedule.epochs,
        "minutes": facts["seconds"] / 60,
        "device": facts["device"],
        "parameters": sum(parameter.numel() for parameter in network.parameters()) / 1e6,
        "gflops": _gflops(network),
        "ms": {engine: row["live"].matte for engine, row in measure_speed(model).items()},
        "metrics": report["groups"]["all"],
        "micro": report["micro"],
        "photographs": report["photographs"],
        "clip": clip.name if clip else "demo",
        **steadiness,
    }


def _refuse_unfair(recipes: Mapping[str, Recipe]) -> None:
    if not recipes:
        raise HumansegError("There is nothing to compare.", "Name at least one recipe.")
    first, *others = recipes.items()
    for name, recipe in others:
        for what, mine, theirs in (
            ("data.root", recipe.data.root, first[1].data.root),
            ("seed", recipe.seed, first[1].seed),
        ):
            if mine != theirs:
                raise HumansegError(
                    f"{name} and {first[0]} differ in {what}: {mine} and {theirs}.",
                    f"Give --{what} once for all; only then are they compared fairly.",
                )


def _train(recipe: Recipe, run: Path) -> None:
    """Begin a run, go on with it, or leave it if it is finished."""
    finished, last = run / "finished.json", run / "last.ckpt"
    if last.exists():
        before = load_recipe(last)
        if before.schedule.epochs != recipe.schedule.epochs:
            raise HumansegError(
                f"{run} was begun with {before.schedule.epochs} epochs, and {recipe.schedule.epochs} are wanted.",
                "Give the same number, or choose another folder.",
            )
    if finished.exists():
        if json.loads(finished.read_text()) != _comparable(recipe):
            raise HumansegError(f"{run} was trained by another recipe.", "Choose another folder, or remove that one.")
        logger.info("%s is finished", run.name)
        return
    logger.info("training %s", run.name)
    fit(recipe, run, resume=last.exists(), logs=("tensorboard",))
    _write_whole(finished, json.dumps(_comparable(recipe), indent=2) + "\n")


def _comparable(recipe: Recipe) -> dict[str, Any]:
    """The recipe without what may change from one call to the next: where files lie and on how many cores it runs."""
    table = plain(recipe)
    for section, names in {"data": ("root", "rooms"), "schedule": ("workers", "threads", "minutes")}.items():
        table[section] = {name: value for name, value in table[section].items() if name not in names}
    return table


def _gflops(network: torch.nn.Module) -> float:
    width, height = network_size(FRAME, PIXELS, MULTIPLE)
    frame = torch.zeros(1, 3, height, width)
    inputs = (frame, torch.zeros(1, 1, height, width)) if network.previous else (frame,)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    return float(counter.get_total_flops()) / 1e9


def _clip(clip: Path | None) -> Source:
    return open_source(clip) if clip else DemoSource(size=(640, 360), seconds=2.0)


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.partial")
    draft.write_text(text)
    draft.replace(path)
