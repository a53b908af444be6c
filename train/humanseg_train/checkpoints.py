"""What a checkpoint holds besides weights: its recipe."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from humanseg import settings
from humanseg.errors import HumansegError
from humanseg_train.recipe import Recipe


def plain(recipe: Recipe) -> dict[str, Any]:
    """The recipe as tables, lists, numbers and text only, as TOML and a safe unpickler can hold it."""
    return dict(_plain(asdict(recipe)))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint that `fit` wrote, on the CPU. Only tensors and plain values are unpickled: no code is run.

    Raises:
        HumansegError: the file is missing or no checkpoint of ours.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise HumansegError(f"There is no checkpoint {path}.", "Give the best.ckpt of a run.") from error
    except Exception as error:  # torch and pickle raise nearly anything for a file that is none of theirs
        raise HumansegError(f"{path} is not a checkpoint: {error}", "Give the best.ckpt of a run.") from error
    if not isinstance(checkpoint, dict) or "recipe" not in checkpoint or "state_dict" not in checkpoint:
        raise HumansegError(f"{path} is not a checkpoint of humanseg-train.", "Give the best.ckpt of a run.")
    return checkpoint


def load_recipe(path: Path) -> Recipe:
    """The recipe under which a checkpoint was trained."""
    return settings.build(Recipe, read_checkpoint(path)["recipe"], where=str(path))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, int | float | str) else str(value)
