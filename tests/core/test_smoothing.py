"""Steady where nothing moves, at once where something does."""

import numpy as np
import pytest

from humanseg.matting.smoothing import STRONGEST, Smoother

RANDOM = np.random.default_rng(0)
GREY = np.full((96, 160, 3), 90, np.uint8)
DEFAULT = 0.8


def bar(left: int, bright: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Alpha at four times the small frame's size, and the small frame, of a bar with its left edge there."""
    alpha, small = np.zeros((384, 640), np.float32), GREY.copy()
    alpha[:, 4 * left : 4 * left + 120], small[:, left : left + 30] = 1, bright
    return alpha, small


def test_where_nothing_moves_it_is_the_recursive_mean() -> None:
    smoother = Smoother()
    alphas = [RANDOM.random((384, 640), np.float32) * 0.3 for _ in range(4)]
    expected = alphas[0].astype(np.float64)
    for alpha in alphas:
        keep = STRONGEST * 0.5
        expected = keep * expected + (1 - keep) * alpha
        np.testing.assert_allclose(smoother.smooth(alpha.copy(), GREY, 0.5), expected, atol=1e-5)


def test_the_flicker_of_a_still_noisy_scene_falls_to_a_fifth() -> None:
    smoother = Smoother()
    plain: list[np.ndarray] = []
    steady: list[np.ndarray] = []
    true, small = bar(60)
    for _ in range(30):
        noise = np.random.default_rng(len(plain)).normal(0, 0.08, true.shape).astype(np.float32)
        plain.append(np.clip(true * 0.8 + 0.1 + noise, 0, 1))
        seen = np.clip(small + RANDOM.normal(0, 2, small.shape), 0, 255).astype(np.uint8)
        steady.append(smoother.smooth(plain[-1].copy(), seen, DEFAULT).copy())
    flicker = [np.abs(np.diff(np.stack(alphas), axis=0)).mean() for alphas in (plain, steady)]
    assert flicker[1] < 0.2 * flicker[0]
    assert np.abs(steady[-1] - (true * 0.8 + 0.1)).mean() < np.abs(plain[-1] - (true * 0.8 + 0.1)).mean()


@pytest.mark.parametrize("step", [1, 3, 20, 60])
def test_a_moving_bar_is_in_its_place_within_the_frame_and_leaves_no_ghost(step: int) -> None:
    smoother = Smoother()
    for number in range(4):
        alpha, small = bar(10 + number * step)
        steady = smoother.smooth(alpha.copy(), small, DEFAULT)
        assert ((steady > 0.5) == (alpha > 0.5)).all()
        assert np.abs(steady - alpha).max() < 0.3


@pytest.mark.parametrize("strength", [DEFAULT, 1])
def test_a_sleeve_of_the_walls_own_colour_leaves_no_ghost_either(strength: float) -> None:
    smoother = Smoother()
    smoother.smooth(bar(10)[0], bar(10, bright=90)[1], strength)
    alpha, small = bar(60, bright=90)
    steady = smoother.smooth(alpha.copy(), small, strength)
    np.testing.assert_allclose(steady, alpha, atol=1e-6)


@pytest.mark.parametrize("strength", [0.3, DEFAULT, 1])
def test_what_changes_for_good_comes_in_the_end(strength: float) -> None:
    smoother = Smoother()
    smoother.smooth(np.zeros((96, 160), np.float32), GREY, strength)
    for _ in range(80):
        steady = smoother.smooth(np.full((96, 160), 0.3, np.float32), GREY, strength)
    np.testing.assert_allclose(steady, 0.3, atol=0.01)


def test_off_is_off_and_the_first_alpha_comes_back_as_it_is() -> None:
    for begin in ("off", "first", "reset", "size", "small size"):
        smoother = Smoother()
        if begin != "first":
            smoother.smooth(np.zeros((96, 160), np.float32), GREY, DEFAULT)
        if begin == "reset":
            smoother.reset()
        shape = (48, 160) if begin == "size" else (96, 160)
        alpha = RANDOM.random(shape, np.float32) * 0.3
        seen = GREY[:64] if begin == "small size" else GREY
        assert (smoother.smooth(alpha.copy(), seen, 0 if begin == "off" else DEFAULT) == alpha).all(), begin


@pytest.mark.parametrize("shape", [(1, 1), (2, 400), (37, 91)])
def test_alpha_stays_alpha(shape: tuple[int, int]) -> None:
    smoother = Smoother()
    for _ in range(20):
        small = RANDOM.integers(0, 256, (32, 64, 3), np.uint8)
        steady = smoother.smooth(np.round(RANDOM.random(shape, np.float32)), small, 1)
        assert np.isfinite(steady).all()
        assert steady.min() >= 0
        assert steady.max() <= 1
