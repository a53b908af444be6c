"""`humanseg-train fit`: one training run, from a recipe to the best checkpoint."""

import logging
import sys
import warnings
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import lightning
import numpy as np
import tomli_w
import torch
from lightning.pytorch import callbacks

from humanseg.errors import HumansegError
from humanseg_train.averaging import average
from humanseg_train.checkpoints import load_recipe, plain, read_checkpoint
from humanseg_train.curves import Curves
from humanseg_train.data.dataset import Draws, TrainingPictures
from humanseg_train.data.samples import Sample
from humanseg_train.hard_rooms import HARD, false_shares, read_shares, write_shares
from humanseg_train.history import History
from humanseg_train.loaders import make_loaders
from humanseg_train.memory import explaining_memory
from humanseg_train.module import MattingModule
from humanseg_train.networks.build import starts_from_checkpoint
from humanseg_train.networks.from_model import measure_norms
from humanseg_train.networks.hard_swish import is_soft, match_scales
from humanseg_train.networks.shared_norm import share_norms
from humanseg_train.processes import trainer_options
from humanseg_train.provenance import Provenance
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.module import SceneModule
from humanseg_train.schedules import Plateau
from humanseg_train.stopping import Patience, TimeBudget
from humanseg_train.teacher import Teacher

logger = logging.getLogger(__name__)

Log = Literal["tensorboard", "wandb"]

_MEASURED = 8
"""Batches from which the normalisation of an exported model, and what goes into its activations, is measured."""


def fit(recipe: Recipe, out: Path | str, *, resume: bool = False, logs: Sequence[Log] = ()) -> Path:
    """Train, validate after each epoch, keep the best by validation IoU; returns the best checkpoint.

    `out` receives `recipe.toml`, `last.ckpt` and `best.ckpt` (written whole or not at all), `metrics.csv` and
    `curves.png`; where something is frozen, `start.ckpt`, for `average`; where rooms are weighed, `rooms.csv`. Where
    `network.share` is below 1, `best.ckpt` is in the end what lies so far between `start.ckpt` and `last.ckpt`.

    Args:
        recipe: what to do.
        out: folder of the run.
        resume: go on from `out/last.ckpt`. The epochs that follow are the ones an undisturbed run would have had.
        logs: where else to write the figures: `tensorboard` (into `out/tensorboard`), `wandb` (needs its package).

    Raises:
        HumansegError: `out` already holds a run, there is nothing to resume, its recipe differs, the data set cannot be
            used, or memory runs out.
    """
    out = Path(out)
    last = out / "last.ckpt"
    if last.exists() and not resume:
        raise HumansegError(f"{out} already holds a run.", "Add --resume to go on with it, or choose another folder.")
    if resume:
        _check_same(recipe, last)
    where = trainer_options(recipe)
    training, validation, samples = make_loaders(recipe)
    if resume:
        # Lightning tells the epoch only after loading processes have begun to draw.
        assert isinstance(training.batch_sampler, Draws)
        training.batch_sampler.set_epoch(read_checkpoint(last)["epoch"] + 1)
    lightning.seed_everything(recipe.seed, verbose=False)
    if recipe.schedule.threads:
        torch.set_num_threads(recipe.schedule.threads)
    # Before the folder is made: what is wrong with a recipe shows here. A run that goes on brings its own weights.
    kind = SceneModule if recipe.network.classes > 1 else MattingModule
    module = kind(recipe, pretrained=not resume)
    if recipe.network.start and not resume and not starts_from_checkpoint(recipe.network):
        measure_norms(module.network, (module.normalise(batch[0]) for batch in islice(validation, _MEASURED)))
    if is_soft(module.network):
        match_scales(module.network, (module.normalise(batch[0]) for batch in islice(validation, _MEASURED)))
    if recipe.data.teacher:
        module.teacher = Teacher(recipe.network.start if recipe.data.teacher == "start" else recipe.data.teacher)
    loggers = _loggers(logs, recipe, out)
    out.mkdir(parents=True, exist_ok=True)
    if recipe.data.hard_rooms > 1:
        assert isinstance(training.dataset, TrainingPictures)
        _weigh_rooms(recipe, module, training.dataset, out, resume=resume)
    if recipe.network.start and recipe.network.frozen != "nothing" and not resume:
        torch.save({"state_dict": module.state_dict(), "recipe": plain(recipe), "epoch": -1}, out / "start.ckpt")
    if where["accelerator"] == "cpu":
        share_norms(module.network)
    (out / "recipe.toml").write_text(tomli_w.dumps(plain(recipe)))
    best = callbacks.ModelCheckpoint(out, filename="best", monitor="val/iou", mode="max", enable_version_counter=False)
    with warnings.catch_warnings(), explaining_memory(recipe):
        # Lightning's hints are for whoever writes the loop; a user of this command can follow none of them.
        warnings.filterwarnings("ignore", module=r"lightning\.|torch\.")
        trainer = lightning.Trainer(
            max_epochs=recipe.schedule.epochs,
            precision=recipe.schedule.precision,
            accumulate_grad_batches=recipe.schedule.accumulate,
            deterministic="warn" if recipe.schedule.deterministic else None,
            gradient_clip_val=recipe.optimiser.clip or None,
            callbacks=[best, *_watchers(recipe, out, samples)],
            logger=loggers or False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty(),
            default_root_dir=out,
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            log_every_n_steps=10,
            **where,
        )
        trainer.fit(module, training, validation, ckpt_path=last if resume else None, weights_only=True)
    if trainer.interrupted:
        raise KeyboardInterrupt
    if recipe.network.share < 1 and trainer.is_global_zero:
        between = out / ".between.ckpt"
        between.unlink(missing_ok=True)
        average(out / "start.ckpt", last, between, recipe.network.share)
        between.replace(out / "best.ckpt")
    return out / "best.ckpt"


