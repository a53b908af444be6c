"""What each epoch of a run came to, as a file that survives interruptions."""

import csv
import logging
from pathlib import Path

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

logger = logging.getLogger(__name__)


class History(Callback):
    """One row an epoch in `metrics.csv`: epoch from 1, learning rate at its end, and everything that was logged.

    A resumed run keeps the rows of the epochs before it and writes the later ones anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, str]] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take over the rows of the epochs that a resumed run does not repeat."""
        if trainer.current_epoch and self._path.exists():
            with self._path.open(newline="") as file:
                rows = csv.DictReader(file)
                self._rows = [row for row in rows if int(row["epoch"]) <= trainer.current_epoch]

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add this epoch's row and write the file whole."""
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch, rate = trainer.current_epoch + 1, trainer.optimizers[0].param_groups[0]["lr"]
        row = {"epoch": epoch, "lr": rate, **dict(sorted(figures.items()))}
        self._rows.append({name: repr(value) for name, value in row.items()})
        if not trainer.is_global_zero:
            return
        draft = self._path.with_suffix(".partial")
        with draft.open("w", newline="") as file:
            # The union: a class that an epoch's validation did not show has no figure in it.
            writer = csv.DictWriter(file, dict.fromkeys(name for row in self._rows for name in row))
            writer.writeheader()
            writer.writerows(self._rows)
        draft.replace(self._path)
        logger.info(
            "epoch %d of %d: loss %.4f, validation IoU %.4f",
            epoch,
            trainer.max_epochs or 0,
            figures["train/loss"],
            figures["val/iou"],
        )
