"""When a run ends before its last epoch. Each ends after a whole epoch, whose checkpoint can be resumed."""

import logging
import time
from typing import Any

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

logger = logging.getLogger(__name__)


class Patience(Callback):
    """Stops when val/iou has not risen for `patience` epochs in a row.

    What has been waited is kept in checkpoints, the patience is not: a stopped run can be resumed with more of it.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._best = -1.0
        self._best_epoch = 0
        self._waited = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A run that has waited long enough is not waited for again."""
        self._judge(trainer, trainer.current_epoch)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the epoch, before its checkpoint is written."""
        # The first process decides for all: theirs may differ by rounding.
        reached = trainer.strategy.broadcast(float(trainer.callback_metrics["val/iou"]))
        epoch = trainer.current_epoch + 1
        if reached > self._best:
            self._best, self._best_epoch, self._waited = reached, epoch, 0
        else:
            self._waited += 1
        self._judge(trainer, epoch)

    def state_dict(self) -> dict[str, Any]:
        """The best val/iou, its epoch from 1, and how many epochs have passed since."""
        return {"best": self._best, "best_epoch": self._best_epoch, "waited": self._waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on counting."""
        self._best = float(state_dict["best"])
        self._best_epoch, self._waited = int(state_dict["best_epoch"]), int(state_dict["waited"])

    def _judge(self, trainer: Trainer, epoch: int) -> None:
        if self._waited < self._patience:
            return
        trainer.should_stop = True
        logger.info(
            "stopped early after epoch %d: val/iou has not risen above %.4f since epoch %d; "
            "resume with a larger schedule.patience to go on",
            epoch,
            self._best,
            self._best_epoch,
        )


class TimeBudget(Callback):
    """Stops after the epoch in which `minutes` have passed since training began; a resumed run has them anew."""

    def __init__(self, minutes: float) -> None:
        self._minutes = minutes
        self._began = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at the clock once an epoch."""
        # All of several processes stop or none: their clocks do not agree to the last moment.
        if trainer.strategy.broadcast(time.monotonic() - self._began >= 60 * self._minutes):
            trainer.should_stop = True
            epoch = trainer.current_epoch + 1
            logger.info("stopped after epoch %d: its %g minutes are over; --resume goes on", epoch, self._minutes)
