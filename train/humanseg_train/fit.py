"""`humanseg-train fit`: one training run, from a recipe to the best checkpoint."""

import logging
import sys
import warnings
from pathlib import Path

import cv2
import lightning
import tomli_w
import torch
from lightning.pytorch import callbacks
from torch.utils.data import DataLoader

from humanseg.errors import HumansegError
from humanseg_train.checkpoints import load_recipe, plain
from humanseg_train.data.dataset import Draws, TrainingPictures, ValidationPictures
from humanseg_train.data.samples import find_samples
from humanseg_train.history import History
from humanseg_train.module import MattingModule
from humanseg_train.recipe import Recipe
from humanseg_train.schedules import Plateau
from humanseg_train.stopping import Patience, TimeBudget

logger = logging.getLogger(__name__)

Loader = DataLoader[tuple[torch.Tensor, torch.Tensor]]


def fit(recipe: Recipe, out: Path, *, resume: bool = False) -> Path:
    """Train, validate after each epoch, keep the best by validation IoU; returns the best checkpoint.

    `out` receives `recipe.toml`, `last.ckpt` and `best.ckpt` (written whole or not at all), and `metrics.csv`.

    Args:
        recipe: what to do.
        out: folder of the run.
        resume: go on from `out/last.ckpt`. The epochs that follow are the ones an undisturbed run would have had.

    Raises:
        HumansegError: `out` already holds a run, there is nothing to resume, or its recipe differs.
    """
    last = out / "last.ckpt"
    if last.exists() and not resume:
        raise HumansegError(f"{out} already holds a run.", "Add --resume to go on with it, or choose another folder.")
    if resume:
        _check_same(recipe, last)
    loaders = _loaders(recipe)
    lightning.seed_everything(recipe.seed, verbose=False)
    if recipe.schedule.threads:
        torch.set_num_threads(recipe.schedule.threads)
    module = MattingModule(recipe)  # before the folder is made: what is wrong with a recipe shows here
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.toml").write_text(tomli_w.dumps(plain(recipe)))
    best = callbacks.ModelCheckpoint(out, filename="best", monitor="val/iou", mode="max", enable_version_counter=False)
    with warnings.catch_warnings():
        # Lightning's hints are for whoever writes the loop; a user of this command can follow none of them.
        warnings.filterwarnings("ignore", module=r"lightning\.|torch\.")
        trainer = lightning.Trainer(
            max_epochs=recipe.schedule.epochs,
            precision=recipe.schedule.precision,
            accumulate_grad_batches=recipe.schedule.accumulate,
            gradient_clip_val=recipe.optimiser.clip or None,
            callbacks=[best, *_watchers(recipe, out)],
            logger=False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty(),
            default_root_dir=out,
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
        )
        trainer.fit(module, *loaders, ckpt_path=last if resume else None, weights_only=True)
    if trainer.interrupted:
        raise KeyboardInterrupt
    return Path(best.best_model_path)


def _watchers(recipe: Recipe, out: Path) -> list[callbacks.Callback]:
    """What keeps checkpoints and figures, and what ends or changes a run on the way."""
    watchers: list[callbacks.Callback] = [
        callbacks.ModelCheckpoint(out, filename="last", enable_version_counter=False),
        History(out / "metrics.csv"),
    ]
    if recipe.optimiser.schedule == "plateau":
        watchers.append(Plateau(recipe.optimiser.plateau_patience))
    if recipe.schedule.patience:
        watchers.append(Patience(recipe.schedule.patience))
    if recipe.schedule.minutes:
        watchers.append(TimeBudget(recipe.schedule.minutes))
    if recipe.schedule.ema:
        watchers.append(callbacks.EMAWeightAveraging(decay=recipe.schedule.ema))
    return watchers


def _loaders(recipe: Recipe) -> tuple[Loader, Loader]:
    workers = recipe.schedule.workers
    training = find_samples(recipe.data.root, "train")
    validation = find_samples(recipe.data.root, "val")
    logger.info("%d samples to train on, %d to validate", len(training), len(validation))
    return (
        DataLoader(
            TrainingPictures(training, recipe),
            batch_sampler=Draws(training, recipe),
            num_workers=workers,
            persistent_workers=workers > 0,
            worker_init_fn=_one_thread,
        ),
        DataLoader(
            ValidationPictures(validation, recipe),
            batch_size=recipe.schedule.batch,
            num_workers=workers,
            worker_init_fn=_one_thread,
        ),
    )


def _one_thread(_: int) -> None:
    """In a loading process OpenCV stays on one thread: the processes are the parallelism."""
    cv2.setNumThreads(0)


_FREE_ON_RESUME = {
    "data": {"root", "rooms"},
    "network": {"encoder_weights"},
    "schedule": {"epochs", "patience", "minutes", "workers", "threads"},
}
"""What may differ from the interrupted run: where its files lie, on how many cores it runs, and how long it goes on."""


def _check_same(recipe: Recipe, last: Path) -> None:
    """A run goes on under the recipe it began with; with another number of epochs, its curve is stretched to that."""
    if not last.exists():
        raise HumansegError(f"There is no run to resume in {last.parent}.", "Leave --resume out to begin one.")
    before, now = plain(load_recipe(last)), plain(recipe)
    for table in (before, now):
        for section, names in _FREE_ON_RESUME.items():
            table[section] = {name: value for name, value in table[section].items() if name not in names}
    changed = [section for section in now if before.get(section) != now[section]]
    if changed:
        raise HumansegError(
            f"The recipe differs from the run's in: {', '.join(changed)}.",
            f"Resume with {last.parent / 'recipe.toml'}, or begin a new run in another folder.",
        )
