"""The subcommands that take a trained model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from humanseg.errors import HumansegError, ModelError


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure a model on the original resolution of a data set's photographs."""

    model: tyro.conf.Positional[str]
    """Model folder, name of a packaged model, or a checkpoint (.ckpt, run in torch; of several classes too)."""

    root: Path
    """Folder of the data set."""

    split: str = "val"
    """Which of its splits, or all."""

    engine: str = "auto"
    """Engine that runs the network: auto, or one of those that `humanseg-batch --help` lists."""

    preset: str = "live"
    """How much of a picture the network gets to see: light, live, balanced or quality."""

    suite: bool = False
    """Also measure moving people, a still scene, a cut, empty rooms and look-alikes; needs `rooms`."""

    rooms: Path | None = None
    """Folder of pictures without people."""

    out: Path | None = None
    """Also write the figures as JSON to this file."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Turn a checkpoint into a model folder that every command accepts."""

    checkpoint: tyro.conf.Positional[Path]
    """A checkpoint that fit wrote; normally best.ckpt."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder to write: model.onnx, model.toml, card.md, verify.json."""

    check: Path | None = None
    """Data set whose validation photographs torch and the exported model must agree on; else rendered pictures."""

    about: Path | None = None
    """Markdown file for the card: sources, licences, uses and limits."""

    precision: Literal["fp32", "fp16"] = "fp32"
    """Arithmetic inside the ONNX file; fp16 is strongly typed, with float32 input and output."""

    still: bool = False
    """Leave out the input for the alpha of the frame before: alpha is then what it is for a first frame."""

    ship: bool = False
    """Only write a model that falls behind the packaged one in nothing; needs `check` and `rooms`."""

    rooms: Path | None = None
    """Folder of pictures without people."""

    elsewhere: Path | None = None
    """Data set of another source, whose figures go into the card, too; needs `check` and `rooms`."""

    overwrite: bool = False
    """Replace a model folder that is there already."""


@dataclass(frozen=True, kw_only=True)
class Average:
    """Take the weights between two checkpoints: what a short run unlearnt comes back before what it taught is gone."""

    first: tyro.conf.Positional[Path]
    """The `start.ckpt` of a run with `--network.frozen norms` or `encoder`."""

    second: tyro.conf.Positional[Path]
    """Its `best.ckpt` or `last.ckpt`."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Checkpoint to write."""

    share: float = 0.5
    """How much of the second counts, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Hold a model folder against its checkpoint in every engine of this machine; exit code 1 if it is refused."""

    model: tyro.conf.Positional[Path]
    """Model folder; its verify.json and the table in its card are written anew."""

    checkpoint: Path
    """The checkpoint that it was exported from."""

    root: Path | None = None
    """Data set whose validation photographs are matted; else rendered pictures."""


@dataclass(frozen=True, kw_only=True)
class Predict:
    """Matte pictures and videos."""

    model: tyro.conf.Positional[str]
    """Model folder, name of a packaged model, or a checkpoint (.ckpt, run in torch)."""

    inputs: tyro.conf.Positional[tuple[Path, ...]]
    """Pictures, videos, or folders of them."""

    out: Annotated[Path, tyro.conf.arg(aliases=["-o"])]
    """Folder to write NAME-VIEW files to."""

    views: tuple[Literal["alpha", "overlay", "side-by-side"], ...] = ("alpha", "overlay", "side-by-side")
    """What to write for each: alpha alone, the person tinted, or picture, alpha and composite in a row."""

    engine: str = "auto"
    """Engine that runs the network."""

    overwrite: bool = False
    """Replace files that are there already."""


def evaluate(words: list[str]) -> None:
    """Figures as a table, and as JSON if wanted."""
    chosen = tyro.cli(Evaluate, prog="humanseg-train evaluate", args=words)
    from rich.console import Console

    from humanseg_train.checkpoints import load_recipe
    from humanseg_train.evaluation import evaluate as measure
    from humanseg_train.evaluation import table
    from humanseg_train.scenes.evaluate import evaluate_scenes, scene_table

    if chosen.model.endswith(".ckpt") and load_recipe(Path(chosen.model)).network.classes > 1:
        report = evaluate_scenes(chosen.model, chosen.root, split=chosen.split)
        Console().print(scene_table(report))
    else:
        split, engine, preset = chosen.split, chosen.engine, chosen.preset
        report = measure(chosen.model, chosen.root, split=split, engine=engine, preset=preset)
        Console().print(table(report))
        if chosen.suite:
            from humanseg_train import suite

            rooms = _rooms(chosen.rooms, "--suite")
            figures = suite.suite(chosen.model, chosen.root, rooms, split=split, engine=engine, preset=preset)
            report["suite"] = figures
            print(suite.markdown({preset: figures}))
    if chosen.out:
        chosen.out.write_text(json.dumps(report, indent=2) + "\n")


def export(words: list[str]) -> None:
    """Write a model folder, or say why it was refused."""
    chosen = tyro.cli(Export, prog="humanseg-train export", args=words)
    from humanseg_train.exporting import export as write

    if chosen.ship:
        _rooms(chosen.rooms, "--ship")
    verification = write(
        chosen.checkpoint,
        chosen.out,
        check=chosen.check,
        rooms=chosen.rooms,
        elsewhere=chosen.elsewhere,
        about=chosen.about,
        precision=chosen.precision,
        still=chosen.still,
        ship=chosen.ship,
        overwrite=chosen.overwrite,
    )
    print(f"{chosen.out}\n\n{verification.markdown()}")


def average(words: list[str]) -> None:
    """Write one checkpoint from two."""
    chosen = tyro.cli(Average, prog="humanseg-train average", args=words)
    from humanseg_train.averaging import average as mix

    mix(chosen.first, chosen.second, chosen.out, chosen.share)


def verify(words: list[str]) -> None:
    """Write the report first, then complain."""
    chosen = tyro.cli(Verify, prog="humanseg-train verify", args=words)
    from humanseg_train.verdict import write_verification
    from humanseg_train.verification import verify as compare

    verification = compare(chosen.model, chosen.checkpoint, chosen.root)
    write_verification(verification, chosen.model)
    print(verification.markdown())
    if verification.faults:
        raise ModelError(
            f"{chosen.model} is refused. {'; '.join(verification.faults)}.", "Export the checkpoint again."
        )


def predict(words: list[str]) -> None:
    """Names of the files that were written."""
    chosen = tyro.cli(Predict, prog="humanseg-train predict", args=words)
    from humanseg_train.prediction import predict as write

    written = write(
        chosen.model,
        chosen.inputs,
        chosen.out,
        views=chosen.views,
        engine=chosen.engine,
        overwrite=chosen.overwrite,
    )
    for path in written:
        print(path)


def _rooms(folder: Path | None, option: str) -> Path:
    if folder is None:
        raise HumansegError(f"{option} needs pictures of rooms without people.", "Give their folder by --rooms.")
    return folder
