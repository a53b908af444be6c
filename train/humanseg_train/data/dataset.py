"""Draws and the pictures they become.

A `Draw` says which sample, at which size, from which seed. The sampler decides all of it in one place from (seed,
epoch), so a run resumed at an epoch sees what an undisturbed one sees, whatever the number of worker processes.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import BatchSampler, Dataset

from humanseg.errors import SettingsError
from humanseg_train.data.augment import Augmenter
from humanseg_train.data.pictures import read_pair, read_rgb
from humanseg_train.data.previous import previous_alpha
from humanseg_train.data.rooms import find_rooms
from humanseg_train.data.samples import Sample
from humanseg_train.recipe import Recipe


class Draw(NamedTuple):
    """What one place in a batch is made from."""

    sample: int
    size: tuple[int, int]
    seed: int


class Draws(BatchSampler):
    """Batches of draws: samples by weight, one size a batch, a seed each. Of several processes, each has its share."""

    def __init__(self, samples: Sequence[Sample], recipe: Recipe) -> None:
        weights = np.array([recipe.data.webcam_weight if sample.webcam_like else 1.0 for sample in samples])
        self._shares = weights / weights.sum()
        self._recipe = recipe
        self._batches = max(1, (recipe.schedule.samples_per_epoch or len(samples)) // recipe.schedule.batch)
        self._epoch = 0
        self.sampler = self  # type: ignore[assignment]  # where Lightning looks for `set_epoch`

    def set_epoch(self, epoch: int) -> None:
        """Decide the draws of this epoch; called by Lightning before each."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._batches

    def __iter__(self) -> Iterator[list[Draw]]:  # type: ignore[override]
        random = np.random.default_rng((self._recipe.seed, self._epoch))
        batch, sizes = self._recipe.schedule.batch, self._recipe.augment.sizes
        count = self._batches * batch
        # Without replacement as far as the samples reach: an epoch then shows as many different ones as it can.
        rounds = -(-count // len(self._shares))
        order = np.concatenate(
            [random.choice(len(self._shares), len(self._shares), replace=False, p=self._shares) for _ in range(rounds)]
        )
        for start in range(0, count, batch):
            size = sizes[random.integers(len(sizes))]
            seeds = random.integers(0, 2**31, batch)
            picked = order[start : start + batch]
            draws = [Draw(int(index), size, int(seed)) for index, seed in zip(picked, seeds, strict=True)]
            yield draws[_process()[0] :: _process()[1]]


class TrainingPictures(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Draw -> (frame 3xHxW uint8, alpha 1xHxW uint8); with `network.previous`, the frame has a fourth channel."""

    def __init__(self, samples: Sequence[Sample], recipe: Recipe) -> None:
        if recipe.data.rooms is None and (recipe.data.room_share or recipe.data.empty_share):
            raise SettingsError(
                "The recipe puts people before rooms, but no folder of rooms is given.",
                "Give --data.rooms FOLDER, or set --data.room-share 0 --data.empty-share 0.",
            )
        self._samples = samples
        self._data = recipe.data
        self.rooms = find_rooms(recipe.data.rooms, "train") if recipe.data.rooms else []
        """The rooms that are drawn from."""
        self.room_weights: np.ndarray | None = None
        """How often each is drawn, beside the others; None: all alike."""
        self._augment = Augmenter(recipe.augment)
        self._previous = recipe.network.previous

    def __getitem__(self, draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
        random = np.random.default_rng(draw.seed)
        rgb, alpha = self._picture(draw, random)
        if not self._previous:
            return _tensors(rgb, alpha)
        return _tensors(np.dstack([rgb, previous_alpha(alpha, random)]), alpha)

    def _picture(self, draw: Draw, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """HxWx3 and HxW uint8: a room, a person before a room, or a photograph."""
        kind = random.random()
        if kind < self._data.empty_share:
            rgb = self._augment.empty(self._room(random), draw.size, draw.seed)
            return rgb, np.zeros(rgb.shape[:2], np.uint8)
        rgb, alpha = read_pair(self._samples[draw.sample])
        if kind < self._data.empty_share + self._data.room_share:
            return self._augment.before_room(rgb, alpha, self._room(random), draw.size, draw.seed)
        return self._augment.photograph(rgb, alpha, draw.size, draw.seed)

    def _room(self, random: np.random.Generator) -> np.ndarray:
        if self.room_weights is None:
            return read_rgb(self.rooms[random.integers(len(self.rooms))])
        return read_rgb(self.rooms[random.choice(len(self.rooms), p=self.room_weights / self.room_weights.sum())])


class ValidationPictures(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Index -> (frame 3xHxW uint8, alpha 1xHxW uint8), the whole photograph resized to the first training size.

    With `network.previous` the frame has a fourth channel of zeros: a photograph has no frame before it.
    """

    def __init__(self, samples: Sequence[Sample], recipe: Recipe) -> None:
        self._samples = samples
        self._size = recipe.augment.sizes[0]
        self._previous = recipe.network.previous

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        rgb, alpha = read_pair(self._samples[index])
        small, true = (cv2.resize(part, self._size, interpolation=cv2.INTER_AREA) for part in (rgb, alpha))
        return _tensors(np.dstack([small, np.zeros_like(true)]) if self._previous else small, np.asarray(true))


def _process() -> tuple[int, int]:
    """Which process this is, and of how many."""
    if not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def _tensors(rgb: np.ndarray, alpha: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))), torch.from_numpy(alpha[None])
