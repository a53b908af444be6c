"""Training in several processes: which strategy, how many devices, and what only one process may do.

`schedule.batch` is what all processes see together, so a run does not change with their number.
"""

import os
from typing import Any

import torch

from humanseg.errors import SettingsError
from humanseg_train.recipe import Recipe


def process_count(recipe: Recipe) -> tuple[int, int]:
    """(devices on this node, nodes): the recipe's, or those that torchrun says in the environment."""
    here = int(os.environ.get("LOCAL_WORLD_SIZE", recipe.schedule.devices))
    total = int(os.environ.get("WORLD_SIZE", here * recipe.schedule.nodes))
    return here, max(1, total // here)


def trainer_options(recipe: Recipe) -> dict[str, Any]:
    """Arguments of Lightning's Trainer that say where to run.

    Raises:
        SettingsError: the batch cannot be shared out evenly, or the strategy does not work here.
    """
    devices, nodes = process_count(recipe)
    total, batch = devices * nodes, recipe.schedule.batch
    if batch % total:
        near = max(total, round(batch / total) * total)
        raise SettingsError(
            f"A batch of {batch} cannot be shared out among {total} processes.",
            f"Set --schedule.batch {near}: it counts the samples of all processes together.",
        )
    if recipe.schedule.strategy == "fsdp":
        if not torch.cuda.is_available():
            raise SettingsError("FSDP needs GPUs, and there is none here.", "Use --schedule.strategy ddp.")
        if recipe.schedule.ema:
            raise SettingsError(
                "FSDP shards the weights; they cannot be averaged.", "Set --schedule.ema 0, or use ddp."
            )
    strategy: Any = recipe.schedule.strategy
    if strategy == "fsdp":
        from lightning.pytorch.strategies import FSDPStrategy

        # One whole state, so that a checkpoint does not depend on how many processes wrote it.
        strategy = FSDPStrategy(state_dict_type="full")
    elif strategy == "auto" and total > 1:
        strategy = "ddp"
    if total == 1 and recipe.schedule.strategy != "fsdp":
        return {"accelerator": "auto", "devices": 1}
    options = {"strategy": strategy, "devices": devices, "num_nodes": nodes}
    if not torch.cuda.is_available():
        return {**options, "accelerator": "cpu"}
    # torch's own shared batch normalisation is for GPUs; on CPUs `share_norms` does it.
    return {**options, "accelerator": "gpu", "sync_batchnorm": True}
