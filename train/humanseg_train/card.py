"""The card of a model: what it was trained on and how, what it scores, and what it must not be trusted with."""

from pathlib import Path
from typing import Any

import tomli_w

from humanseg_train.checkpoints import plain
from humanseg_train.evaluate import evaluate, markdown
from humanseg_train.recipe import Recipe


def write_card(
    folder: Path, recipe: Recipe, *, epoch: int, difference: float, check: Path | None, about: Path | None
) -> None:
    """Write `card.md` into a model folder that already holds the model.

    Args:
        folder: the model folder.
        recipe: what it was trained by.
        epoch: the epoch its weights are from, counted from 1.
        difference: largest difference of alpha between torch and the exported model.
        check: data set on which it is measured, or None.
        about: Markdown file with what only people know: sources, licences, uses and limits; or None.
    """
    parts = [
        f"# {recipe.name}",
        about.read_text().strip() if about else "Nobody wrote down where the training data came from.",
        "## Figures",
        _figures(folder, check),
        f"Torch and the exported model differ by at most {difference:.1e} in alpha.",
        "## Recipe",
        f"Weights of epoch {epoch} of {recipe.schedule.epochs}, the best by validation IoU; seed {recipe.seed}.",
        f"```toml\n{tomli_w.dumps(_without_folders(plain(recipe))).strip()}\n```",
    ]
    (folder / "card.md").write_text("\n\n".join(parts) + "\n")


def _without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """The recipe without the folders of the machine that ran it: a card is for others."""
    for section, name in (("data", "root"), ("data", "rooms"), ("network", "encoder_weights")):
        if name in recipe[section]:
            recipe[section][name] = Path(recipe[section][name]).name
    return recipe


def _figures(folder: Path, check: Path | None) -> str:
    if check is None:
        return "Not measured: the export was not given a data set."
    method = (
        f"Measured by `humanseg-train evaluate` on the `val` split of {check.name}, with the exported model, at the "
        "photographs' own resolution; mean over photographs; boundary IoU with a band of 3 px at 320 px width."
    )
    return f"{method}\n\n{markdown(evaluate(folder, check)).strip()}"
