"""Optimisers, and how their rate changes over a run."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from humanseg_train.recipe import Optimiser


def make_optimiser(parameters: Iterable[torch.nn.Parameter], settings: Optimiser) -> torch.optim.Optimizer:
    """Adam, AdamW, or SGD with Nesterov momentum."""
    if settings.name == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=settings.lr,
            weight_decay=settings.weight_decay,
            momentum=settings.momentum,
            nesterov=settings.momentum > 0,
        )
    algorithm = torch.optim.Adam if settings.name == "adam" else torch.optim.AdamW
    return algorithm(parameters, lr=settings.lr, weight_decay=settings.weight_decay)


def rate_curve(settings: Optimiser, steps: int) -> Callable[[int], float] | None:
    """Share of the peak rate, 0..1, at each step counted from 0; None if the rate follows no curve (plateau).

    Curves and not torch's OneCycleLR and PolynomialLR: those keep their number of steps in the checkpoint, and a run
    could not be resumed for more epochs.

    Args:
        settings: which curve, and its warm-up.
        steps: how many steps the run has.
    """
    warmup = max(1, round(steps * settings.warmup))

    def after_warmup(step: int) -> float:
        return min(1.0, (step - warmup) / max(1, steps - warmup))

    def cosine(step: int) -> float:
        return (step + 1) / warmup if step < warmup else 0.5 * (1 + math.cos(math.pi * after_warmup(step)))

    def poly(step: int) -> float:
        return (step + 1) / warmup if step < warmup else (1 - after_warmup(step)) ** 0.9

    def one_cycle(step: int) -> float:
        """From 1/25 to 1 over 30 % of the steps and down to almost nothing (Smith and Topin 2018)."""
        share = min(1.0, step / max(1, steps - 1))
        low, reached = (1 / 25, share / 0.3) if share < 0.3 else (1 / 250_000, (1 - share) / 0.7)
        return low + (1 - low) * 0.5 * (1 - math.cos(math.pi * reached))

    curves = {"cosine": cosine, "poly": poly, "one-cycle": one_cycle, "constant": lambda _: 1.0, "plateau": None}
    return curves[settings.schedule]


class Plateau(Callback):
    """Lowers the rate tenfold when val/iou has not risen for more than `patience` epochs.

    A callback and not Lightning's own plateau: that one moves after the epoch's checkpoint is written, and a
    resumed run would miss the move.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._saved: dict[str, Any] = {}
        self._schedule: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take hold of the optimiser, and of what a checkpoint remembers."""
        self._schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            trainer.optimizers[0], mode="max", factor=0.1, patience=self._patience
        )
        if self._saved:
            self._schedule.load_state_dict(self._saved)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the epoch, before its checkpoint is written."""
        if self._schedule is not None:
            # The first process decides for all: theirs may differ by rounding.
            self._schedule.step(trainer.strategy.broadcast(float(trainer.callback_metrics["val/iou"])))

    def state_dict(self) -> dict[str, Any]:
        """Plain numbers and text."""
        return dict(self._schedule.state_dict()) if self._schedule is not None else self._saved

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Kept until there is an optimiser."""
        self._saved = dict(state_dict)
