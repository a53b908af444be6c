"""`humanseg-train preview`: photographs beside what augmentation makes of them, as training would see them."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from humanseg_train.data.dataset import Draw, TrainingPictures
from humanseg_train.data.pictures import read_pair, read_rgb
from humanseg_train.data.samples import find_samples
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.dataset import LabelledPictures
from humanseg_train.scenes.evaluate import colours
from humanseg_train.sheets import make_cell, save_picture, sheet
from humanseg_train.views import overlay

VARIANTS = 5
"""Pictures made from each photograph."""


def write_preview(recipe: Recipe, path: Path, *, count: int = 8) -> None:
    """A row for each of `count` photographs of the train split: as it is, then `VARIANTS` draws of it, people tinted.

    Raises:
        HumansegError: the data set cannot be used, or the picture not written.
    """
    samples = find_samples(recipe.data.root, "train")
    random = np.random.default_rng(recipe.seed)
    scene = recipe.network.classes > 1
    pictures = LabelledPictures(samples, recipe) if scene else TrainingPictures(samples, recipe)
    rows = []
    for index in random.permutation(len(samples))[:count]:
        sample = samples[index]
        original = read_rgb(sample.image) if scene else _tinted(*read_pair(sample))
        row = [make_cell(original, sample.name[:28])]
        for _ in range(VARIANTS):
            size = recipe.augment.sizes[int(random.integers(len(recipe.augment.sizes)))]
            frame, truth = pictures[Draw(int(index), size, int(random.integers(2**31)))]
            rgb = np.ascontiguousarray(frame.numpy()[:3].transpose(1, 2, 0))
            if scene:
                shown = np.asarray(cv2.addWeighted(rgb, 0.5, colours(truth.numpy()), 0.5, 0), np.uint8)
            else:
                shown = _tinted(rgb, truth.numpy()[0])
            row.append(make_cell(shown, f"{size[0]}x{size[1]}"))
        rows.append(row)
    save_picture(sheet(rows), path)


def _tinted(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return overlay(rgb, np.divide(alpha, 255, dtype=np.float32))
