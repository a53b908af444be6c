"""`humanseg-train`: check-data, fit, evaluate and export, one subcommand each.

Only settings are imported here; torch is imported by the subcommand that runs.
"""

import difflib
import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro

from humanseg import settings
from humanseg.errors import HumansegError, SettingsError
from humanseg_train.recipe import Recipe

RECIPES = Path(__file__).parent / "recipes"


@dataclass(frozen=True, kw_only=True)
class CheckData:
    """Look for faults in a data set: files, masks, duplicates, and leaks between its splits."""

    root: tyro.conf.Positional[Path]
    """Folder of the data set."""

    fail_on_leak: bool = False
    """End with exit code 1 also if two splits share a photograph or a group."""

    out: Annotated[Path | None, tyro.conf.arg(aliases=["-o"])] = None
    """Folder for report.json and contact sheets."""

    json: Path | None = None
    """Also write the report as JSON to this file."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Train a network: humanseg-train fit RECIPE -o FOLDER [--data.root FOLDER] [--optimiser.lr 0.001] ...

    RECIPE is a TOML file or the name of a packaged recipe; without one, every value has its default.
    """

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder of the run: checkpoints, metrics.csv and the effective recipe."""

    resume: bool = False
    """Go on with the run in that folder, exactly as if it had not been interrupted."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=Recipe)
    """The training run."""


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure a model folder on the original resolution of a data set's photographs."""

    model: tyro.conf.Positional[str]
    """Model folder, or the name of a packaged model."""

    root: Path
    """Folder of the data set."""

    split: str = "val"
    """Which of its splits, or all."""

    engine: str = "auto"
    """Engine that runs the network: auto, openvino or onnxruntime."""

    out: Path | None = None
    """Also write the figures as JSON to this file."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Turn a checkpoint into a model folder that every command accepts."""

    checkpoint: tyro.conf.Positional[Path]
    """A checkpoint that fit wrote; normally best.ckpt."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder to write: model.onnx, model.toml, card.md."""

    check: Path | None = None
    """Data set whose validation photographs torch and the exported model must agree on; else rendered pictures."""

    about: Path | None = None
    """Markdown file for the card: sources, licences, uses and limits."""

    overwrite: bool = False
    """Replace a model folder that is there already."""


COMMANDS = {
    "check-data": "look for faults and leaks in a data set",
    "fit": "train a network by a recipe",
    "evaluate": "measure a model on a data set",
    "export": "turn a checkpoint into a model folder",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code: 0, 1 for an error the user can mend, 130 for an interrupt."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(
            "usage: humanseg-train COMMAND ...\n\n"
            + "\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items())
        )
        print("\n`humanseg-train COMMAND --help` lists what a command takes.")
        return 0 if words else 2
    command, rest = words[0], words[1:]
    if command not in COMMANDS:
        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(COMMANDS)}."
        print(f"humanseg-train: there is no command {command}. {hint}", file=sys.stderr)
        return 2
    try:
        run = {"check-data": _check_data, "fit": _fit, "evaluate": _evaluate, "export": _export}[command]
        code = run(rest)
    except HumansegError as error:
        print(f"humanseg-train: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("humanseg-train: interrupted; `fit --resume` goes on from the last epoch.", file=sys.stderr)
        return 130
    return code or 0


def _check_data(words: list[str]) -> int:
    """1 if the data set has errors, or leaks where those are to count."""
    chosen = tyro.cli(CheckData, prog="humanseg-train check-data", args=words)
    from rich.console import Console

    from humanseg_train.check_data import check, table
    from humanseg_train.check_sheets import write_sheets

    report = check(chosen.root)
    Console().print(table(report) if report.findings else f"{chosen.root}: nothing found in {report.samples}.")
    if chosen.json:
        try:
            chosen.json.write_text(json.dumps(report.as_dict(), indent=2) + "\n")
        except OSError as error:
            raise SettingsError(f"{chosen.json} cannot be written: {error.strerror}.", "Give another file.") from error
    if chosen.out:
        write_sheets(report, chosen.out)
    for finding in report.findings:
        if finding.kind == "all-empty":
            print("\n".join(finding.files))
    return int(report.errors > 0 or (chosen.fail_on_leak and report.leaks > 0))


def _fit(words: list[str]) -> None:
    """The recipe file comes first; every value in it can be overridden by a flag of the same name."""
    table = _recipe_table(words.pop(0)) if words and not words[0].startswith("-") else {}
    recipe = settings.build(Recipe, table, where="recipe")
    chosen = tyro.cli(Fit, prog="humanseg-train fit", args=words, default=Fit(out=tyro.MISSING, recipe=recipe))
    import logging

    from humanseg_train.fit import fit

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    print(f"best checkpoint: {fit(chosen.recipe, chosen.out, resume=chosen.resume)}")


def _recipe_table(where: str) -> dict[str, Any]:
    """A recipe by path, or by name if it ships with humanseg."""
    path = Path(where)
    packaged = sorted(file.stem for file in RECIPES.glob("*.toml"))
    if where in packaged and not path.exists():
        path = RECIPES / f"{where}.toml"
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(
            f"There is no recipe {where}.", f"Give a file, or one of: {', '.join(packaged)}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a recipe: {error}.", "Mend that line.") from error


def _evaluate(words: list[str]) -> None:
    chosen = tyro.cli(Evaluate, prog="humanseg-train evaluate", args=words)
    from rich.console import Console

    from humanseg_train.evaluate import evaluate, table

    report = evaluate(chosen.model, chosen.root, split=chosen.split, engine=chosen.engine)
    Console().print(table(report))
    if chosen.out:
        chosen.out.write_text(json.dumps(report, indent=2) + "\n")


def _export(words: list[str]) -> None:
    chosen = tyro.cli(Export, prog="humanseg-train export", args=words)
    from humanseg_train.export import export

    difference = export(
        chosen.checkpoint, chosen.out, check=chosen.check, about=chosen.about, overwrite=chosen.overwrite
    )
    print(f"{chosen.out}: largest difference of alpha between torch and the exported model {difference:.1e}")