def _weigh_rooms(recipe: Recipe, module: MattingModule, pictures: TrainingPictures, out: Path, *, resume: bool) -> None:
    """Draw hard rooms more often: as the network that training starts from finds them."""
    if not resume:
        write_shares(out, pictures.rooms, false_shares(module, pictures.rooms, recipe.augment.sizes[0]))
    hard = read_shares(out, pictures.rooms) > HARD
    logger.info("%d of %d rooms are hard", hard.sum(), len(hard))
    pictures.room_weights = np.where(hard, recipe.data.hard_rooms, 1.0)


def _watchers(recipe: Recipe, out: Path, samples: Sequence[Sample]) -> list[callbacks.Callback]:
    """What keeps checkpoints and figures, and what ends or changes a run on the way."""
    watchers: list[callbacks.Callback] = [
        callbacks.ModelCheckpoint(out, filename="last", enable_version_counter=False),
        Provenance(recipe.data.root, samples),
        History(out / "metrics.csv"),
        Curves(out),
    ]
    if sys.stderr.isatty():
        watchers.append(callbacks.RichProgressBar())
    if recipe.optimiser.schedule == "plateau":
        watchers.append(Plateau(recipe.optimiser.plateau_patience))
    if recipe.schedule.patience:
        watchers.append(Patience(recipe.schedule.patience))
    if recipe.schedule.minutes:
        watchers.append(TimeBudget(recipe.schedule.minutes))
    if recipe.schedule.ema:
        watchers.append(callbacks.EMAWeightAveraging(decay=recipe.schedule.ema))
    return watchers


def _loggers(logs: Sequence[Log], recipe: Recipe, out: Path) -> list[Any]:
    from lightning.pytorch import loggers

    made: list[Any] = []
    for log in dict.fromkeys(logs):
        try:
            if log == "tensorboard":
                made.append(loggers.TensorBoardLogger(out, name="", version="tensorboard"))
            else:
                made.append(loggers.WandbLogger(name=recipe.name, save_dir=out, project="humanseg"))
        except ModuleNotFoundError as error:
            raise HumansegError(f"The log {log} needs its package: {error}", f"pip install {log}") from error
    return made


_FREE_ON_RESUME = {
    "data": {"root", "rooms"},
    "network": {"encoder_weights", "start", "share"},
    "schedule": {
        *("epochs", "patience", "minutes", "compile", "deterministic", "workers", "threads"),
        *("devices", "nodes", "strategy"),
    },
}
"""What may differ from the interrupted run: where its files lie, on what it runs, how long it goes on, what is kept."""


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
