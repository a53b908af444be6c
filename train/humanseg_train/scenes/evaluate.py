"""Figures and panels of a network of several classes, on photographs at their own resolution."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.table import Table
from torchmetrics.classification import MulticlassConfusionMatrix

from humanseg import settings
from humanseg.errors import HumansegError
from humanseg.matting.preprocess import network_size, to_tensor
from humanseg_train.checkpoints import read_checkpoint
from humanseg_train.data.samples import find_samples
from humanseg_train.module import MEAN, STD
from humanseg_train.panels import CELL, pick
from humanseg_train.recipe import Recipe
from humanseg_train.scenes.cityscapes import CLASSES, IGNORE, class_names
from humanseg_train.scenes.dataset import read_labelled
from humanseg_train.scenes.module import SceneModule, scene_figures
from humanseg_train.sheets import make_cell, save_picture, sheet


def evaluate_scenes(
    checkpoint: Path | str, root: Path | str, *, split: str = "val", panels: Path | None = None
) -> dict[str, Any]:
    """Measure a checkpoint on one split; labels of 255 play no part.

    Args:
        checkpoint: what `fit` wrote from a recipe of several classes.
        root: folder of the data set.
        split: which of its splits, or all.
        panels: picture of photographs, truth, prediction and mistakes to write, in the palette of Cityscapes.

    Returns:
        `pixel_accuracy`, `mean_iou`, `iou` of each class by name, and `photographs`: pixel accuracy by name.

    Raises:
        HumansegError: the checkpoint or the data set cannot be used.
    """
    content = read_checkpoint(Path(checkpoint))
    recipe = settings.build(Recipe, content["recipe"], where=str(checkpoint))
    if recipe.network.classes < 2:
        raise HumansegError(f"{checkpoint} knows one class: people.", "Measure it by `humanseg-train evaluate`.")
    module = SceneModule(recipe, pretrained=False)
    module.load_state_dict(content["state_dict"])
    module.eval()
    found = find_samples(Path(root), None if split == "all" else split)
    samples = {sample.name: sample for sample in found}
    names = class_names(recipe.network.classes)
    counts = MulticlassConfusionMatrix(len(names), ignore_index=IGNORE)
    accuracies = {}
    for name, sample in samples.items():
        rgb, labels = read_labelled(sample, len(names))
        predicted = _predict(module, rgb, recipe)
        counts.update(torch.from_numpy(predicted), torch.from_numpy(labels.astype(np.int64)))
        said = labels != IGNORE
        accuracies[name] = float((predicted == labels)[said].mean()) if said.any() else 1.0
    if panels:
        rows = []
        for kind, name in pick(accuracies, 3):
            rgb, labels = read_labelled(samples[name], len(names))
            predicted = _predict(module, rgb, recipe)
            wrong = np.where(((predicted != labels) & (labels != IGNORE))[..., None], np.uint8(255), rgb // 3)
            captions = f"{kind}: {name}"[:34], "truth", f"prediction, accuracy {accuracies[name]:.3f}", "mistakes"
            pictures = rgb, colours(labels), colours(predicted), wrong
            rows.append(
                [make_cell(part, text, CELL, tight=True) for part, text in zip(pictures, captions, strict=True)]
            )
        save_picture(sheet(rows), panels)
    return {**scene_figures(counts.compute(), names), "photographs": accuracies}


def scene_table(figures: dict[str, Any]) -> Table:
    """The figures for a terminal."""
    title = f"pixel accuracy {figures['pixel_accuracy']:.4f}, mean IoU {figures['mean_iou']:.4f}"
    grid = Table("class", "IoU", title=title)
    for name, iou in figures["iou"].items():
        grid.add_row(name, f"{iou:.4f}")
    return grid


def colours(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """HxW labels in the palette of Cityscapes, HxWx3; black where nothing is said."""
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(CLASSES)] = list(CLASSES.values())
    if labels.size and labels[labels != IGNORE].size and labels[labels != IGNORE].max() >= len(CLASSES):
        random = np.random.default_rng(0).integers(40, 256, (256 - len(CLASSES), 3), dtype=np.uint8)
        palette[len(CLASSES) :] = random
        palette[IGNORE] = 0
    return np.asarray(palette[labels])


def _predict(module: SceneModule, rgb: NDArray[np.uint8], recipe: Recipe) -> NDArray[np.int64]:
    """HxW: the class of each pixel of a photograph that the network saw with as many pixels as in training."""
    width, height = recipe.augment.sizes[0]
    size = network_size((rgb.shape[1], rgb.shape[0]), width * height, 32)
    with torch.inference_mode():
        logits = module.network(torch.from_numpy(to_tensor(rgb, size, MEAN, STD)))[0].float().numpy()
    whole = cv2.resize(logits.transpose(1, 2, 0), (rgb.shape[1], rgb.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole.argmax(axis=2), np.int64)
