"""Photographs with a class for each pixel, as training and validation see them."""

from collections.abc import Sequence

import albumentations
import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from humanseg.errors import HumansegError
from humanseg_train.data.augment import photometry
from humanseg_train.data.dataset import Draw
from humanseg_train.data.pictures import read_labels, read_rgb
from humanseg_train.data.records import Sample
from humanseg_train.recipe import Augment, Recipe
from humanseg_train.scenes.cityscapes import IGNORE

Labelled = tuple[torch.Tensor, torch.Tensor]
"""Frame 3xHxW uint8, labels HxW int64."""


class LabelledPictures(Dataset[Labelled]):
    """Draw -> (frame 3xHxW uint8, labels HxW int64, 255 where nothing is said)."""

    def __init__(self, samples: Sequence[Sample], recipe: Recipe) -> None:
        if recipe.data.rooms is not None:
            raise HumansegError("A network of several classes takes no rooms.", "Leave data.rooms out.")
        self._samples = samples
        self._classes = recipe.network.classes
        self._geometry = {size: _geometry(recipe.augment, size) for size in recipe.augment.sizes}
        self._photometry = photometry(recipe.augment.photometric)

    def __getitem__(self, draw: Draw) -> Labelled:
        rgb, labels = read_labelled(self._samples[draw.sample], self._classes)
        geometry = self._geometry[draw.size]
        geometry.set_random_seed(draw.seed)
        both = geometry(image=rgb, mask=labels)
        self._photometry.set_random_seed(draw.seed)
        return _tensors(self._photometry(image=both["image"])["image"], both["mask"])


class ValidationLabels(Dataset[Labelled]):
    """Index -> (frame 3xHxW uint8, labels HxW int64), the whole photograph resized to the first training size."""

    def __init__(self, samples: Sequence[Sample], recipe: Recipe) -> None:
        self._samples = samples
        self._classes = recipe.network.classes
        self._size = recipe.augment.sizes[0]

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Labelled:
        rgb, labels = read_labelled(self._samples[index], self._classes)
        small = cv2.resize(rgb, self._size, interpolation=cv2.INTER_AREA)
        return _tensors(small, cv2.resize(labels, self._size, interpolation=cv2.INTER_NEAREST))


def read_labelled(sample: Sample, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """A photograph HxWx3 and the labels of its pixels HxW, both uint8.

    Raises:
        HumansegError: one is unreadable, they differ in size, or a label is neither a class nor 255.
    """
    rgb, labels = read_rgb(sample.image), read_labels(sample.mask)
    if rgb.shape[:2] != labels.shape:
        raise HumansegError(f"{sample.image} and {sample.mask} differ in size.", "Make them as large as each other.")
    strange = np.unique(labels[(labels >= classes) & (labels != IGNORE)])
    if len(strange):
        raise HumansegError(
            f"{sample.mask} has the labels {', '.join(map(str, strange[:8]))}, and there are {classes} classes.",
            f"Labels go from 0 to {classes - 1}; {IGNORE} is what nothing is said of. Is it a labelIds file?",
        )
    return rgb, labels


def _geometry(settings: Augment, size: tuple[int, int]) -> albumentations.Compose:
    width, height = size
    nearest = cv2.INTER_NEAREST
    steps: list[albumentations.BasicTransform] = [albumentations.HorizontalFlip(p=0.5 if settings.flip else 0.0)]
    if settings.rotation or settings.shear:
        turn, lean = settings.rotation, settings.shear
        steps.append(
            albumentations.Affine(
                rotate=(-turn, turn), shear=(-lean, lean), mask_interpolation=nearest, fill_mask=IGNORE, p=0.5
            )
        )
    if settings.min_crop < 1:
        ratio = (width / height * 0.8, width / height * 1.25)
        steps.append(
            albumentations.RandomResizedCrop(
                size=(height, width), scale=(settings.min_crop, 1.0), ratio=ratio, mask_interpolation=nearest
            )
        )
    else:
        steps.append(albumentations.Resize(height, width, interpolation=cv2.INTER_AREA, mask_interpolation=nearest))
    return albumentations.Compose(steps)


def _tensors(rgb: np.ndarray, labels: np.ndarray) -> Labelled:
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))), torch.from_numpy(labels.astype(np.int64))
