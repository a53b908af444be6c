import dataclasses
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
from humanseg_train.data.previous import previous_alpha
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


def test_with_previous_a_frame_carries_the_alpha_before(recipe: Recipe) -> None:
    recipe = dataclasses.replace(recipe, network=dataclasses.replace(recipe.network, previous=True))
    samples = find_samples(recipe.data.root, "train")
    pictures = TrainingPictures(samples, recipe)
    draws = [draw for batch in Draws(samples, recipe) for draw in batch]
    for draw in draws:
        frame, alpha = pictures[draw]
        assert frame.shape == (4, *alpha.shape[1:])
        assert torch.equal(frame, pictures[draw][0]), "a draw is the same every time"
    frame, _ = ValidationPictures(samples, recipe)[0]
    assert frame.shape[0] == 4
    assert not frame[3].any(), "a photograph has no frame before it"


def test_previous_alphas_are_absent_near_or_of_another_scene() -> None:
    alpha = np.zeros((160, 256), np.uint8)
    cv2.ellipse(alpha, (128, 150), (50, 110), 0, 0, 360, 255, -1)
    random = np.random.default_rng(0)
    overlaps = []
    for _ in range(400):
        before = previous_alpha(alpha, random)
        assert before.shape == alpha.shape
        assert before.dtype == np.uint8
        overlaps.append(((before > 127) & (alpha > 127)).sum() / ((before > 127) | (alpha > 127)).sum())
    shares = np.histogram(overlaps, [0, 0.001, 0.7, 0.999, 1.001])[0] / len(overlaps)
    absent, elsewhere, near, same = shares
    assert 0.28 < absent < 0.45
    assert 0.1 < elsewhere < 0.3
    assert 0.35 < near < 0.55, "most of what is shown is of the same person, and none of it the truth"
    assert same == 0


def test_after_an_empty_scene_there_may_have_been_somebody() -> None:
    random = np.random.default_rng(0)
    shown = [previous_alpha(np.zeros((64, 96), np.uint8), random).max() for _ in range(100)]
    assert sum(value > 200 for value in shown) > 10, "what is gone must be let go of"
