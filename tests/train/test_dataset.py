from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.data.augment import place
from humanseg_train.data.dataset import Draw, Draws, TrainingPictures, ValidationPictures
from humanseg_train.data.samples import find_samples
from humanseg_train.recipe import Data, Recipe

Person = Callable[[int], tuple[np.ndarray, np.ndarray]]


@pytest.fixture
def recipe(recipe_file: Path) -> Recipe:
    return settings.read(recipe_file, Recipe)


def test_a_draw_is_the_same_picture_every_time(recipe: Recipe) -> None:
    samples = find_samples(recipe.data.root, "train")
    one, other = TrainingPictures(samples, recipe), TrainingPictures(samples, recipe)
    draws = [draw for batch in Draws(samples, recipe) for draw in batch]
    expected = [one[draw] for draw in draws]
    for draw, (frame, alpha) in zip(reversed(draws), reversed(expected), strict=True):
        again = other[draw]
        assert torch.equal(frame, again[0])
        assert torch.equal(alpha, again[1])
        assert frame.shape == (3, draw.size[1], draw.size[0])
        assert frame.dtype == alpha.dtype == torch.uint8


def test_epochs_differ_and_repeat(recipe: Recipe) -> None:
    samples = find_samples(recipe.data.root, "train")
    draws = Draws(samples, recipe)
    first = list(draws)
    draws.set_epoch(1)
    second = list(draws)
    draws.set_epoch(0)
    assert list(draws) == first
    assert second != first
    assert len(first) == len(draws) == 2
    assert all(len({draw.size for draw in batch}) == 1 for batch in first), "one size a batch"


def test_webcam_like_people_are_drawn_more_often(recipe: Recipe) -> None:
    samples = find_samples(recipe.data.root, "train")
    table = {**vars(recipe), "data": Data(**{**vars(recipe.data), "webcam_weight": 4.0})}
    draws = Draws(samples, Recipe(**table))
    counts = [0, 0]
    for epoch in range(100):
        draws.set_epoch(epoch)
        for batch in draws:
            for draw in batch:
                counts[samples[draw.sample].webcam_like] += 1
    assert counts[1] > 1.3 * counts[0]


def test_the_kinds_of_picture_have_their_shares(recipe: Recipe) -> None:
    samples = find_samples(recipe.data.root, "train")
    pictures = TrainingPictures(samples, recipe)
    empty = sum(not pictures[Draw(0, (64, 64), seed)][1].any() for seed in range(200))
    assert 8 <= empty <= 40, "about a tenth are rooms without anybody"


def test_shares_without_rooms_are_refused(recipe: Recipe) -> None:
    data = Data(root=recipe.data.root, room_share=0.5)
    with pytest.raises(SettingsError, match="no folder of rooms"):
        TrainingPictures(find_samples(data.root, "train"), Recipe(data=data))


def test_a_person_cut_below_stays_cut_before_a_room(draw_person: Person) -> None:
    rgb, alpha = draw_person(1)
    room = np.full((90, 160, 3), 200, np.uint8)
    for seed in range(30):
        composite, true = place(rgb, alpha, room, np.random.default_rng(seed), flip=True)
        assert true[-1].max() > 127, "reaches the bottom edge"
        assert np.abs(composite[true == 0].astype(int) - 200).max() <= 1, "nothing of the old background comes along"


def test_validation_sees_the_whole_photograph(recipe: Recipe, draw_person: Person) -> None:
    samples = find_samples(recipe.data.root, "val")
    frame, alpha = ValidationPictures(samples, recipe)[0]
    rgb, true = draw_person(12)
    assert np.array_equal(alpha[0].numpy(), cv2.resize(true, (64, 64), interpolation=cv2.INTER_AREA))
    assert np.array_equal(frame.numpy().transpose(1, 2, 0), cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA))
