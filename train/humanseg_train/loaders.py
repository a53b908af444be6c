"""The loaders of a run: what is drawn to train on, and the photographs that every epoch is validated with."""

import logging
from collections.abc import Sequence
from typing import Any

import cv2
from torch.utils.data import DataLoader

from humanseg.errors import HumansegError
from humanseg_train.data.dataset import Draws, TrainingPictures, ValidationPictures
from humanseg_train.data.pictures import read_mask
from humanseg_train.data.samples import Sample, find_samples
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.dataset import LabelledPictures, ValidationLabels

logger = logging.getLogger(__name__)

Loader = DataLoader[Any]

_LISTED = 20
"""At most so many files are named in a message."""


def make_loaders(recipe: Recipe) -> tuple[Loader, Loader, list[Sample]]:
    """Training and validation loader, and the samples behind both.

    Raises:
        HumansegError: the data set cannot be used, or nobody is in any of its masks.
    """
    training = find_samples(recipe.data.root, "train")
    validation = find_samples(recipe.data.root, "val")
    logger.info("%d samples to train on, %d to validate", len(training), len(validation))
    pictures: Any
    checked: Any
    if recipe.network.classes > 1:
        pictures, checked = LabelledPictures(training, recipe), ValidationLabels(validation, recipe)
    else:
        refuse_empty(training)
        pictures, checked = TrainingPictures(training, recipe), ValidationPictures(validation, recipe)
    workers = recipe.schedule.workers
    return (
        DataLoader(
            pictures,
            batch_sampler=Draws(training, recipe),
            num_workers=workers,
            persistent_workers=workers > 0,
            worker_init_fn=_one_thread,
        ),
        DataLoader(checked, batch_size=recipe.schedule.batch, num_workers=workers, worker_init_fn=_one_thread),
        [*training, *validation],
    )


def refuse_empty(samples: Sequence[Sample]) -> None:
    """Look for a mask with somebody in it; reading stops at the first.

    Raises:
        HumansegError: there is none; the files are listed.
    """
    for sample in samples:
        if read_mask(sample).any():
            return
    names = [str(sample.mask) for sample in samples]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    raise HumansegError(
        f"Nobody is in any of the {len(names)} masks to train on: {', '.join(names[:_LISTED])}{more}.",
        "Look at how the masks were exported; `humanseg-train check-data` tells more.",
    )


def _one_thread(_: int) -> None:
    """In a loading process OpenCV stays on one thread: the processes are the parallelism."""
    cv2.setNumThreads(0)
