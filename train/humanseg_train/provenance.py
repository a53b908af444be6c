"""What a checkpoint remembers of its making besides weights: the data, how long it took, and with which versions."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning
import segmentation_models_pytorch
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.data.digest import digest
from humanseg_train.data.samples import Sample


class Provenance(Callback):
    """Adds up the seconds of training over interruptions, and says from which data and versions a run came."""

    def __init__(self, root: Path, samples: Sequence[Sample]) -> None:
        counts = {split: sum(sample.split == split for sample in samples) for split in ("train", "val")}
        self._facts: dict[str, Any] = {
            "data": root.resolve().name,
            **counts,
            "sha256": digest(samples),
            "torch": str(torch.__version__),
            "lightning": str(lightning.__version__),
            "segmentation_models_pytorch": str(segmentation_models_pytorch.__version__),
        }
        self._before = 0.0
        self._began = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, and note on what it runs."""
        self._began = time.monotonic()
        self._facts["device"] = str(trainer.strategy.root_device)
        self._facts["processes"] = trainer.world_size

    def state_dict(self) -> dict[str, Any]:
        """The facts, and `seconds` so far."""
        return {**self._facts, "seconds": self._before + time.monotonic() - self._began}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting."""
        self._before = float(state_dict["seconds"])


def read_provenance(checkpoint: Path) -> dict[str, Any]:
    """What `Provenance` kept in a checkpoint; empty for one that was made without.

    Raises:
        HumansegError: the file is no checkpoint of ours.
    """
    return dict(read_checkpoint(checkpoint).get("callbacks", {}).get(Provenance.__name__, {}))
