"""The card of a model: what it was trained on and how, what it scores, and what it must not be trusted with."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import tomli_w

from humanseg.cli.machine import processor
from humanseg.engines.engine import default_threads
from humanseg_train.by_preset import compare_presets
from humanseg_train.checkpoints import plain, read_checkpoint
from humanseg_train.evaluation import evaluate, markdown
from humanseg_train.provenance import read_provenance
from humanseg_train.recipe import Recipe
from humanseg_train.speed import FRAME, measure_speed
from humanseg_train.speed import markdown as markdown_of_speed
from humanseg_train.suite import markdown as markdown_of_suite

LIMITS = """- It was measured on the photographs named below: before other cameras, light and clothes it may do worse.
- How well it does by age, skin tone, disability or dress was not measured.
- It tells a person from what is behind them. It does not tell who somebody is and must not be used for that, nor
  where a mistake hurts anybody."""
"""What holds of every model that nobody has said more of."""


def write_card(
    folder: Path,
    recipe: Recipe,
    checkpoint: Path,
    *,
    epoch: int,
    check: Path | None,
    elsewhere: Path | None,
    figures: dict[str, dict[str, float]],
    about: Path | None,
) -> None:
    """Write `card.md` into a model folder that already holds the model.

    Args:
        folder: the model folder.
        recipe: what it was trained by.
        checkpoint: where its weights are from.
        epoch: the epoch of those weights, counted from 1.
        check: data set on which it is measured, or None.
        elsewhere: data set of another source, on which its presets are measured too, or None.
        figures: by preset, what `suite` measured; may be empty.
        about: Markdown file with what only people know: sources, licences, uses and limits; or None.
    """
    parts = [
        f"# {recipe.name}",
        about.read_text().strip() if about else _unknown(),
        "## Figures",
        _figures(folder, check),
        *([_presets(folder, figures, check, elsewhere)] if figures and check else []),
        *_suite(figures),
        *([_speed(folder, figures)] if figures else []),
        "## Training",
        _made(read_provenance(checkpoint)),
        "## Recipe",
        f"Weights {_which(checkpoint)} epoch {epoch} of {recipe.schedule.epochs}; seed {recipe.seed}.",
        f"```toml\n{tomli_w.dumps(_without_folders(plain(recipe))).strip()}\n```",
    ]
    (folder / "card.md").write_text("\n\n".join(parts) + "\n")


def _which(checkpoint: Path) -> str:
    kept = read_checkpoint(checkpoint)
    if "share" not in kept:
        return "of"
    since = "where the run began" if kept["since"] < 0 else f"epoch {kept['since'] + 1} of another"
    return f"{100 * kept['share']:.0f} % of the way from {since} to"


def _unknown() -> str:
    """What a card says if its maker gave no text."""
    licence = (
        "Licence: none was stated. Whether the weights may be used or passed on depends on the photographs that they "
        "were trained on; nobody wrote down where those came from."
    )
    return f"{licence}\n\n## Limits\n\n{LIMITS}"


def _made(facts: dict[str, Any]) -> str:
    if not facts:
        return "The checkpoint does not tell on what it was trained."
    versions = ", ".join(f"{name} {facts[name]}" for name in ("torch", "lightning", "segmentation_models_pytorch"))
    return (
        f"Trained on {facts['train']} photographs of {facts['data']} and chosen by {facts['val']} others; SHA-256 of "
        f"those photographs, masks and splits: `{facts['sha256']}`. It took {facts['seconds'] / 60:.1f} minutes in "
        f"{facts['processes']} process(es) on {facts['device']}, with {versions}."
    )


def _presets(folder: Path, presets: Collection[str], check: Path, elsewhere: Path | None) -> str:
    method = (
        "Preset by preset, in the same way, on photographs that it was not trained on; `val` chose among its epochs"
    )
    other = f", {elsewhere.name} is of another source than any of the others" if elsewhere else ""
    return f"{method}{other}.\n\n{compare_presets(folder, presets, check, elsewhere).strip()}"


def _suite(figures: dict[str, dict[str, float]]) -> list[str]:
    if not figures:
        return []
    method = (
        "Measured by `humanseg-train evaluate --suite` on people of the same split, moved before rooms by us; what "
        "each figure means stands in `humanseg_train.suite`."
    )
    return [method, markdown_of_suite(figures).strip()]


def _speed(folder: Path, presets: Collection[str]) -> str:
    method = (
        f"Milliseconds for a frame of {FRAME[0]}x{FRAME[1]}: the network alone / everything from the frame to its "
        f"matte. Medians, all taking turns, by every engine of the machine that made this card ({processor()}, "
        f"{default_threads()} thread(s)). `humanseg-bench` tells them for yours."
    )
    return f"{method}\n\n{markdown_of_speed(measure_speed(folder, list(presets))).strip()}"


def _without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe without the folders of the machine that ran it: a card is for others."""
    for section, name in (
        ("data", "root"),
        ("data", "rooms"),
        ("data", "teacher"),
        ("network", "encoder_weights"),
        ("network", "start"),
    ):
        if name in recipe[section]:
            recipe[section][name] = Path(recipe[section][name]).name
    return recipe


def _figures(folder: Path, check: Path | None) -> str:
    if check is None:
        return "Not measured: the export was not given a data set."
    method = (
        f"Measured by `humanseg-train evaluate` on the `val` split of {check.name}, with the exported model, at the "
        "photographs' own resolution. Means are over photographs, micro is over all their pixels together; boundary "
        "IoU has a band of 3 px at 320 px width; grad and conn are sums over a photograph, in thousands."
    )
    return f"{method}\n\n{markdown(evaluate(folder, check)).strip()}"
