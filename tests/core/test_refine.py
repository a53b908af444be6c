"""Alpha at full resolution: against a plain guided filter, and what it may never do."""

import cv2
import numpy as np
import pytest

from humanseg.matting.preprocess import network_size, shrink
from humanseg.matting.refine import GAIN, RADIUS, REACH, RIDGE, refine, scale_up

RANDOM = np.random.default_rng(0)


def scene(size: tuple[int, int], person: tuple[int, ...] = (200, 60, 40)) -> tuple[np.ndarray, np.ndarray]:
    """A person of one colour before grey, with noise, and the true alpha."""
    width, height = size
    true = np.zeros((height, width), np.float32)
    cv2.circle(true, (width // 2, height // 2), min(size) // 4, 1, -1, cv2.LINE_8)
    true[height // 2 :, width * 3 // 8 : width * 5 // 8] = 1
    rgb = (
        true[:, :, np.newaxis] * np.array(person)
        + (1 - true[:, :, np.newaxis]) * 110
        + RANDOM.normal(0, 3, (*true.shape, 3))
    )
    return np.clip(rgb + 0.5, 0, 255).astype(np.uint8), true


def coarse(true: np.ndarray, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a network would make of it: smaller, softer, and a pixel off."""
    small = shrink(rgb, network_size((rgb.shape[1], rgb.shape[0]), 61440, 32))
    alpha = cv2.resize(true, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(np.roll(cv2.GaussianBlur(alpha, (0, 0), 1.2), 1, axis=1), np.float32), small


def oracle(alpha: np.ndarray, small: np.ndarray) -> np.ndarray:
    """The fast guided filter as its authors write it, at half the size in float64, pixel by pixel: slopes, offset."""
    height, width = (side // 2 for side in alpha.shape)
    alpha, small = (cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) for part in (alpha, small))
    guide = np.pad(small / 255, ((RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)), mode="symmetric")
    target = np.pad(alpha.astype(np.float64), RADIUS, mode="symmetric")
    side = 2 * RADIUS + 1
    lines = np.empty((height, width, 4))
    for y in range(height):
        for x in range(width):
            colours = guide[y : y + side, x : x + side].reshape(-1, 3)
            values = target[y : y + side, x : x + side].reshape(-1)
            centred = colours - colours.mean(axis=0)
            covariance = centred.T @ centred / side**2 + RIDGE * np.eye(3)
            slopes = np.linalg.solve(covariance, centred.T @ values / side**2)
            lines[y, x] = (*slopes, values.mean() - slopes @ colours.mean(axis=0))
    padded = np.pad(lines, ((RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    return np.asarray(windows.mean(axis=(3, 4)))


def test_at_an_outline_it_is_the_guided_filter_of_the_books() -> None:
    rgb, true = scene((64, 48))
    alpha = np.asarray(cv2.GaussianBlur(true, (0, 0), 1.0), np.float32)
    lines = cv2.resize(oracle(alpha, rgb).astype(np.float32), (64, 48))
    exact = (lines[:, :, :3] * (rgb / 255)).sum(axis=2) + lines[:, :, 3]
    square = np.ones((2 * REACH + 1, 2 * REACH + 1))
    fully = cv2.dilate(alpha, square) - cv2.erode(alpha, square) > 0.3
    assert fully.sum() > 200
    expected = np.clip(
        (exact - 0.5) * GAIN + 0.5, np.clip((alpha - 0.8) / 0.18, 0, 1), np.clip((alpha - 0.02) / 0.18, 0, 1)
    )
    np.testing.assert_allclose(refine(alpha, rgb, rgb)[fully], expected[fully], atol=2e-3)


def test_the_lines_are_scaled_to_the_frame_without_a_shift() -> None:
    rgb, true = scene((170, 130))
    small = shrink(rgb, (64, 48))
    alpha = np.asarray(
        cv2.GaussianBlur(cv2.resize(true, (64, 48), interpolation=cv2.INTER_AREA), (0, 0), 1.5), np.float32
    )
    lines = cv2.resize(oracle(alpha, small).astype(np.float32), (170, 130))
    exact = (lines[:, :, :3] * (rgb / 255)).sum(axis=2) + lines[:, :, 3]
    plain = cv2.resize(alpha, (170, 130))
    expected = np.clip(
        (exact - 0.5) * GAIN + 0.5, np.clip((plain - 0.8) / 0.18, 0, 1), np.clip((plain - 0.02) / 0.18, 0, 1)
    )
    differs = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, np.ones((2 * REACH + 1, 2 * REACH + 1)))
    fully = cv2.resize(cv2.erode((differs > 0.26).astype(np.float32), np.ones((3, 3))), (170, 130)) == 1
    assert fully.sum() > 1000
    np.testing.assert_allclose(refine(alpha, small, rgb)[fully], expected[fully], atol=3e-3)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (640, 361), (1918, 1078)])
def test_the_outline_moves_to_where_the_colours_change(size: tuple[int, int]) -> None:
    rgb, true = scene(size)
    alpha, small = coarse(true, rgb)
    before, after = (np.abs(found - true).mean() for found in (scale_up(alpha, size), refine(alpha, small, rgb)))
    assert after < 0.4 * before


def test_person_and_room_of_like_luma_are_told_apart_by_colour() -> None:
    size = (640, 360)
    rgb, true = scene(size, person=(110 + 60, 110 - 38, 110 + 38))
    assert abs(int(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[180, 320]) - 110) < 12
    alpha, small = coarse(true, rgb)
    assert np.abs(refine(alpha, small, rgb) - true).mean() < 0.5 * np.abs(scale_up(alpha, size) - true).mean()


def test_far_from_an_outline_no_colours_count() -> None:
    """A chessboard of a shirt, and of a room: inside stays opaque, outside clear, whatever is there."""
    size = (1280, 720)
    _, true = scene(size)
    rows, columns = np.mgrid[: size[1], : size[0]]
    rgb = np.repeat(((rows // 16 + columns // 16) % 2 * 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    alpha, small = coarse(true, rgb)
    refined = refine(alpha, small, rgb)
    plain = scale_up(alpha, size)
    reach = 4 * (2 * REACH + 2) + 1  # a small pixel is four wide here
    inside = cv2.erode(plain, np.ones((reach, reach))) > 0.97
    outside = cv2.dilate(plain, np.ones((reach, reach))) < 0.03
    assert inside.mean() > 0.1
    assert outside.mean() > 0.4
    assert refined[inside].min() >= plain[inside].min()
    assert refined[outside].max() <= plain[outside].max()


def test_where_the_network_is_certain_no_colours_count_right_up_to_the_outline() -> None:
    """A white strand in dark hair before a white wall, and a stain of the shirt's colour on the wall."""
    rgb = np.full((192, 320, 3), 240, np.uint8)
    rgb[60:, 100:220] = 30
    rgb[60:90, 120:126], rgb[57:60, 180:190] = 240, 30
    alpha = np.zeros((192, 320), np.float32)
    alpha[60:, 100:220] = 1
    refined = refine(cv2.GaussianBlur(alpha, (3, 3), 0).astype(np.float32), rgb, rgb)
    assert refined[62:90, 120:126].min() > 0.99
    assert refined[56:58, 180:190].max() < 0.01


def test_where_the_frame_is_even_the_ramp_is_steeper_and_no_less_in_its_place() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
    grey = np.full((48, 64, 3), 90, np.uint8)
    np.testing.assert_allclose(
        refine(ramp, grey, grey)[:, 12:-12], np.clip((ramp - 0.5) * GAIN + 0.5, 0, 1)[:, 12:-12], atol=1e-4
    )


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("size", [(640, 360), (1, 1), (3, 2), (2, 4000), (641, 361)])
def test_nobody_and_nothing_but_somebody_stay_so(value: float, size: tuple[int, int]) -> None:
    rgb = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    small = shrink(rgb, network_size(size, 61440, 32))
    assert (refine(np.full(small.shape[:2], value, np.float32), small, rgb) == value).all()


@pytest.mark.parametrize("size", [(640, 360), (1, 1), (3, 2), (2, 4000), (641, 361), (31, 7)])
def test_any_alpha_on_any_frame_gives_alpha(size: tuple[int, int]) -> None:
    rgb = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    rgb.flags.writeable = False
    small = shrink(rgb, network_size(size, 61440, 32))
    for alpha in (RANDOM.random(small.shape[:2], np.float32), np.round(RANDOM.random(small.shape[:2], np.float32))):
        refined = refine(alpha, small, rgb)
        assert (refined.shape, refined.dtype.name, refined.flags.c_contiguous) == (size[::-1], "float32", True)
        assert np.isfinite(refined).all()
        assert refined.min() >= 0
        assert refined.max() <= 1


def test_no_seam_shows_where_tiles_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb, true = scene((1280, 720))
    alpha, small = coarse(true, rgb)
    tiled = refine(alpha, small, rgb)
    monkeypatch.setattr("humanseg.matting.refine.TILE", 4096)
    np.testing.assert_allclose(tiled, refine(alpha, small, rgb), atol=1e-5)
