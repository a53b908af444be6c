"""Blending in tiles: what is all person or all room is copied, and every pixel is what the whole formula gives."""

import numpy as np
import pytest

from humanseg.compositing.blend import MIXED, PERSON, ROOM, TILE, _kinds, blend

RANDOM = np.random.default_rng(0)


def picture(height: int, width: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (height, width, 3), np.uint8)


def alphas(height: int, width: int) -> np.ndarray:
    """Tiles of 1, of 0, of all between, and of nearly 1 and 0."""
    alpha = np.zeros((height, width), np.float32)
    alpha[:, : width // 3] = 1
    alpha[height // 3 : height // 2] = RANDOM.random((height // 2 - height // 3, width), np.float32)
    alpha[-1, -1], alpha[-1, 0] = 0.5, 0.5
    return alpha


@pytest.mark.parametrize("size", [(256, 384), (180, 320), (201, 333), (64, 64), (65, 1), (1, 1)])
def test_it_is_the_formula_in_every_pixel(size: tuple[int, int]) -> None:
    person, behind, alpha = picture(*size), picture(*size), alphas(*size)
    got = blend(person, behind, alpha)
    weight = alpha[:, :, np.newaxis].astype(np.float64)
    want = weight * person + (1 - weight) * behind
    assert got.dtype == np.uint8
    assert np.abs(got - want).max() <= 0.51
    assert not np.may_share_memory(got, person)
    assert not np.may_share_memory(got, behind)


@pytest.mark.parametrize("value", [0.004, 0.996, np.nan])
@pytest.mark.parametrize("place", [(0, 0), (TILE - 1, TILE - 1), (100, 150)])
def test_one_pixel_that_differs_makes_its_tile_a_mixed_one(value: float, place: tuple[int, int]) -> None:
    alpha = np.full((130, 170), round(value) if value == value else 1, np.float32)
    others = PERSON if alpha[0, 0] else ROOM
    alpha[place] = value
    kinds = _kinds(alpha)
    where = place[0] // TILE, place[1] // TILE
    assert kinds[where] == MIXED
    assert np.count_nonzero(kinds == others) == kinds.size - 1


@pytest.mark.parametrize("value", [0.0019, 0.9981])
def test_what_shows_nowhere_is_copied_and_not_mixed(value: float) -> None:
    person, behind, alpha = picture(130, 170), picture(130, 170), np.full((130, 170), value, np.float32)
    kind = PERSON if value > 0.5 else ROOM
    assert (_kinds(alpha) == kind).all()
    want = value * person.astype(np.float64) + (1 - value) * behind
    assert np.abs(blend(person, behind, alpha) - want).max() <= 0.5
    alpha[3, 2] = 0.5
    assert _kinds(alpha)[0, 0] == MIXED


def test_half_and_half_is_not_taken_for_one_of_the_two() -> None:
    alpha = np.zeros((TILE, 2 * TILE), np.float32)
    alpha[:, : TILE // 2] = 1
    assert _kinds(alpha).tolist() == [[MIXED, ROOM]]
