"""The person's own colour at the outline, and the new background's light on it."""

import cv2
import numpy as np
import pytest

import humanseg
from humanseg.compositing import Compositor
from humanseg.compositing.backgrounds import ColourBackground
from humanseg.compositing.foreground import estimate_foreground
from humanseg.compositing.light_wrap import wrap_light
from humanseg.frames import Frame, Matte
from humanseg.matting import MattingOptions
from humanseg.sources.demo import DemoSource

RANDOM = np.random.default_rng(0)
GREEN, MAGENTA = (0, 177, 64), (230, 40, 140)


def person(size: tuple[int, int]) -> np.ndarray:
    """Hair, skin and a shirt that gets darker downwards, beyond the outline too."""
    width, height = size
    rgb = np.zeros((height, width, 3))
    rgb[:] = (222, 170, 140)
    rgb[: height // 4] = (60, 40, 30)
    shirt = rgb[height * 56 // 100 :]
    shirt[:] = np.linspace((90, 120, 220), (20, 30, 70), len(shirt))[:, np.newaxis]
    return rgb + cv2.resize(RANDOM.normal(0, 6, (max(2, height // 8), max(2, width // 8))), size)[:, :, np.newaxis]


def outline(size: tuple[int, int], softness: float) -> np.ndarray:
    """Head and shoulders with a few strands of hair; the edge is `softness` of the height wide."""
    width, height = size
    alpha = np.zeros((height, width), np.float32)
    cv2.circle(alpha, (width // 2, height // 3), height // 6, 1, -1)
    alpha[height * 6 // 10 :, width // 3 : width * 2 // 3] = 1
    for angle in np.linspace(np.pi * 1.1, np.pi * 1.9, 9):
        tip = int(width / 2 + np.cos(angle) * height * 0.24), int(height / 3 + np.sin(angle) * height * 0.24)
        cv2.line(alpha, (width // 2, height // 3), tip, 1, max(1, height // 180), cv2.LINE_AA)
    return np.asarray(np.clip(cv2.GaussianBlur(alpha, (0, 0), softness * height), 0, 1), np.float32)


def lab(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(np.asarray(rgb / 255, np.float32), cv2.COLOR_RGB2LAB))


def mix(person: np.ndarray, alpha: np.ndarray, behind: np.ndarray | tuple[int, ...]) -> np.ndarray:
    return np.asarray(alpha[:, :, np.newaxis] * person + (1 - alpha[:, :, np.newaxis]) * np.asarray(behind))


def rim(size: tuple[int, int], softness: float, *, decontaminate: bool) -> np.ndarray:
    """Colour difference (CIE76) from the true composite, in every pixel of the outline."""
    own, alpha = np.clip(person(size), 0, 255), outline(size, softness)
    filmed = np.rint(mix(own, alpha, GREEN)).astype(np.uint8)
    compositor = Compositor(ColourBackground(MAGENTA), decontaminate=decontaminate)
    found = compositor.composite(Frame(rgb=filmed), Matte(alpha=alpha)).rgb
    difference = np.linalg.norm(lab(found) - lab(mix(own, alpha, MAGENTA)), axis=2)
    return np.asarray(difference[(alpha > 0.01) & (alpha < 0.99)])


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080), (360, 640)])
@pytest.mark.parametrize("softness", [0.002, 0.004, 0.006])
def test_no_green_rim_stays_of_a_green_screen(size: tuple[int, int], softness: float) -> None:
    bare, clean = rim(size, softness, decontaminate=False), rim(size, softness, decontaminate=True)
    assert bare.mean() > 8, "there is something to take out"
    assert clean.mean() < 2
    assert np.percentile(clean, 90) < 5


def test_it_is_on_by_default_and_can_be_switched_off() -> None:
    alpha = outline((160, 90), 0.01)
    filmed = np.rint(mix(np.clip(person((160, 90)), 0, 255), alpha, GREEN)).astype(np.uint8)
    default = humanseg.composite(filmed, alpha, "#e6288c")
    np.testing.assert_array_equal(default, humanseg.composite(filmed, alpha, "#e6288c", decontaminate=True))
    off = humanseg.composite(filmed, alpha, "#e6288c", decontaminate=False)
    assert np.abs(off - mix(filmed, alpha, MAGENTA)).max() <= 1
    assert np.abs(default.astype(int) - off).max() > 20


def test_a_foreground_that_is_known_is_not_estimated_again() -> None:
    known, alpha = RANDOM.integers(0, 256, (90, 160, 3), np.uint8), outline((160, 90), 0.01)
    frame = Frame(rgb=np.zeros((90, 160, 3), np.uint8))
    found = Compositor(ColourBackground(MAGENTA)).composite(frame, Matte(alpha=alpha, foreground=known)).rgb
    assert np.abs(found - mix(known, alpha, MAGENTA)).max() <= 1


def test_where_alpha_is_sure_the_frame_stays_as_it_is() -> None:
    rgb = RANDOM.integers(0, 256, (360, 640, 3), np.uint8)
    alpha = outline((640, 360), 0.01)
    assert (estimate_foreground(rgb, alpha)[alpha == 1] == rgb[alpha == 1]).all()
    for sure in (np.zeros_like(alpha), np.ones_like(alpha)):
        estimate = estimate_foreground(rgb, sure)
        np.testing.assert_array_equal(estimate, rgb)
        assert estimate is not rgb


@pytest.mark.parametrize("size", [(1281, 723), (500, 901)])
def test_no_tile_is_left_out_and_no_seam_shows(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    alpha = np.zeros(size[::-1], np.float32)
    alpha[RANDOM.integers(0, size[1], 400), RANDOM.integers(0, size[0], 400)] = 0.5
    tiled = estimate_foreground(rgb, alpha)
    monkeypatch.setattr("humanseg.compositing.foreground.TILE", 4096)
    np.testing.assert_allclose(tiled[alpha > 0], estimate_foreground(rgb, alpha)[alpha > 0], atol=1)


def test_one_colour_before_itself_is_that_colour() -> None:
    rgb = np.full((90, 160, 3), (10, 120, 240), np.uint8)
    for alpha in (outline((160, 90), 0.02), np.full((90, 160), 0.5, np.float32), RANDOM.random((90, 160), np.float32)):
        np.testing.assert_allclose(estimate_foreground(rgb, alpha), rgb, atol=1)


@pytest.mark.parametrize("size", [(640, 360), (1, 1), (3, 2), (2, 4000), (641, 361)])
@pytest.mark.parametrize("opacity", [0, 1e-6, 0.05, 0.5, 0.999999, 1])
def test_any_frame_and_any_alpha_give_a_foreground(size: tuple[int, int], opacity: float) -> None:
    rgb = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    alpha = np.full((size[1], size[0]), opacity, np.float32)
    for array in (rgb, alpha):
        array.flags.writeable = False
    estimate = estimate_foreground(rgb, alpha)
    assert (estimate.shape, estimate.dtype.name) == (rgb.shape, "uint8")


# Light wrap


def test_light_falls_on_the_edge_in_the_backgrounds_colour_and_not_inside() -> None:
    alpha = outline((640, 360), 0.001)
    dark = np.full((360, 640, 3), 40, np.uint8)
    red = np.zeros_like(dark)
    red[:, :, 0] = 255
    lit = wrap_light(dark, red, alpha, 1)
    np.testing.assert_array_equal(lit[:, :, 1:], dark[:, :, 1:])
    assert (lit[:, :, 0] >= 40).all()
    row = lit[300, :, 0].astype(int)
    assert row[215] > 80, "at the outline, which is at 213"
    assert row[320] == 40
    assert (np.diff(row[213:320]) <= 0).all()


def test_light_is_screened_on() -> None:
    """Where nobody stands all the light arrives: 255 - (255 - a)(255 - b) / 255."""
    person, behind = RANDOM.integers(0, 256, (90, 160, 3), np.uint8), np.full((90, 160, 3), (200, 100, 0), np.uint8)
    light = np.array((200, 100, 0)) * 0.6
    expected = 255 - (255.0 - person) * (255 - light) / 255
    np.testing.assert_allclose(wrap_light(person, behind, np.zeros((90, 160), np.float32), 0.6), expected, atol=1.5)


def test_light_wrap_is_off_by_default_and_grows_with_its_strength() -> None:
    alpha = outline((160, 90), 0.01)
    frame, matte = Frame(rgb=np.full((90, 160, 3), 60, np.uint8)), Matte(alpha=alpha)
    behind = ColourBackground((255, 255, 255))
    results = [
        Compositor(behind, light_wrap=strength, decontaminate=False).composite(frame, matte).rgb.astype(int)
        for strength in (0, 0.3, 1)
    ]
    assert np.abs(results[0] - mix(frame.rgb, alpha, (255, 255, 255))).max() <= 1
    assert (results[0] <= results[1]).all()
    assert (results[1] <= results[2]).all()
    assert results[0].mean() + 0.5 < results[1].mean() < results[2].mean() - 0.5
    for strength in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="light_wrap is"):
            Compositor(behind, light_wrap=strength)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 4000), (641, 361)])
def test_any_size_can_be_lit(size: tuple[int, int]) -> None:
    rgb = RANDOM.integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert wrap_light(rgb, rgb, RANDOM.random(rgb.shape[:2], np.float32), 1).shape == rgb.shape


def test_a_person_of_whom_the_network_is_almost_sure_keeps_their_colours() -> None:
    # Far from any room, what running sums leave over must not pass for its colour.
    frame = next(iter(DemoSource(size=(640, 360))))
    with humanseg.open_matter(engine="onnxruntime", threads=1, options=MattingOptions(refine=False)) as matter:
        alpha = matter.alpha(frame.rgb)
    found = estimate_foreground(frame.rgb, alpha)
    assert np.abs(found.astype(int) - frame.rgb)[alpha > 0.95].max() <= 30
