"""Frames through the whole matter: what is on by default, what may be switched off, and what is forgotten when.

The network's alpha is the red channel, so that a scene is drawn in red.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnx.parser
import pytest

from humanseg.engines.onnx import OnnxEngine
from humanseg.frames import Frame
from humanseg.matting import Matter, MattingOptions
from humanseg.matting.still import LONGEST
from humanseg.models import find_model

PLAIN = MattingOptions(refine=False, smoothing=0)

LENIENT = [MattingOptions(), MattingOptions(skip_still=True), MattingOptions(smoothing=1), MattingOptions(carry=True)]
"""Options under which something is kept from frame to frame."""


class Counting(OnnxEngine):
    """The engine, how often it ran, and whether the network was given an alpha of the frame before."""

    runs = 0
    remembers = False

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.runs += 1
        self.remembers = bool(inputs["before"].any())
        return super().run(inputs)


@pytest.fixture
def matter(tmp_path: Path) -> Matter:
    network = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> net (float[1,3,H,W] frame, float[1,1,H,W] before) => (float[1,1,H,W] '
        "alpha) <int64[1] zero = {0}> { red = Gather<axis=1>(frame, zero) nothing = Sub(before, before) "
        "alpha = Add(red, nothing) }"
    )
    onnx.save(network, tmp_path / "model.onnx")
    digest = hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
    (tmp_path / "model.toml").write_text(
        f'format = 1\nname = "red"\nfile = "model.onnx"\nsha256 = "{digest}"\npixels = 61440\nmultiple = 32\n'
        'mean = [0, 0, 0]\nstd = [1, 1, 1]\ninput = "frame"\noutput = "alpha"\nprevious = "before"\n'
    )
    model = find_model(tmp_path)
    return Matter(model, Counting(model, 1))


def scene(
    left: int = 200, *, seed: int = 0, sigma: float = 4, red: int = 250, size: tuple[int, int] = (640, 360)
) -> np.ndarray:
    """Somebody 150 pixels wide before a room, with the noise of a sensor."""
    random = np.random.default_rng(seed)
    room = cv2.resize(np.random.default_rng(1).random((9, 16), np.float32), size, interpolation=cv2.INTER_CUBIC)
    rgb = np.zeros((size[1], size[0], 3))
    rgb[:, :, 1] = 60 + 80 * room
    rgb[80:, left : left + 150] = (red, 90, 60)
    return np.asarray(np.clip(rgb + random.normal(0, sigma, rgb.shape) + 0.5, 0, 255).astype(np.uint8))


def flicker(matter: Matter, options: MattingOptions) -> float:
    """Mean change of alpha from frame to frame, in a still scene."""
    matter.reset()
    matter.options = options
    alphas = [matter.alpha(scene(seed=seed, sigma=20, red=180)) for seed in range(20)]
    return float(np.abs(np.diff(np.stack(alphas), axis=0)).mean())


@pytest.mark.parametrize("refine", [True, False])
def test_by_default_a_noisy_still_scene_flickers_a_third_as_much_at_most(matter: Matter, refine: bool) -> None:
    assert (
        flicker(matter, MattingOptions(refine=refine)) < flicker(matter, MattingOptions(refine=refine, smoothing=0)) / 3
    )


@pytest.mark.parametrize("options", LENIENT)
@pytest.mark.parametrize("step", [4, 16, 100])
def test_the_edge_of_a_moving_person_is_there_within_the_frame(
    matter: Matter, options: MattingOptions, step: int
) -> None:
    matter.options = options
    for number in range(4):
        left = 20 + number * step
        person = matter.alpha(scene(left, seed=number))[200] > 0.5
        assert np.flatnonzero(person)[[0, -1]] == pytest.approx((left, left + 149), abs=1)
        assert person.sum() == pytest.approx(150, abs=2)


@pytest.mark.parametrize("options", LENIENT)
def test_a_cut_and_somebody_new_are_whole_at_once(matter: Matter, options: MattingOptions) -> None:
    matter.options = options
    for seed in range(5):
        matter.alpha(scene(seed=seed))
    other = 255 - scene(seed=5)  # another scene, and all of it alpha but the person
    fresh = matter.alpha(other)
    matter.reset()
    np.testing.assert_array_equal(fresh, matter.alpha(other))
    matter.reset()
    empty, somebody = scene(seed=6), scene(seed=7)
    empty[:, :, 0] = 0
    for _ in range(5):
        assert matter.alpha(empty).max() < 0.05
    found = matter.alpha(somebody)
    assert found[100:, 220:330].min() > 0.95
    assert found[:, 370:].max() < 0.05


def test_a_cut_and_a_new_size_reset_the_networks_memory_too(matter: Matter) -> None:
    engine = matter.engine
    assert isinstance(engine, Counting)
    for rgb, remembers in (
        (scene(seed=0), False), (scene(seed=1), True), (255 - scene(seed=2), False), (255 - scene(seed=3), True),
        (scene(seed=4, size=(320, 240)), False), (scene(seed=5, size=(320, 240)), True),
    ):  # fmt: skip
        matter.alpha(rgb)
        assert engine.remembers == remembers


def test_each_option_changes_the_very_next_frame_and_can_be_taken_back(matter: Matter) -> None:
    matter.options = plain = replace(PLAIN)
    before = matter.alpha(scene())
    for change in ({"refine": True}, {"threshold": 0.3}, {"shift": 0.01}, {"shift": -0.01}, {"feather": 0.02}):
        matter.options = replace(plain, **change)
        assert np.abs(matter.alpha(scene()) - before).max() > 0.05, change
        matter.options = plain
        np.testing.assert_array_equal(matter.alpha(scene()), before)


def test_alpha_is_read_only_whatever_is_on(matter: Matter) -> None:
    for options in (MattingOptions(), PLAIN, MattingOptions(feather=0.01), MattingOptions(skip_still=True)):
        matter.options = options
        for _ in range(2):
            alpha = matter.alpha(scene())
            assert not alpha.flags.writeable
            assert alpha.flags.c_contiguous


def test_frames_that_were_given_out_do_not_change_any_more(matter: Matter) -> None:
    given = [matter.alpha(scene(seed=seed)) for seed in range(3)]
    copies = [alpha.copy() for alpha in given]
    for seed in range(3, 6):
        matter.alpha(scene(240, seed=seed))
    for alpha, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(alpha, copy)


# Still scenes


def runs(matter: Matter, pictures: list[np.ndarray]) -> int:
    """How often the network ran for these."""
    engine = matter.engine
    assert isinstance(engine, Counting)
    before = engine.runs
    for rgb in pictures:
        matter.alpha(rgb)
    return engine.runs - before


def test_in_a_still_scene_the_network_rests_if_it_may(matter: Matter) -> None:
    still = [scene(seed=seed) for seed in range(60)]
    assert runs(matter, still) == 60
    matter.options = MattingOptions(skip_still=True)
    assert runs(matter, still) <= 12
    assert runs(matter, still) >= 60 / LONGEST, "it looks again by and by"


def test_what_moves_wakes_it_and_so_do_options_and_reset(matter: Matter) -> None:
    matter.options = MattingOptions(skip_still=True)
    assert runs(matter, [scene(seed=seed) for seed in range(5)]) == 1
    assert runs(matter, [scene(200 + 2 * step, seed=step) for step in range(1, 6)]) == 5
    assert runs(matter, [scene(210)]) == 0
    matter.options = MattingOptions(skip_still=True, feather=0.01)
    assert runs(matter, [scene(210)]) == 1
    matter.reset()
    assert runs(matter, [scene(210)]) == 1
    assert runs(matter, [scene(210, size=(1280, 720))[:, :640]]) == 1
    creeping = [scene(200, seed=0) // 2 + np.uint8(step) for step in range(12)]
    assert runs(matter, creeping) >= 3, "slow changes add up"


@pytest.mark.parametrize("options", LENIENT, ids=str)
def test_a_matte_in_halves_is_the_matte_though_the_next_frame_is_looked_at_in_between(
    matter: Matter, options: MattingOptions
) -> None:
    """Somebody stands, moves and stands; the scene is cut; then another size comes."""
    frames = [scene(left, seed=seed) for seed, left in enumerate((200, 200, 203, 215, 215, 215))]
    frames += [frames[-1][::-1, ::-1].copy()] * 2 + [scene(size=(320, 180))] * 2
    matter.options = options
    whole = [matter.matte(Frame(rgb=rgb, index=index)) for index, rgb in enumerate(frames)]
    matter.reset()
    mattes, second = [], matter.look(Frame(rgb=frames[0], index=0))
    for index, rgb in enumerate(frames[1:], 1):
        following = matter.look(Frame(rgb=rgb, index=index))
        mattes.append(second())
        second = following
    mattes.append(second())
    for one, other in zip(mattes, whole, strict=True):
        np.testing.assert_array_equal(one.alpha, other.alpha)
        assert one.seen is not None
        assert other.seen is not None
        assert (one.seen.index, one.seen.begins) == (other.seen.index, other.seen.begins)
    assert [matte.seen.begins for matte in mattes if matte.seen] == [True, *[False] * 5, True, False, True, False]


def test_after_a_reset_the_smoothing_begins_anew_though_the_picture_hardly_differs(matter: Matter) -> None:
    matter.options = MattingOptions(refine=False, smoothing=1)
    before, after = (np.full((192, 320, 3), grey, np.uint8) for grey in (200, 198))
    matter.alpha(before)
    np.testing.assert_allclose(matter.alpha(after), 200 / 255, atol=1e-3)  # nothing moved
    matter.reset()
    np.testing.assert_allclose(matter.alpha(after), 198 / 255, atol=1e-6)
