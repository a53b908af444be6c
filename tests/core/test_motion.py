"""Noise, movement, cuts and stillness, told apart from two small frames."""

import cv2
import numpy as np
import pytest

from humanseg.matting.motion import _noise, is_cut, is_still, motion

RANDOM = np.random.default_rng(0)
SIZE = (192, 320)


def room(seed: int = 1) -> np.ndarray:
    """Something to look at: soft shapes of every size."""
    random = np.random.default_rng(seed)
    layers = [cv2.resize(random.random((n, n, 3)), SIZE[::-1], interpolation=cv2.INTER_CUBIC) for n in (3, 9, 60)]
    return np.asarray(np.clip(60 + 60 * layers[0] + 40 * layers[1] + 60 * layers[2], 0, 255))


def noisy(picture: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(np.clip(picture + RANDOM.normal(0, sigma, picture.shape) + 0.5, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("sigma", [0, 1, 2.5])
def test_noise_is_no_movement(sigma: float) -> None:
    """2.5 grey levels in the small frame are ten in a frame of 720 lines."""
    moved = motion(noisy(room(), sigma), noisy(room(), sigma))
    assert (moved > 0.2).mean() < 0.002
    assert is_still(noisy(room(), sigma), noisy(room(), sigma))
    assert not is_cut(noisy(room(), sigma), noisy(room(), sigma))


@pytest.mark.parametrize("sigma", [0, 1, 2.5])
@pytest.mark.parametrize("step", [1, 4, 15])
def test_a_bar_that_moves_moves_on_both_sides_and_nowhere_else(sigma: float, step: int) -> None:
    before, now = room(), room()
    before[:, 100:140] = 200
    now[:, 100 + step : 140 + step] = 200
    moved = motion(noisy(before, sigma), noisy(now, sigma))
    assert moved.dtype == np.float32
    for column in (100 + step // 2, 139 + step // 2 + step % 2):
        assert (moved[:, column] > 0.9).mean() > 0.95
    assert (moved[:, :92] > 0.2).mean() < 0.002
    assert (moved[:, 150 + step :] > 0.2).mean() < 0.002
    assert not is_still(noisy(before, sigma), noisy(now, sigma))
    assert not is_cut(noisy(before, sigma), noisy(now, sigma))


def test_a_camera_that_pans_moves_everything_and_cuts_nothing() -> None:
    before = noisy(room(), 1)
    now = np.roll(before, 4, axis=1)
    assert (motion(before, now) > 0.9).mean() > 0.4
    assert not is_cut(before, now)


def test_a_small_thing_that_moves_ends_stillness() -> None:
    before, now = room(), room()
    now[90:96, 150:156] += 40
    assert not is_still(noisy(before, 2), noisy(now, 2))


def test_another_scene_is_a_cut_and_another_exposure_is_none() -> None:
    assert is_cut(noisy(room(1), 2), noisy(room(2), 2))
    assert is_cut(noisy(room(1), 2), np.zeros((*SIZE, 3), np.uint8))
    assert not is_cut(noisy(room(), 2), noisy(room() * 0.6, 2))
    assert not is_cut(noisy(room(), 2), noisy(room() + 40, 2))
    assert is_cut(noisy(room(), 2), noisy(room(), 2)[:, :160])
    assert not is_still(noisy(room(), 2), noisy(room(), 2)[:, :160])


def test_one_pixel_hardly_moves_what_passes_for_noise() -> None:
    """Engines round differently: were noise to jump from one of its few values to the next, all motion would."""
    local = np.full((64, 64), 6 / 9, np.float32)
    sampled = local[::4, ::4]
    found = [_noise(local, 4, (2, 4))]
    for place in np.ndindex(*sampled.shape):
        sampled[place] = 7 / 9
        found.append(_noise(local, 4, (2, 4)))
    assert found[0] == pytest.approx(4 * 6 / 9, abs=1e-6)
    assert found[-1] == pytest.approx(4 * 7 / 9, abs=1e-6)
    assert 0 < max(np.diff(found)) < 0.01
