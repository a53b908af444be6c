"""The subcommands that train."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from humanseg.errors import SettingsError
from humanseg_train.recipe import Recipe
from humanseg_train.recipe_files import packaged_recipes, read_recipe


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Train a network: humanseg-train fit RECIPE -o FOLDER [--data.root FOLDER] [--optimiser.lr 0.001] ...

    RECIPE is a TOML file or the name of a packaged recipe; without one, every value has its default. Several are the
    stages of one run: each goes on from the best of the one before, in a folder of its own below FOLDER.
    """

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder of the run: checkpoints, metrics.csv, curves.png, report.html and the effective recipe."""

    resume: bool = False
    """Go on with the run in that folder, exactly as if it had not been interrupted."""

    auto_batch: bool = False
    """Find the batch by trying: the largest that fits a GPU, or the quickest on a CPU. It is kept in recipe.toml."""

    loggers: tuple[Literal["tensorboard", "wandb"], ...] = ("tensorboard",)
    """Where else figures go: into FOLDER/tensorboard, to Weights & Biases (its package, its account), or nowhere."""

    report: bool = True
    """Measure the best checkpoint in the end and write report.html and panels.jpg."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=Recipe)
    """The training run."""


@dataclass(frozen=True, kw_only=True)
class Compare:
    """Train recipes on one split: humanseg-train compare RECIPE RECIPE ... -o FOLDER [--data.root FOLDER] ...

    A value that is given holds for all of them. Run it again after an interruption: what is finished is kept.
    """

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder: a run for each recipe, comparison.json, comparison.md, side-by-side.jpg, curves.png, report.html."""

    clip: Path | None = None
    """Video on which flicker is measured; without it the built-in demo, whose true alpha is known (dtSSD)."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=Recipe)
    """Values for all of them."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Write the report.html of a run anew."""

    run: tyro.conf.Positional[Path]
    """Folder of the run."""


def fit(words: list[str]) -> None:
    """Recipes come first; every value in them can be overridden by a flag of the same name, for all of them."""
    names = _names(words)
    stages: dict[str, Recipe] = {}
    for name in names or [""]:
        default = Fit(out=tyro.MISSING, recipe=read_recipe(name) if name else Recipe())
        chosen = tyro.cli(Fit, prog="humanseg-train fit", args=words, default=default)
        stages[Path(name).stem] = chosen.recipe
    from humanseg_train.fitting import fit as train
    from humanseg_train.run_report import write_run_report
    from humanseg_train.stages import fit_stages

    if len(stages) < len(names):
        raise SettingsError("Two of the recipes have one name.", "Name each stage's file differently.")
    if chosen.auto_batch and len(stages) > 1:
        raise SettingsError("--auto-batch is for one recipe.", "Try each by itself, and write its batch into it.")
    _speak()
    if len(stages) > 1:
        best = fit_stages(stages, chosen.out, resume=chosen.resume, logs=chosen.loggers)
    else:
        recipe = chosen.recipe
        if chosen.auto_batch:
            recipe = _with_batch(recipe, chosen.out, resume=chosen.resume)
        best = train(recipe, chosen.out, resume=chosen.resume, logs=chosen.loggers)
    print(f"best checkpoint: {best}")
    if chosen.report and _is_first_process():
        print(f"report: {write_run_report(best.parent)}")


def compare(words: list[str]) -> None:
    """Recipes come first; the flags after them are read once for each."""
    names = _names(words)
    if not names and not {"-h", "--help"} & set(words):
        known = ", ".join(packaged_recipes())
        raise SettingsError("No recipe is named.", f"Give files, or some of: {known}.")
    recipes: dict[str, Recipe] = {}
    chosen = None
    for name in names or [""]:
        default = Compare(out=tyro.MISSING, recipe=read_recipe(name) if name else Recipe())
        chosen = tyro.cli(Compare, prog="humanseg-train compare", args=words, default=default)
        recipes[Path(name).stem] = chosen.recipe
    from rich.console import Console

    from humanseg_train.compare_report import table
    from humanseg_train.comparison import compare as run

    if chosen is None:
        return
    _speak()
    rows = run(recipes, chosen.out, clip=chosen.clip)
    Console().print(table(rows))
    print(f"report: {chosen.out / 'report.html'}")


def report(words: list[str]) -> None:
    """Evaluates the best checkpoint."""
    chosen = tyro.cli(Report, prog="humanseg-train report", args=words)
    from humanseg_train.run_report import write_run_report

    print(write_run_report(chosen.run))


def _names(words: list[str]) -> list[str]:
    """Take the words before the first flag away."""
    names = []
    while words and not words[0].startswith("-"):
        names.append(words.pop(0))
    return names


def _with_batch(recipe: Recipe, out: Path, *, resume: bool) -> Recipe:
    """The batch that is found; a run that goes on keeps its own."""
    from humanseg_train.batch_size import find_batch
    from humanseg_train.checkpoints import load_recipe

    batch = load_recipe(out / "last.ckpt").schedule.batch if resume else find_batch(recipe)
    print(f"batch: {batch}")
    return dataclasses.replace(recipe, schedule=dataclasses.replace(recipe.schedule, batch=batch))


def _is_first_process() -> bool:
    """Of several that torchrun or Lightning started, one writes the report."""
    import os

    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def _speak() -> None:
    """Show what a run tells of its epochs; other libraries are heard from warnings on."""
    import logging

    logging.basicConfig(format="%(message)s")
    logging.getLogger("humanseg_train").setLevel(logging.INFO)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
