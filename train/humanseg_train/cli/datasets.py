"""The subcommands that look at a data set."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from humanseg.errors import SettingsError
from humanseg_train.recipe import Recipe
from humanseg_train.recipe_files import read_recipe


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
class Preview:
    """Show what a recipe makes of photographs: humanseg-train preview RECIPE -o SHEET.jpg [--data.root FOLDER] ..."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Picture to write."""

    count: int = 8
    """Photographs on the sheet, each with five pictures made from it."""

    recipe: Annotated[Recipe, tyro.conf.arg(name="")] = field(default_factory=Recipe)
    """The training run whose augmentation is shown."""


def check_data(words: list[str]) -> int:
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


def preview(words: list[str]) -> None:
    """The recipe file comes first, as in `fit`."""
    recipe = read_recipe(words.pop(0)) if words and not words[0].startswith("-") else Recipe()
    default = Preview(out=tyro.MISSING, recipe=recipe)
    chosen = tyro.cli(Preview, prog="humanseg-train preview", args=words, default=default)
    from humanseg_train.preview import write_preview

    write_preview(chosen.recipe, chosen.out, count=chosen.count)
    print(chosen.out)
