"""Things that are drawn on the walls of rooms."""

import numpy as np
import pytest

from humanseg import settings
from humanseg.errors import SettingsError
from humanseg_train.data.augment import Augmenter
from humanseg_train.data.clutter import hang
from humanseg_train.recipe import Augment, Recipe

SIZE = (96, 64)
WALL = np.full((64, 96, 3), 200, np.uint8)
PERSON = np.full((64, 64, 3), (20, 220, 30), np.uint8)
ALPHA = np.zeros((64, 64), np.uint8)
ALPHA[16:, 16:48] = 255


def augmenter(clutter: float) -> Augmenter:
    return Augmenter(Augment(sizes=(SIZE,), photometric=0.0, clutter=clutter))


def test_something_is_seen_on_most_walls_and_the_room_itself_stays_as_it_was() -> None:
    hung = [hang(WALL, np.random.default_rng(seed)) for seed in range(100)]
    assert (WALL == 200).all()
    changed = [(picture != WALL).any(axis=2).mean() for picture in hung]
    assert sum(share > 0.01 for share in changed) > 90
    assert np.median(changed) < 0.6, "a wall is left"


def test_it_hangs_behind_the_person_and_is_none() -> None:
    bare, full = augmenter(0.0), augmenter(1.0)
    behind = 0
    for seed in range(20):
        before, alpha = bare.before_room(PERSON, ALPHA, WALL, SIZE, seed)
        after, same = full.before_room(PERSON, ALPHA, WALL, SIZE, seed)
        assert np.array_equal(alpha, same)
        assert np.array_equal(before[alpha == 255], after[alpha == 255])
        behind += (before != after).any()
    assert behind > 15


def test_rooms_without_anybody_have_it_too_in_the_share_that_was_asked_for() -> None:
    half = augmenter(0.5)
    hung = sum((half.empty(WALL, SIZE, seed) != 200).any() for seed in range(200))
    assert 70 < hung < 120
    assert all((augmenter(0.0).empty(WALL, SIZE, seed) == 200).all() for seed in range(5))


def test_a_share_is_a_share() -> None:
    with pytest.raises(SettingsError, match=r"clutter is 1\.5"):
        settings.build(Recipe, {"augment": {"clutter": 1.5}})
